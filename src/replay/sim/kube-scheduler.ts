import { nodeMatches } from '../../core/cluster/eligibility.ts';
import type { FilterAnswer, NodeScore } from '../../core/decision.ts';
import type { NodeInfo } from '../../core/model.ts';
import type { PodKind } from '../kube-scheduler/pod-kind.ts';
import { nodesToFind } from '../kube-scheduler/profile.ts';
import type { Queued, Rejector } from '../kube-scheduler/scheduling-queue.ts';
import { seeded } from '../random.ts';
import { KubePreemption } from './kube-preemption.ts';
import type { Found } from '../kube-scheduler/node-search.ts';
import { NodeChoice } from './node-choice.ts';
import { Offer } from './offer.ts';
import { boundInfo, cpuOf, type SimPod } from './job-run.ts';
import type { World } from './world.ts';

const TICK_MS = 1000;
/** The same interval as ADMIT_MS of live-cluster.ts. */
const MAKE_ROOM_MS = 250;

/** Why a pod finds no node where kube-scheduler's own filters leave none. */
const NO_NODE_FITS = 'no node fits';

/** What the extender left of the nodes that it was offered. */
interface Left {
  readonly candidates: Offer;
  readonly names: readonly string[];
}

/** The chosen node, or why there is none. */
type Outcome = { readonly node: string } | { readonly refused: string; readonly by: Rejector };

/** The parts of the world that it needs. */
type Surroundings = Omit<World, 'nodeRoom' | 'costs' | 'reclaims' | 'rules'>;

/**
 * kube-scheduler's cycle, one pod at a time, as v1.36 does it: its own filters (room, labels, taints), on as many nodes
 * as its profile says; then the extender's filter if there is an extender and a node is left. If more than one node
 * passes, it takes one of those with the best score: of its plugins (../kube-scheduler/score-plugins.ts) and of the
 * extender's prioritize. Then it binds the pod. A pod that passes no node may preempt others.
 */
export class KubeScheduler {
  onBound: (pod: SimPod) => void = () => undefined;
  /** @param reason constant as long as what stands in the pod's way */
  onRefused: (pod: SimPod, reason: string) => void = () => undefined;
  /** Called when muster or this scheduler itself evicts a pod. @param forUid the gang's leader, or the pod, that gets its room; undefined: nobody */
  onEvicted: (uid: string, forUid: string | undefined) => void = () => undefined;
  readonly #world: Surroundings;
  /** The time of the next planned cycle; Infinity: none is planned. */
  #cycleAtMs = Infinity;
  #freeAtMs = 0;
  #lastTickMs = -Infinity;
  #isMakingRoom = false;
  /** When the next gang may start that waits for a time; Infinity: none does. */
  #dueMs = Infinity;
  /** Where the next search for nodes begins (nextStartNodeIndex). */
  #start = 0;
  readonly #choice: NodeChoice;
  readonly #preemption: KubePreemption;

  constructor(world: Surroundings) {
    this.#world = world;
    const { truth, options } = world;
    this.#choice = new NodeChoice(truth.search, seeded(options.seed, 'ties'));
    this.#preemption = new KubePreemption(truth, seeded(options.seed, 'preemption'));
    truth.nominations.onReleased = (priority) => this.#wake(['room'], ({ info }) => info.priority <= priority);
  }

  add(pod: SimPod): void {
    this.#world.queue.add(pod, this.#world.timeline.nowMs);
    this.#plan();
  }

  /** Call when a pod that was bound is gone. */
  podGone(): void {
    this.#wake(['room', 'extender']);
  }

  nodeAdded(node: NodeInfo): void {
    const holds = ({ info }: SimPod) => [...info.request].every(([name, n]) => n <= (node.allocatable.get(name) ?? 0));
    this.#wake(['extender']);
    this.#wake(['room'], holds);
    this.#wake(['node'], ({ info }) => nodeMatches(info.constraints, node));
  }

  /** Events wake the pods whose rejector asked for them (QueueingHints): a pod that takes room helps no plugin's pods. */
  #wake(rejectors: readonly Rejector[], mayHelp?: (pod: SimPod) => boolean): void {
    this.#world.queue.wake(rejectors, this.#world.timeline.nowMs, mayHelp);
    this.#plan();
  }

  #podChanged(uid: string): void {
    this.#world.queue.podChanged(uid, this.#world.timeline.nowMs);
    this.#plan();
  }

  #plan(): void {
    const { timeline, queue } = this.#world;
    const atMs = Math.max(this.#freeAtMs, queue.nextMs(timeline.nowMs));
    if (atMs === Infinity || atMs >= this.#cycleAtMs) return;
    this.#cycleAtMs = atMs;
    timeline.at(atMs, () => this.#cycleIfDue(atMs), false);
  }

  #cycleIfDue(atMs: number): void | Promise<void> {
    if (atMs !== this.#cycleAtMs) return;
    this.#cycleAtMs = Infinity;
    const { timeline, queue, options } = this.#world;
    this.#tick();
    const queued = queue.pop(timeline.nowMs);
    if (!queued) return this.#plan();
    this.#freeAtMs = timeline.nowMs + options.cycleMs;
    const deciding = this.#schedule(queued.pod);
    if (deciding instanceof Promise) return deciding.then((outcome) => this.#conclude(queued, outcome));
    this.#conclude(queued, deciding);
  }

  #tick(): void {
    const { timeline, port } = this.#world;
    if (timeline.nowMs - this.#lastTickMs < TICK_MS) return;
    this.#lastTickMs = timeline.nowMs;
    port.tick(timeline.nowMs);
  }

  #schedule(pod: SimPod): Outcome | Promise<Outcome> {
    const { truth, port } = this.#world;
    const kind = truth.search.kindOf(pod.info);
    const nominated = this.#nominatedPlace(pod, kind);
    if (port.isInFront) return this.#scheduleAsked(pod, kind, nominated);
    if (nominated !== undefined) return { node: truth.search.nameAt(nominated) };
    const found = kind.passing > 0 ? this.#find(pod, kind) : undefined;
    if (found && found.count > 0)
      return { node: truth.search.nameAt(this.#choice.best(kind, found.places.subarray(0, found.count))) };
    if (port.isKubePreempting)
      for (const { info } of this.#preemption.victimsFor(pod, kind)) this.onEvicted(info.uid, pod.info.uid);
    return { refused: NO_NODE_FITS, by: kind.eligible > 0 ? 'room' : 'node' };
  }

  /** With the extender: about the nominated node alone first (evaluateNominatedNode). */
  #scheduleAsked(pod: SimPod, kind: PodKind, nominated: number | undefined): Outcome | Promise<Outcome> {
    if (nominated === undefined) return this.#askAboutAll(pod, kind);
    const first = this.#askExtender(pod, kind, { places: Int32Array.of(nominated), count: 1 });
    const next = (outcome: Outcome) => ('node' in outcome ? outcome : this.#askAboutAll(pod, kind));
    return first instanceof Promise ? first.then(next) : next(first);
  }

  #askAboutAll(pod: SimPod, kind: PodKind): Outcome | Promise<Outcome> {
    const { port, timeline } = this.#world;
    const found = kind.passing > 0 ? this.#find(pod, kind) : undefined;
    if (found && found.count > 0) return this.#askExtender(pod, kind, found);
    if (pod.isLeader) port.observe({ kind: 'pod', pod: { ...pod.info, crowdedOut: true } }, timeline.nowMs);
    return { refused: NO_NODE_FITS, by: kind.eligible > 0 ? 'room' : 'node' };
  }

  /** The pod's nominated node, which is tried before all others; undefined: it has none, or does not fit there now. */
  #nominatedPlace({ info }: SimPod, kind: PodKind): number | undefined {
    const { truth } = this.#world;
    const node = truth.nominations.nodeOf(info.uid);
    const place = node === undefined ? undefined : truth.search.placeOf(truth.table.rowOf(node));
    if (place === undefined || !kind.passesAt(place) || truth.isNominatedAway(info, place, kind.vector))
      return undefined;
    return place;
  }

  /** The nodes that pass, from where the last search ended, as many as the profile says. */
  #find({ info }: SimPod, kind: PodKind): Found {
    const { truth, profile } = this.#world;
    const { search, nominations } = truth;
    const isBlocked = (place: number) => truth.isNominatedAway(info, place, kind.vector);
    const wanted = nodesToFind(search.places, profile);
    const found = search.find(kind, this.#start % search.places, wanted, nominations.isEmpty ? undefined : isBlocked);
    this.#start = found.next;
    return found;
  }

  #askExtender(pod: SimPod, kind: PodKind, found: Pick<Found, 'places' | 'count'>): Outcome | Promise<Outcome> {
    const { truth, port, recorder, timeline } = this.#world;
    const candidates = new Offer(truth.search, found, truth.table);
    const from = performance.now();
    const answer = port.filter({ pod: pod.info, candidates }, timeline.nowMs);
    const finish = (decided: FilterAnswer): Outcome | Promise<Outcome> => {
      recorder.filterUs.push((performance.now() - from) * 1000);
      recorder.decisions.filter++;
      if (decided.kind === 'one') return { node: decided.node };
      if (decided.kind === 'none') return { refused: decided.reason, by: 'extender' };
      if (decided.kind === 'all') return this.#prioritize(pod, kind, { candidates, names: candidates.names() });
      const failed = new Set(decided.failed);
      const left = candidates.names().filter((name) => !failed.has(name));
      if (left.length === 0) return { refused: decided.reason, by: 'extender' };
      return this.#prioritize(pod, kind, { candidates, names: left });
    };
    return answer instanceof Promise ? answer.then(finish) : finish(answer);
  }

  /** @param names one at least */
  #prioritize({ info }: SimPod, kind: PodKind, { candidates, names }: Left): Outcome | Promise<Outcome> {
    const [first] = names;
    if (names.length === 1 && first !== undefined) return { node: first };
    const { truth, port, recorder, timeline } = this.#world;
    const offered = { size: names.length, has: (name: string) => names.includes(name), names: () => names };
    recorder.decisions.prioritize++;
    const places = candidates.placesOf(names);
    const choose = (advice: readonly NodeScore[]): Outcome => ({
      node: truth.search.nameAt(this.#choice.best(kind, places, advice)),
    });
    const advice = port.prioritize({ pod: info, candidates: offered }, timeline.nowMs);
    return advice instanceof Promise ? advice.then(choose) : choose(advice);
  }

  #conclude(queued: Queued<SimPod>, outcome: Outcome): void {
    if ('node' in outcome) this.#bind(queued.pod, outcome.node);
    else this.#refuse(queued, outcome.refused, outcome.by);
    this.#plan();
  }

  #refuse(queued: Queued<SimPod>, reason: string, by: Rejector): void {
    const { queue, timeline, options } = this.#world;
    const { pod, rejections } = queued;
    queue.reject(queued, by, this.#freeAtMs);
    this.onRefused(pod, reason);
    if (by === 'extender') this.#nominate(pod);
    this.#makeRoomSoon();
    // kube-scheduler writes why into the pod's status, and that is an event. Later it writes the same again.
    if (by === 'extender' && rejections === 0)
      timeline.at(this.#freeAtMs + options.bindMs, () => this.#podChanged(pod.info.uid), false);
  }

  /** A refusal takes the nomination away (PostFilter finds no victims), and what muster writes comes after it. */
  #nominate(pod: SimPod): void {
    const { truth, timeline, port, options } = this.#world;
    if (truth.nominations.nodeOf(pod.info.uid) !== undefined) truth.nominations.delete(pod.info.uid);
    for (const { pod: of, node } of port.takeNominations()) {
      if (of.uid !== pod.info.uid) continue;
      timeline.at(
        this.#freeAtMs + options.bindMs,
        () => {
          if (pod.state !== 'waiting') return;
          truth.nominations.add(pod.info, node, truth.search.kindOf(pod.info).vector);
          this.#podChanged(pod.info.uid);
        },
        false,
      );
    }
  }

  #makeRoomSoon(): void {
    const { timeline, port } = this.#world;
    if (!port.isActive || this.#isMakingRoom) return;
    this.#isMakingRoom = true;
    const run = () => {
      this.#isMakingRoom = false;
      this.#makeRoom();
    };
    timeline.at(timeline.nowMs + MAKE_ROOM_MS, run, false);
  }

  #makeRoom(): void {
    const { timeline, port } = this.#world;
    for (const effect of port.makeRoom(timeline.nowMs)) {
      if (effect.kind === 'eviction-planned')
        for (const { pod } of effect.victims) this.onEvicted(pod.uid, effect.leader.uid);
      if (effect.kind === 'max-enforced') for (const { pod } of effect.victims) this.onEvicted(pod.uid, undefined);
      if (effect.kind === 'wake-leader') this.#podChanged(effect.leader.uid);
    }
    const dueMs = Math.max(port.nextDueMs(), timeline.nowMs + MAKE_ROOM_MS);
    if (dueMs >= this.#dueMs || dueMs === Infinity) return;
    this.#dueMs = dueMs;
    timeline.at(dueMs, () => this.#makeRoomIfDue(dueMs));
  }

  /** A gang that waits for a time does start: the simulation is not over before. */
  #makeRoomIfDue(atMs: number): void {
    if (atMs !== this.#dueMs) return;
    this.#dueMs = Infinity;
    this.#tick();
    this.#makeRoom();
  }

  #bind(pod: SimPod, node: string): void {
    const { truth, timeline, recorder, port, options } = this.#world;
    pod.state = 'bound';
    pod.node = node;
    const boundMs = timeline.nowMs;
    truth.bind(pod, boundMs + options.bindMs);
    if (truth.isOvercommitted(node)) recorder.overcommits++;
    this.onBound(pod);
    const unseenCpu = port.isInFront && pod.info.membership ? cpuOf(pod) : 0;
    recorder.unseenCpu += unseenCpu;
    timeline.at(timeline.nowMs + options.bindMs, () => {
      recorder.unseenCpu -= unseenCpu;
      if (pod.state === 'over') return;
      port.observe({ kind: 'pod', pod: boundInfo(pod, boundMs) }, timeline.nowMs);
      this.#wake(['extender']);
    });
  }
}

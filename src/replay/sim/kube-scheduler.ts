import type { NodeScore } from '../../core/decision.ts';
import { KubePreemption } from './kube-preemption.ts';
import { boundInfo, cpuOf, type SimPod } from './job-run.ts';
import type { LazyCandidates } from './truth.ts';
import type { World } from './world.ts';

/** The weight of the extender in scheduler-config/: a full point of prioritize outweighs kube-scheduler's own score. */
const EXTENDER_WEIGHT = 13;
const SCORE_SCALE = 10;
const TICK_MS = 1000;
/** The same interval as ADMIT_MS of live-cluster.ts. */
const MAKE_ROOM_MS = 250;

/**
 * kube-scheduler's cycle, one pod at a time: its own filters (room, labels, taints), then the extender's filter if a
 * node is left. If more than one node passes, it scores them with LeastAllocated plus the extender's prioritize. Then
 * it binds the pod. No other score plugins are simulated. percentageOfNodesToScore is 100.
 */
export class KubeScheduler {
  onBound: (pod: SimPod) => void = () => undefined;
  onRefused: (pod: SimPod) => void = () => undefined;
  /** Called when muster or this scheduler itself evicts a pod. */
  onEvicted: (uid: string) => void = () => undefined;
  readonly #world: World;
  /** The time of the next planned cycle; Infinity: none is planned. */
  #cycleAtMs = Infinity;
  #freeAtMs = 0;
  #lastTickMs = -Infinity;
  #isMakingRoom = false;
  readonly #preemption: KubePreemption;

  constructor(world: World) {
    this.#world = world;
    this.#preemption = new KubePreemption(world);
  }

  add(pod: SimPod): void {
    this.#world.queue.add(pod, this.#world.timeline.nowMs);
    this.#plan();
  }

  /** Call when a pod was bound or is gone, or a node changed. */
  clusterChanged(): void {
    this.#world.queue.wake(this.#world.timeline.nowMs);
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
    const { timeline, queue, port, options } = this.#world;
    if (timeline.nowMs - this.#lastTickMs >= TICK_MS) {
      this.#lastTickMs = timeline.nowMs;
      port.tick(timeline.nowMs);
    }
    const pod = queue.pop(timeline.nowMs);
    if (!pod) return this.#plan();
    this.#freeAtMs = timeline.nowMs + options.cycleMs;
    const deciding = this.#schedule(pod);
    if (deciding instanceof Promise) return deciding.then((node) => this.#conclude(pod, node));
    this.#conclude(pod, deciding);
  }

  /** @returns the chosen node; undefined: there is none */
  #schedule(pod: SimPod): string | undefined | Promise<string | undefined> {
    const { truth, port, recorder, timeline } = this.#world;
    const candidates = truth.offer(pod);
    if (candidates.isEmpty()) {
      if (pod.isLeader) port.observe({ kind: 'pod', pod: { ...pod.info, crowdedOut: true } }, timeline.nowMs);
      if (port.isKubePreempting) for (const uid of this.#preemption.victimsFor(pod)) this.onEvicted(uid);
      return undefined;
    }
    const from = performance.now();
    const answer = port.filter({ pod: pod.info, candidates }, timeline.nowMs);
    const finish = (decided: Awaited<typeof answer>) => {
      recorder.filterUs.push((performance.now() - from) * 1000);
      recorder.decisions.filter++;
      if (decided.kind === 'one') return decided.node;
      if (decided.kind === 'none') return undefined;
      const failed = new Set(decided.kind === 'some' ? decided.failed : []);
      const names = candidates.names();
      return this.#choose(pod, candidates, failed.size === 0 ? names : names.filter((name) => !failed.has(name)));
    };
    return answer instanceof Promise ? answer.then(finish) : finish(answer);
  }

  #choose(
    pod: SimPod,
    candidates: LazyCandidates,
    names: readonly string[],
  ): string | undefined | Promise<string | undefined> {
    if (names.length <= 1) return names[0];
    const { port, recorder, timeline } = this.#world;
    const offered = { size: names.length, has: (name: string) => names.includes(name), names: () => names };
    recorder.decisions.prioritize++;
    const scores = port.prioritize({ pod: pod.info, candidates: offered }, timeline.nowMs);
    const best = (list: readonly NodeScore[]) => this.#best(candidates, names, list);
    return scores instanceof Promise ? scores.then(best) : best(scores);
  }

  #best(candidates: LazyCandidates, names: readonly string[], scores: readonly NodeScore[]): string | undefined {
    const { truth } = this.#world;
    const rows = candidates.rowsOf(names);
    let best = -1;
    let bestScore = -1;
    let next = 0;
    for (let i = 0; i < names.length; i++) {
      // The extender's scores come in the order of the candidates, without those that score 0.
      const advice = scores[next]?.node === names[i] ? scores[next++]!.score : 0;
      const score = truth.leastAllocated(rows[i]!, candidates.vector) + advice * SCORE_SCALE * EXTENDER_WEIGHT;
      if (score > bestScore) [best, bestScore] = [i, score];
    }
    return names[best];
  }

  #conclude(pod: SimPod, node: string | undefined): void {
    const { queue, timeline } = this.#world;
    if (node === undefined) {
      queue.reject(pod, timeline.nowMs);
      this.onRefused(pod);
      this.#makeRoomSoon();
    } else this.#bind(pod, node);
    this.#plan();
  }

  #makeRoomSoon(): void {
    const { timeline, port } = this.#world;
    if (!port.isPreempting || this.#isMakingRoom) return;
    this.#isMakingRoom = true;
    timeline.at(
      timeline.nowMs + MAKE_ROOM_MS,
      () => {
        this.#isMakingRoom = false;
        const effects = port.makeRoom(timeline.nowMs);
        for (const effect of effects)
          if (effect.kind === 'eviction-planned') for (const { pod } of effect.victims) this.onEvicted(pod.uid);
        if (effects.some(({ kind }) => kind === 'wake-leader')) this.clusterChanged();
      },
      false,
    );
  }

  #bind(pod: SimPod, node: string): void {
    const { truth, timeline, recorder, port, options } = this.#world;
    pod.state = 'bound';
    pod.node = node;
    truth.bind(pod);
    recorder.podsBound++;
    if (truth.isOvercommitted(node)) recorder.overcommits++;
    recorder.change(timeline.nowMs, cpuOf(pod), 0);
    this.onBound(pod);
    const boundMs = timeline.nowMs;
    timeline.at(timeline.nowMs + options.bindMs, () => {
      if (pod.state === 'over') return;
      port.observe({ kind: 'pod', pod: boundInfo(pod, boundMs) }, timeline.nowMs);
      this.clusterChanged();
    });
  }
}

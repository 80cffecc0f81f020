import { blockedOf } from './board/context.ts';
import { BoardReads } from './board-reads.ts';
import { costsOf, type CostReport } from './costs.ts';
import type {
  FilterAnswer,
  FilterOutcome,
  FilterRequest,
  NodeScore,
  PreemptAnswer,
  PreemptRequest,
  SchedulerStats,
} from './decision.ts';
import type { Effect, QueueMove } from './effects.ts';
import { MusterError } from './errors.ts';
import { etaOf, type Eta } from './explanation/eta.ts';
import { briefAdvice, explain, summaries } from './explanation/explain.ts';
import type { Explanation, GangSummary, NodeView } from './explanation/explanation.ts';
import { nodeViews } from './explanation/nodes.ts';
import { queueDetail, queueSummaries, type QueueDetail, type QueueSummary } from './explanation/queues.ts';
import { waitGroups, type WaitGroup } from './explanation/waits.ts';
import { nextDueMs } from './admission/due.ts';
import { answerFilter } from './admission/filter-gang-pod.ts';
import { unclaim } from './gang/life-cycle.ts';
import { claimAhead, stageOf } from './admission/claim-ahead.ts';
import { idleNow, type IdleNow } from './idle.ts';
import { checkInvariants } from './invariants.ts';
import type { ClusterEvent, PodInfo, PodRef, RoomRequest, RoomRequestState } from './model.ts';
import {
  admitWaiting,
  followOthers,
  makeRoom,
  makeRoomSlice,
  observe,
  setRules,
  synchronize,
  tick,
} from './observe.ts';
import type { ProtectedPods } from './preemption/candidates/protection.ts';
import { decideRoomAsks } from './provisioning/decide.ts';
import type { RoomAskRules, RoomAsks } from './provisioning/room-request.ts';
import type { Policy } from './policy/policy.ts';
import type { Rules } from './policy/rules.ts';
import { answerPreempt } from './preemption/verb/preempt-verb.ts';
import {
  claimantsOf,
  leaderOf,
  membersOf,
  protectedUnder,
  ratesOf,
  reservationOf,
  standingOf,
  reservedOf,
  statsOf,
  type GangStanding,
  type RateView,
  type WrittenReservation,
} from './reads.ts';
import type { Resources } from './resources.ts';
import { isGangMember, newState, type SchedulerOptions, type SchedulerState } from './state.ts';
import { besideHeldRoom, filterOtherPod } from './verbs/filter-other-pods.ts';
import { prioritizeNodes, scoresOf } from './verbs/prioritize.ts';
import { allAtOnce, type Slices } from './work.ts';

/**
 * The core: told of the cluster by `observe`, asked by `filter`, `prioritize` and `preempt`. Deterministic: the same
 * calls in the same order give the same answers and effects. `nowMs` is the caller's clock and must not go back.
 */
export class Scheduler {
  protected readonly state: SchedulerState;
  /** What lists, maps and consoles read. */
  readonly board: BoardReads;
  #effects: Effect[] = [];

  constructor(options: SchedulerOptions) {
    this.state = newState(options, (effect) => this.#effects.push(effect));
    this.board = new BoardReads(this.state);
  }

  /** Keeps the snapshot current. Before `synced`, gangs are not restored: their members may still be to come. */
  observe(event: ClusterEvent, nowMs: number): readonly Effect[] {
    this.#at(nowMs);
    this.board.changed();
    observe(this.state, event, nowMs);
    return this.#drain();
  }

  /**
   * Observes `synced` in slices of some milliseconds, so that the shell can do other things in between, such as to observe
   * other events. Yields the effects of each slice.
   */
  *synchronize(nowMs: () => number): Generator<readonly Effect[], void> {
    for (const steps = synchronize(this.state, nowMs); !steps.next().done;) yield this.#drain();
    this.#at(nowMs());
    yield this.#drain();
  }

  /** @throws MusterError MUSTER_NOT_SYNCED for a gang's pod before `synced`: no answer is safer than a wrong one */
  filter({ pod, candidates }: FilterRequest, nowMs: number): FilterOutcome {
    this.#at(nowMs);
    const { isSynced } = this.state;
    if (isGangMember(this.state, pod)) {
      if (!isSynced) throw notSynced(pod);
      this.board.changed();
      const answer = answerFilter(this.state, pod, candidates, nowMs);
      return { answer, effects: this.#drain() };
    }
    unclaim(this.state, pod.uid, nowMs);
    const answer = isSynced ? filterOtherPod(this.state, { pod, candidates }, nowMs) : ({ kind: 'all' } as const);
    return { answer, effects: this.#drain() };
  }

  /**
   * The answer to filter about a pod that no event has told of. Changes nothing: only the request says what the pod is
   * and how much it needs.
   * @throws MusterError MUSTER_NOT_SYNCED, MUSTER_POD_UNKNOWN for a gang's pod, which must be asked about again
   */
  filterUnknown({ pod, candidates }: FilterRequest): FilterAnswer {
    const { isSynced } = this.state;
    if (!isGangMember(this.state, pod))
      return isSynced ? besideHeldRoom(this.state, { pod, candidates }) : { kind: 'all' };
    if (!isSynced) throw notSynced(pod);
    const what = `Pod ${pod.namespace}/${pod.name}: the API server has not told muster of it yet.`;
    throw new MusterError('MUSTER_POD_UNKNOWN', what);
  }

  /** Advice on the nodes left, best 10; a node that is not named scores 0. Pods of other schedulers get none. */
  prioritize({ pod, candidates }: FilterRequest): readonly NodeScore[] {
    return this.#advises(pod) ? prioritizeNodes(this.state, pod, candidates) : [];
  }

  /** The same advice as a score for each candidate, in their order; undefined: none. */
  scores({ pod, candidates }: FilterRequest): Uint8Array | undefined {
    return this.#advises(pod) ? scoresOf(this.state, pod, candidates) : undefined;
  }

  /**
   * Lets kube-scheduler evict no pod for a gang's pod: filter would not place it there, and muster makes room itself.
   * @throws MusterError MUSTER_NOT_SYNCED before `synced`: which pod is in which gang is not known yet
   */
  preempt(request: PreemptRequest, nowMs: number): PreemptAnswer {
    this.#at(nowMs);
    if (isGangMember(this.state, request.pod)) return new Map();
    if (!this.state.isSynced) throw notSynced(request.pod);
    return answerPreempt(this.state, request, nowMs);
  }

  /** Expires slots and tries unplaced ones again; call about once a second. */
  tick(nowMs: number): readonly Effect[] {
    this.#at(nowMs);
    tick(this.state, nowMs);
    return this.#drain();
  }

  /**
   * Admits waiting gangs that fit, without being asked: for a live cluster, whose kube-scheduler then has to be woken
   * (effect `wake-leader`). Costs O(1) per gang while nothing changed that could help it.
   */
  admitWaiting(nowMs: number): readonly Effect[] {
    this.#at(nowMs);
    admitWaiting(this.state, nowMs);
    return this.#drain();
  }

  /**
   * When `admitWaiting` may admit a gang although no event comes, in ms: a rate or an address holds one up until then;
   * Infinity: none is. A gang is admitted no earlier, and only after a `tick`. For a simulation, which polls nothing.
   */
  nextDueMs(): number {
    return nextDueMs(this.state);
  }

  /**
   * Decides on victims for waiting gangs whose policies enforce preemption (effect `eviction-planned`). Call a few
   * times a second, after `admitWaiting` where that is used; apart from decisions, because a search takes milliseconds.
   */
  makeRoom(nowMs: number): readonly Effect[] {
    this.#at(nowMs);
    makeRoom(this.state, nowMs);
    return this.#drain();
  }

  /**
   * The same in slices of bounded work, between which the scheduler may be told and asked: what was found is then
   * confirmed before it is carried out. Call again soon until it is done.
   */
  makeRoomSlice(nowMs: number): { readonly isDone: boolean; readonly effects: readonly Effect[] } {
    this.#at(nowMs);
    const isDone = makeRoomSlice(this.state, nowMs);
    return { isDone, effects: this.#drain() };
  }

  /**
   * For which waiting gangs the autoscaler is to be asked, and which requests are to be withdrawn. Each ask is handed out
   * once: tell what became of it (events `room-request`, `room-request-failed`). Call every second or so.
   */
  roomAsks(rules: RoomAskRules, nowMs: number): RoomAsks {
    if (!this.state.isSynced || this.state.isFollowing) return { asks: [], withdrawals: [] };
    return decideRoomAsks(this.state, this.state.roomRequests, rules, nowMs);
  }

  /** The request to the autoscaler that counts for the gang; undefined: there is none. */
  roomRequest(gang: string): RoomRequest | undefined {
    return this.state.roomRequests.of(gang);
  }

  /** How many requests to the autoscaler there are, by state. */
  roomRequestCounts(): ReadonlyMap<RoomRequestState, number> {
    return this.state.roomRequests.counts();
  }

  /**
   * Takes a slot for a pending member before kube-scheduler asks about it, so that it can be told where to look.
   * @param anyway also where kube-scheduler would soon find the node without being told
   * @returns the node; undefined: it has a place already, none is held for it, or it is not worth a write
   */
  claimAhead(pod: PodInfo, anyway: boolean): string | undefined {
    if (!this.state.isSynced || !isGangMember(this.state, pod)) return undefined;
    return claimAhead(this.state, pod, anyway);
  }

  /** Where a pending member is on its way to a node; `queued`: a slot may be held for it that it has not claimed. O(1). */
  stageOf(pod: PodInfo): 'queued' | 'asked' | 'no-gang' {
    return isGangMember(this.state, pod) ? stageOf(this.state, pod) : 'no-gang';
  }

  /** How many questions about members kube-scheduler has asked. */
  get memberAsks(): number {
    return this.state.nominees.asks;
  }

  /**
   * How many of the cluster's nodes kube-scheduler offered for the last member that suits many of them; undefined: it has
   * asked about none.
   */
  get lastOffer(): { readonly size: number; readonly nodes: number; readonly isSample: boolean } | undefined {
    const { size, isSample } = this.state.nominees.offer;
    return size > 0 ? { size, nodes: this.state.cluster.table.size, isSample } : undefined;
  }

  /** While there is a reason, no new gang is admitted; reserved members and pods of no gang go on. */
  hold(reason: string | undefined): void {
    this.state.hold = reason;
    this.board.changed();
  }

  /** Whether another replica decides: then its reservations, as the leaders' annotations tell them, are taken over. */
  followOthers(isFollowing: boolean, nowMs: number): readonly Effect[] {
    this.#at(nowMs);
    this.board.changed();
    followOthers(this.state, isFollowing, nowMs);
    return this.#drain();
  }

  /** New policies count for every decision from now on; what is reserved stays. */
  setPolicies(policies: readonly Policy[], nowMs: number): void {
    this.setRules({ policies, tenancy: this.state.tree.tenancy }, nowMs);
  }

  /**
   * New policies and queues count for every decision from now on; what is reserved stays.
   * @returns what counts in another queue now
   */
  setRules(rules: Rules, nowMs: number): readonly QueueMove[] {
    this.#at(nowMs);
    this.board.changed();
    return setRules(this.state, rules, nowMs);
  }

  /** The leader and the slots of an admitted gang, as they are to be written down; undefined: there is no such gang. */
  reservation(key: string): WrittenReservation | undefined {
    return reservationOf(this.state, key);
  }

  /** The pod that carries the reservation of an admitted gang; undefined: there is no such gang. Mostly O(1). */
  leaderOf(key: string): PodRef | undefined {
    return leaderOf(this.state, key);
  }

  /** The bound members of a gang. */
  members(key: string): readonly PodInfo[] {
    return membersOf(this.state, key);
  }

  /** The queue of a gang, since when it waits, and the limit that it waits for; undefined: there is no such gang. O(roles). */
  standing(key: string): GangStanding | undefined {
    return standingOf(this.state, key);
  }

  /** All gangs, in no particular order. */
  gangs(): readonly GangSummary[] {
    return summaries(this.state);
  }

  /** Why the gang stands where it stands; undefined: no such gang. Plans a few times: for people, not for every pod. */
  explain(key: string, nowMs: number): Explanation | undefined {
    return allAtOnce(explain(this.state, key, nowMs));
  }

  /** The same in slices, between which the scheduler may be told and asked: a search in a large cluster takes long. */
  explainInSlices(key: string, nowMs: number): Slices<Explanation | undefined> {
    return explain(this.state, key, nowMs);
  }

  /**
   * When the gang that the pod declares would start if it were submitted now, in slices. Changes nothing.
   * @throws MusterError MUSTER_NOT_SYNCED
   */
  eta(pod: PodInfo, nowMs: number): Slices<Eta> {
    if (!this.state.isSynced) throw notSynced(pod);
    return etaOf(this.state, pod, nowMs);
  }

  /** The advice of `explain` for a waiting gang, without a search for victims; undefined: it does not wait. */
  advice(key: string, nowMs: number): readonly string[] | undefined {
    return briefAdvice(this.state, key, nowMs);
  }

  nodes(): readonly NodeView[] {
    return nodeViews(this.state);
  }

  /** What waits, counted by queue, policy and what it waits for; nothing while another replica decides. O(waiting gangs). */
  waits(): readonly WaitGroup[] {
    return waitGroups(this.state, this.blocked !== undefined);
  }

  /** All queues, parents before their children and siblings by name, the root first. */
  queues(): readonly QueueSummary[] {
    return queueSummaries(this.state);
  }

  /** One queue, with its users and rules; '' or `root`: the whole cluster. @returns undefined: there is none */
  queue(path: string): QueueDetail | undefined {
    return queueDetail(this.state, path);
  }

  /** In order; a default policy follows the last. */
  get policies(): readonly Policy[] {
    return this.state.policies;
  }

  /** What the file says, queues included. */
  get rules(): Rules {
    return { policies: this.state.policies, tenancy: this.state.tree.tenancy };
  }

  /** UIDs of pods that something is held for, or that a gang hangs on, and that have not been seen bound. */
  claimants(): readonly string[] {
    return claimantsOf(this.state);
  }

  /** What is held for members that are not bound. */
  reserved(): Resources {
    return reservedOf(this.state);
  }

  /** As `reserved`, of cpu alone, in millicores. O(1). */
  get reservedCpu(): number {
    const { ledger, cluster } = this.state;
    return ledger.held[cluster.columns.cpu] ?? 0;
  }

  /** Whether the first complete list of nodes and pods has been observed. */
  get isSynced(): boolean {
    return this.state.isSynced;
  }

  /** Another replica decides. */
  get isFollowing(): boolean {
    return this.state.isFollowing;
  }

  /** Why no gang is admitted now, whichever it is; undefined: gangs are. */
  get blocked(): string | undefined {
    return blockedOf(this.state);
  }

  /** Time since the last observed event, in ms; undefined: there was none. */
  sinceEvent(nowMs: number): number | undefined {
    const { lastEventMs } = this.state;
    return lastEventMs === undefined ? undefined : nowMs - lastEventMs;
  }

  /** What each queue has had in use since this muster began to decide, and what the cluster cost. */
  costs(nowMs: number): CostReport {
    this.#at(nowMs);
    return costsOf(this.state);
  }

  /** The token buckets of the rates, for people. */
  rates(nowMs: number): readonly RateView[] {
    return ratesOf(this.state, nowMs);
  }

  /** What idle room costs in an hour now, and why it is idle. */
  idleNow(): IdleNow {
    return idleNow(this.state);
  }

  stats(): SchedulerStats {
    return statsOf(this.state);
  }

  /**
   * The pods that cannot be evicted under the shortest preemption.maxGrace, by namespace: for a metrics scrape. The pass
   * over all pods may pause at every step; what happens meanwhile may be counted or not.
   */
  protectedPods(): Generator<void, ReadonlyMap<string, ProtectedPods>> {
    return protectedUnder(this.state);
  }

  /** @throws MusterError MUSTER_INVARIANT_BROKEN where the state contradicts itself; costs a recount of everything */
  checkInvariants(): void {
    checkInvariants(this.state);
  }

  /** Time counts for the meter while this muster decides: a replica that follows would count everything twice. */
  #at(nowMs: number): void {
    const { meter, isSynced, isFollowing } = this.state;
    meter.at(nowMs, isSynced && !isFollowing);
  }

  #advises(pod: PodInfo): boolean {
    const isOurs = isGangMember(this.state, pod) || this.state.schedulerNames.has(pod.schedulerName);
    return isOurs && this.state.isSynced;
  }

  #drain(): readonly Effect[] {
    const effects = this.#effects;
    if (effects.length === 0) return effects;
    this.#effects = [];
    this.board.changed();
    return effects;
  }
}

function notSynced({ namespace, name }: PodInfo): MusterError {
  return new MusterError('MUSTER_NOT_SYNCED', `Pod ${namespace}/${name}: the cluster has not been read yet.`);
}

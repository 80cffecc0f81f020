import { Cluster } from './cluster/cluster.ts';
import type { FilterOutcome, FilterRequest, NodeScore, PreemptAnswer, PreemptRequest } from './decision.ts';
import type { SchedulerStats } from './decision.ts';
import type { Effect } from './effects.ts';
import { MusterError } from './errors.ts';
import { explain, summaries } from './explanation/explain.ts';
import type { Explanation, GangSummary, NodeView } from './explanation/explanation.ts';
import { nodeViews } from './explanation/nodes.ts';
import { filterOtherPod } from './verbs/filter-other-pods.ts';
import type { GangContext } from './gang/context.ts';
import { reconsider } from './gang/gang.ts';
import { evacuate, healRow, retryUnplaced } from './gang/healing.ts';
import { Ledger } from './gang/ledger.ts';
import { adopt, expire, memberBound, podEnded } from './gang/life-cycle.ts';
import { admitWaiting, leaderSeen } from './gang/admit-waiting.ts';
import { claimAhead } from './gang/members.ts';
import { gangOf, answerFilter, refOf } from './gang/filter-gang-pod.ts';
import { follow, slotCounts } from './gang/reservation.ts';
import { InFlight } from './cluster/in-flight.ts';
import { rank, rankByDeadline } from './gang/priority.ts';
import { makeRoom, victimGone } from './preemption/plan/make-room.ts';
import { checkPlans, checkPriorities, evictionRefused } from './preemption/plan/watch.ts';
import { restorePlans } from './preemption/plan/restore.ts';
import { dropPlan } from './preemption/plan/abandon.ts';
import { Evictions } from './preemption/plan/history.ts';
import { answerPreempt } from './preemption/verb/preempt-verb.ts';
import { NominatedRoom } from './preemption/verb/nominated-room.ts';
import { checkInvariants } from './invariants.ts';
import type { ClusterEvent, NodeInfo, PodInfo, PodRef, SlotCounts } from './model.ts';
import { Planner } from './placement/planner.ts';
import { prioritizeNodes } from './verbs/prioritize.ts';
import type { Policy } from './policy/policy.ts';
import { policyFor } from './policy/select.ts';
import { WaitingLine } from './queue/waiting-line.ts';
import type { Resources } from './resources.ts';
import { claimantsOf, reservedOf, statsOf } from './stats.ts';

export interface SchedulerOptions {
  /** In the order of the file; a default policy follows the last. */
  readonly policies: readonly Policy[];
  /** Pods of these schedulers that are in no gang are scored by prioritize; others are left alone. */
  readonly schedulerNames: readonly string[];
}

type Knowledge = Exclude<ClusterEvent, { kind: 'node' | 'node-gone' | 'pod' | 'pod-gone' | 'synced' }>;

/**
 * The core: told of the cluster by `observe`, asked by `filter`, `prioritize` and `preempt`. Deterministic: the same
 * calls in the same order give the same answers and effects. `nowMs` is the caller's clock and must not go back.
 */
export class Scheduler {
  readonly #ctx: GangContext;
  readonly #schedulerNames: ReadonlySet<string>;
  #policies: readonly Policy[];
  #effects: Effect[] = [];
  #isSynced = false;
  /** Pending pods seen before `synced` about which kube-scheduler may not ask. */
  readonly #early = new Map<string, PodInfo>();
  #lastEventMs: number | undefined;

  constructor({ policies, schedulerNames }: SchedulerOptions) {
    this.#policies = policies;
    this.#schedulerNames = new Set(schedulerNames);
    const cluster = new Cluster();
    const inFlight = new InFlight();
    this.#ctx = {
      cluster,
      ledger: new Ledger(cluster),
      planner: new Planner(cluster, inFlight),
      inFlight,
      line: new WaitingLine(),
      gangs: new Map(),
      gangOfLeader: new Map(),
      degraded: new Set(),
      problems: new Map(),
      classes: new Map(),
      evictions: new Evictions(),
      nominated: new NominatedRoom(cluster),
      schedulerNames: this.#schedulerNames,
      hold: undefined,
      isFollowing: false,
      emit: (effect) => this.#effects.push(effect),
      policyOf: (pod) => policyFor(this.#policies, pod),
    };
  }

  /** Keeps the snapshot current. Before `synced`, gangs are not restored: their members may still be to come. */
  observe(event: ClusterEvent, nowMs: number): readonly Effect[] {
    this.#lastEventMs = nowMs;
    switch (event.kind) {
      case 'node':
        this.#putNode(event.node, nowMs);
        break;
      case 'node-gone':
        this.#removeNode(event.name, nowMs);
        break;
      case 'pod':
        this.#putPod(event.pod, nowMs);
        break;
      case 'pod-gone':
        this.#endPod(event.uid, nowMs);
        break;
      case 'synced':
        this.#sync(nowMs);
        break;
      default:
        this.#learn(event, nowMs);
    }
    if (this.#ctx.evictions.planned.size > 0) checkPlans(this.#ctx, nowMs);
    return this.#drain();
  }

  /** @throws MusterError MUSTER_NOT_SYNCED for a gang's pod before `synced`: no answer is safer than a wrong one */
  filter({ pod, candidates }: FilterRequest, nowMs: number): FilterOutcome {
    if (!this.#isGangMember(pod)) {
      const answer = this.#isSynced
        ? filterOtherPod(this.#ctx, { pod, candidates }, nowMs)
        : ({ kind: 'all' } as const);
      return { answer, effects: [] };
    }
    if (!this.#isSynced) throw notSynced(pod);
    const answer = answerFilter(this.#ctx, pod, candidates, nowMs);
    return { answer, effects: this.#drain() };
  }

  /** Advice on the nodes left, best 10; a node that is not named scores 0. Pods of other schedulers get none. */
  prioritize({ pod, candidates }: FilterRequest): readonly NodeScore[] {
    const isOurs = this.#isGangMember(pod) || this.#schedulerNames.has(pod.schedulerName);
    if (!isOurs || !this.#isSynced) return [];
    return prioritizeNodes(this.#ctx, pod, candidates);
  }

  /**
   * Lets kube-scheduler evict nobody for a gang's pod: filter would not place it there, and muster sees to it itself.
   * @throws MusterError MUSTER_NOT_SYNCED before `synced`: who is in which gang is not known yet
   */
  preempt(request: PreemptRequest, nowMs: number): PreemptAnswer {
    if (this.#isGangMember(request.pod)) return new Map();
    if (!this.#isSynced) throw notSynced(request.pod);
    return answerPreempt(this.#ctx, request, nowMs);
  }

  /** Expires slots and tries unplaced ones again; call about once a second. */
  tick(nowMs: number): readonly Effect[] {
    expire(this.#ctx, nowMs);
    this.#ctx.inFlight.expire(nowMs);
    this.#ctx.evictions.expire(nowMs);
    this.#ctx.nominated.expire(nowMs);
    rankByDeadline(this.#ctx, nowMs);
    checkPlans(this.#ctx, nowMs);
    checkPriorities(this.#ctx, nowMs);
    retryUnplaced(this.#ctx, nowMs);
    return this.#drain();
  }

  /**
   * Admits waiting gangs that fit, without being asked: for a live cluster, whose kube-scheduler then has to be woken
   * (effect `wake-leader`). Costs O(1) per gang while nothing changed that could help it.
   */
  admitWaiting(nowMs: number): readonly Effect[] {
    if (this.#isSynced) admitWaiting(this.#ctx, nowMs);
    return this.#drain();
  }

  /**
   * Decides whom to evict for waiting gangs whose policies enforce preemption (effect `eviction-planned`). Call a few
   * times a second, after `admitWaiting` where that is used; apart from decisions, for a search takes milliseconds.
   */
  makeRoom(nowMs: number): readonly Effect[] {
    if (this.#isSynced) makeRoom(this.#ctx, nowMs);
    return this.#drain();
  }

  /**
   * Takes a slot for a pending member before kube-scheduler asks about it, so that it can be told where to look.
   * @param fromNodes nothing is done in smaller clusters
   * @returns the node; undefined: it has a place already, or none is held for it
   */
  claimAhead(pod: PodInfo, fromNodes: number): string | undefined {
    if (!this.#isSynced || this.#ctx.cluster.table.size < fromNodes || !this.#isGangMember(pod)) return undefined;
    return claimAhead(this.#ctx, pod);
  }

  /** While there is a reason, no new gang is admitted; reserved members and pods of no gang go on. */
  hold(reason: string | undefined): void {
    this.#ctx.hold = reason;
  }

  /** Whether another replica decides: then its reservations, as the leaders' annotations tell them, are taken over. */
  followOthers(isFollowing: boolean, nowMs: number): readonly Effect[] {
    this.#ctx.isFollowing = isFollowing;
    const { planned } = this.#ctx.evictions;
    if (isFollowing) for (const gang of [...planned]) dropPlan(this.#ctx, gang, 'another replica decides', nowMs);
    else if (this.#isSynced) restorePlans(this.#ctx, nowMs, this.#isGangMember);
    return this.#drain();
  }

  /** The leader and the slots of an admitted gang, as they are to be written down; undefined: it is none. */
  reservation(key: string): { readonly leader: PodRef; readonly slots: SlotCounts } | undefined {
    const gang = this.#ctx.gangs.get(key);
    if (!gang?.admitted) return undefined;
    const { cluster } = this.#ctx;
    // In a gang of one role the one that asked first may be gone while others run.
    const bound = [gang.leader.uid, ...gang.leaderUids].find((uid) => cluster.boundPod(uid));
    const leader = bound === undefined ? gang.leader : cluster.boundPod(bound)!.pod;
    return { leader: refOf(leader), slots: slotCounts(gang) };
  }

  /** New policies count for every decision from now on; what is reserved stays. */
  setPolicies(policies: readonly Policy[], nowMs: number): void {
    this.#policies = policies;
    for (const gang of this.#ctx.gangs.values()) {
      gang.policy = this.#ctx.policyOf(gang.leader);
      reconsider(gang);
      rank(this.#ctx, gang, nowMs);
    }
  }

  /** The bound members of a gang. */
  members(key: string): readonly PodInfo[] {
    return [...this.#ctx.cluster.boundMembers(key).values()].map(({ pod }) => pod);
  }

  /** All gangs, in no particular order. */
  gangs(): readonly GangSummary[] {
    return summaries(this.#ctx);
  }

  /** Why the gang stands where it stands; undefined: no such gang. Plans a few times: for people, not for every pod. */
  explain(key: string, nowMs: number): Explanation | undefined {
    return explain(this.#ctx, key, nowMs);
  }

  nodes(): readonly NodeView[] {
    return nodeViews(this.#ctx);
  }

  /** In order; a default policy follows the last. */
  get policies(): readonly Policy[] {
    return this.#policies;
  }

  /** UIDs of pods that something is held for, or that a gang hangs on, and that have not been seen bound. */
  claimants(): readonly string[] {
    return claimantsOf(this.#ctx);
  }

  /** What is held for members that are not bound. */
  reserved(): Resources {
    return reservedOf(this.#ctx);
  }

  stats(): SchedulerStats {
    return statsOf(this.#ctx, this.#isSynced, this.#lastEventMs);
  }

  /** @throws MusterError MUSTER_INVARIANT_BROKEN where the state contradicts itself; costs a recount of everything */
  checkInvariants(): void {
    checkInvariants(this.#ctx);
  }

  readonly #isGangMember = (pod: PodInfo): boolean =>
    pod.membership !== undefined && this.#ctx.policyOf(pod).gangs === 'on';

  #putNode(node: NodeInfo, nowMs: number): void {
    const row = this.#ctx.cluster.putNode(node);
    healRow(this.#ctx, row);
    retryUnplaced(this.#ctx, nowMs);
  }

  #removeNode(name: string, nowMs: number): void {
    this.#ctx.nominated.nodeGone(name);
    this.#ctx.cluster.removeNode(name);
    evacuate(this.#ctx, name, nowMs);
  }

  #putPod(pod: PodInfo, nowMs: number): void {
    if (pod.terminal) return this.#endPod(pod.uid, nowMs);
    if (pod.node === undefined) {
      if (pod.eviction) this.#ctx.evictions.written.set(pod.uid, pod);
      else this.#ctx.evictions.written.delete(pod.uid);
      if (this.#isSynced && this.#isGangMember(pod)) leaderSeen(this.#ctx, pod, nowMs);
      else if (pod.gated || pod.crowdedOut) this.#early.set(pod.uid, pod);
      return;
    }
    const { cluster, ledger, inFlight, nominated } = this.#ctx;
    const slot = ledger.slotOf(pod.uid);
    ledger.dropElastic(pod.uid);
    inFlight.drop(pod.uid);
    nominated.drop(pod.uid);
    this.#ctx.evictions.written.delete(pod.uid);
    const isChanged = cluster.bind(pod, pod.node);
    if (slot) ledger.confirm(slot, pod.uid, pod.node);
    if (this.#isSynced && this.#isGangMember(pod) && pod.membership!.problem === undefined) {
      const gang = gangOf(this.#ctx, pod, nowMs);
      memberBound(this.#ctx, pod, pod.node, nowMs);
      if (gang?.leaderUids.has(pod.uid)) follow(this.#ctx, gang, pod, nowMs);
    }
    const row = cluster.table.rowOf(pod.node);
    if (isChanged && row !== undefined) healRow(this.#ctx, row);
  }

  #endPod(uid: string, nowMs: number): void {
    this.#early.delete(uid);
    const bound = this.#ctx.cluster.unbind(uid);
    this.#ctx.inFlight.drop(uid);
    this.#ctx.nominated.drop(uid);
    podEnded(this.#ctx, uid, bound, nowMs);
    this.#ctx.evictions.podEnded(uid);
    const { nominated, evictions, gangs } = this.#ctx;
    // What kube-scheduler evicts is counted when it has happened: it need not do as it was answered.
    if (nominated.isVictim(uid)) evictions.note(gangs.get(bound?.pod.membership?.gang ?? ''), nowMs);
    nominated.victimGone(uid);
    victimGone(this.#ctx, uid, nowMs);
  }

  /** What is to be known of the cluster besides nodes and pods. */
  #learn(event: Knowledge, nowMs: number): void {
    const { evictions, classes } = this.#ctx;
    switch (event.kind) {
      case 'budget':
        return evictions.putBudget(event.budget);
      case 'budget-gone':
        return evictions.removeBudget(event.key);
      case 'priority-class':
        classes.set(event.priorityClass.name, event.priorityClass.value);
        return this.#rankAll(nowMs);
      case 'priority-class-gone':
        classes.delete(event.name);
        return this.#rankAll(nowMs);
      case 'eviction-refused':
        return evictionRefused(this.#ctx, event.uid, event.reason, nowMs);
      case 'eviction-failed': {
        const gang = this.#ctx.gangs.get(event.gang);
        return gang && dropPlan(this.#ctx, gang, event.reason, nowMs);
      }
      case 'figures':
        return evictions.putFigures(event.gang, event.figures, nowMs);
    }
  }

  #rankAll(nowMs: number): void {
    for (const gang of this.#ctx.gangs.values()) rank(this.#ctx, gang, nowMs);
  }

  /** The first list is complete: gangs whose leader runs take up their members and plan the missing ones. */
  #sync(nowMs: number): void {
    if (this.#isSynced) return;
    this.#isSynced = true;
    // Before gangs that run look for room: what is being freed has been promised.
    restorePlans(this.#ctx, nowMs, this.#isGangMember);
    // A gang of one role has its reservation on one of several leaders: that one is to be met first.
    const bound = [...this.#ctx.cluster.boundPods.values()];
    bound.sort((a, b) => Number(b.pod.reservation !== undefined) - Number(a.pod.reservation !== undefined));
    for (const { pod } of bound) {
      if (!this.#isGangMember(pod) || pod.membership!.problem !== undefined) continue;
      const gang = gangOf(this.#ctx, pod, nowMs);
      if (gang && !gang.admitted) adopt(this.#ctx, gang, pod, nowMs);
      memberBound(this.#ctx, pod, pod.node!, nowMs);
    }
    for (const pod of this.#early.values()) if (this.#isGangMember(pod)) leaderSeen(this.#ctx, pod, nowMs);
    this.#early.clear();
  }

  #drain(): readonly Effect[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }
}

function notSynced({ namespace, name }: PodInfo): MusterError {
  return new MusterError('MUSTER_NOT_SYNCED', `Pod ${namespace}/${name}: the cluster has not been read yet.`);
}

import type { QueueMove } from './effects.ts';
import { admitWaiting as admitGangs, isWorthSeeing, leaderSeen } from './admission/admit-waiting.ts';
import { gangOf, refresh } from './gang/declare.ts';
import { isAdmitted } from './gang/gang.ts';
import { watchesNodes } from './gang/occupants.ts';
import { evacuate, healRow, retryUnplaced } from './gang/healing.ts';
import { expire, expireNominees, memberBound, podEnded } from './gang/life-cycle.ts';
import { changeNode, dropNode, reprice } from './gang/metering.ts';
import { updateDeadlinePriorities, updatePriorities, updatePriority } from './gang/priority.ts';
import { follow, restore as restoreReservation } from './gang/reservation.ts';
import { gangRunEnded, podRunEnded } from './gang/runs.ts';
import { accountOf, refreshShares } from './gang/tenants.ts';
import { lookAtUnfairness } from './gang/unfairness.ts';
import { abandonPlan, enqueue, reconsider, requeue } from './gang/transitions.ts';
import { isGangPod, type ClusterEvent, type GangPod, type NodeInfo, type Outcome, type PodInfo } from './model.ts';
import type { Rules } from './policy/rules.ts';
import type { Tenancy } from './policy/tenancy.ts';
import { observeRoomRequest } from './provisioning/observe.ts';
import { victimGone } from './preemption/plan/begin.ts';
import { makeRoom as findRoom, RoomRound } from './preemption/plan/make-room.ts';
import { restorePlans } from './preemption/plan/restore.ts';
import { checkPlans, checkPriorities, evictionRefused } from './preemption/plan/watch.ts';
import { QueueTree } from './queue/tree.ts';
import { countByRules, isGangMember, type SchedulerState } from './state.ts';

type OtherEvent = Exclude<ClusterEvent, { kind: 'node' | 'node-gone' | 'pod' | 'pod-gone' | 'synced' }>;

/** Keeps the state current. Before `synced`, gangs are not restored: their members may still be to come. */
export function observe(state: SchedulerState, event: ClusterEvent, nowMs: number): void {
  state.lastEventMs = nowMs;
  switch (event.kind) {
    case 'node':
      putNode(state, event.node, nowMs);
      break;
    case 'node-gone':
      removeNode(state, event.name, nowMs);
      break;
    case 'pod':
      putPod(state, event.pod, nowMs);
      break;
    case 'pod-gone':
      endPod(state, event.uid, nowMs, event.outcome);
      break;
    case 'synced':
      finish(synchronize(state, () => nowMs));
      break;
    default:
      learn(state, event, nowMs);
  }
  if (state.evictions.planned.size > 0) checkPlans(state, nowMs);
}

/** Expires what has a time limit, and tries unplaced slots again. */
export function tick(state: SchedulerState, nowMs: number): void {
  expireNominees(state, nowMs);
  expire(state, nowMs);
  state.inFlight.expire(nowMs);
  state.evictions.expire(nowMs);
  state.overclaims.expire(nowMs);
  state.loans.expire(nowMs);
  state.reclaims.expire(nowMs);
  state.rates.expire(nowMs);
  state.imagePulls.expire(nowMs);
  state.addresses.expire(state.cluster, nowMs);
  state.reportedWork.expire(nowMs);
  state.nominated.expire(nowMs);
  state.outcomes.expire(nowMs);
  updateDeadlinePriorities(state, nowMs);
  if (state.isSynced && !state.isFollowing) state.promises.tick(state, nowMs);
  state.tree.sweep(nowMs);
  checkPlans(state, nowMs);
  checkPriorities(state, nowMs);
  // A replica that follows admits no gang: for those who read them.
  if (state.isSynced) refreshShares(state, nowMs);
  if (state.isSynced) retryUnplaced(state, nowMs);
  if (state.isSynced && !state.isFollowing) lookAtUnfairness(state, nowMs);
}

/** Admits waiting gangs that fit, without being asked. */
export function admitWaiting(state: SchedulerState, nowMs: number): void {
  if (!state.isSynced) return;
  refreshShares(state, nowMs);
  admitGangs(state, nowMs);
}

/** Decides on victims for waiting gangs whose policies or queues enforce it. */
export function makeRoom(state: SchedulerState, nowMs: number): void {
  if (!state.isSynced) return;
  refreshShares(state, nowMs);
  state.beyondMax.enforce(state, nowMs);
  findRoom(state, nowMs);
}

/** The same, a slice at a time. @returns whether it is done */
export function makeRoomSlice(state: SchedulerState, nowMs: number): boolean {
  if (!state.isSynced) return true;
  refreshShares(state, nowMs);
  if (!state.roomRound) state.beyondMax.enforce(state, nowMs);
  const round = (state.roomRound ??= new RoomRound(state));
  // If it fails, the next call begins a new round.
  state.roomRound = undefined;
  const isDone = round.advance(nowMs);
  if (!isDone) state.roomRound = round;
  return isDone;
}

/** Whether another replica decides: then its plans and its reservations count, and the plans of this one end. */
export function followOthers(state: SchedulerState, isFollowing: boolean, nowMs: number): void {
  state.isFollowing = isFollowing;
  if (!state.isSynced) return;
  const isMember = (pod: PodInfo): pod is GangPod => isGangMember(state, pod);
  if (!isFollowing) return finish(restorePlans(state, () => nowMs, isMember));
  for (const gang of [...state.evictions.planned]) abandonPlan(state, gang, 'another replica decides', nowMs);
  for (const gang of state.queues.inAdmissionOrder())
    if (gang.leader.node !== undefined) restoreReservation(state, gang, gang.leader, nowMs);
}

/**
 * New rules count for every decision from now on; what is reserved stays, and what queues hold is counted anew.
 * @returns what counts in another queue now
 */
export function setRules(state: SchedulerState, { policies, tenancy }: Rules, nowMs: number): readonly QueueMove[] {
  state.policies = policies;
  const moves = tenancy === state.tree.tenancy ? [] : setQueues(state, tenancy, nowMs);
  for (const gang of state.gangs.values()) {
    gang.policy = state.policyOf(gang.leader);
    reconsider(gang);
    if (!isAdmitted(gang)) enqueue(state, gang);
    if (!isAdmitted(gang) && isGangPod(gang.leader)) refresh(state, gang, gang.leader, nowMs);
    else updatePriority(state, gang, nowMs);
  }
  for (const roles of state.ledger.unplaced.values())
    for (const unplaced of roles.values()) state.ledger.setTried(unplaced, undefined);
  return moves;
}

/** Every gang and every single pod is put in its queue again, and keeps what it holds. */
function setQueues(state: SchedulerState, tenancy: Tenancy, nowMs: number): readonly QueueMove[] {
  const tree = (state.tree = new QueueTree(tenancy));
  state.rates.setRules(tenancy.rates, nowMs);
  state.addresses.setPools(tenancy.addresses);
  reprice(state);
  state.cluster.occupancy.forget(watchesNodes(tenancy));
  const moved = new Map<string, QueueMove>();
  for (const gang of state.gangs.values()) {
    const from = gang.queue.path;
    requeue(state, gang, accountOf(state, gang.leader, gang.spec.queue));
    const to = gang.queue.path;
    if (from === to || (state.usage.ofGang(gang.key)?.parts ?? 0) === 0) continue;
    const key = JSON.stringify([from, to]);
    const gangs = (moved.get(key)?.gangs ?? 0) + 1;
    moved.set(key, { from, to, gangs, isGone: tree.find(from) === undefined });
  }
  countByRules(state);
  return [...moved.values()];
}

function putNode(state: SchedulerState, node: NodeInfo, nowMs: number): void {
  healRow(state, changeNode(state, node));
  if (state.isSynced) retryUnplaced(state, nowMs);
}

function removeNode(state: SchedulerState, name: string, nowMs: number): void {
  state.nominated.nodeGone(name);
  state.inFlight.giveWay(name);
  dropNode(state, name);
  evacuate(state, name, nowMs);
}

function putPod(state: SchedulerState, pod: PodInfo, nowMs: number): void {
  if (pod.terminal) return endPod(state, pod.uid, nowMs);
  if (pod.node === undefined) return pendingPod(state, pod, nowMs);
  boundPod(state, pod, pod.node, nowMs);
}

function pendingPod(state: SchedulerState, pod: PodInfo, nowMs: number): void {
  const { writtenPlans, early, isSynced, inFlight } = state;
  inFlight.heard(pod);
  if (pod.eviction) writtenPlans.set(pod.uid, pod);
  else writtenPlans.delete(pod.uid);
  if (isSynced && isGangMember(state, pod)) leaderSeen(state, pod, nowMs);
  else if (isWorthSeeing(pod)) early.set(pod.uid, pod);
}

function boundPod(state: SchedulerState, pod: PodInfo, node: string, nowMs: number): void {
  const { cluster, ledger } = state;
  const slot = ledger.slotOf(pod.uid);
  ledger.dropPodHold(pod.uid);
  state.inFlight.drop(pod.uid);
  state.nominated.drop(pod.uid);
  state.nominees.drop(pod.uid);
  state.writtenPlans.delete(pod.uid);
  const isChanged = cluster.bind(pod, node);
  if (slot) ledger.confirm(slot, pod.uid, node);
  if ((state.isSynced || state.isRestoring) && isSoundMember(state, pod)) {
    const gang = gangOf(state, pod, nowMs);
    memberBound(state, pod, node, nowMs);
    if (gang?.leaderUids.has(pod.uid)) follow(state, gang, pod, nowMs);
  }
  const row = cluster.table.rowOf(node);
  if (isChanged && row !== undefined) healRow(state, row);
}

/**
 * A pod is over or gone. The order matters:
 *  1. the cluster lets go of its room, so that every later step sees it free;
 *  2. its gang hears of it: the slot is kept for a successor, or the gang ends with its last leader;
 *  3. how long the run of its gang took, or its own, is learned while it is known who left for whom;
 *  4. what kube-scheduler evicts is counted once it has happened, because kube-scheduler need not do as it was answered;
 *  5. the gang or the pod that waited for this room gets it last: with the last victim a plan is complete.
 */
function endPod(state: SchedulerState, uid: string, nowMs: number, outcome?: Outcome): void {
  const { cluster, evictions, nominated, gangs } = state;
  state.early.delete(uid);
  state.inFlight.drop(uid);
  const bound = cluster.unbind(uid);
  if (bound) state.addresses.podGone(cluster, bound, nowMs);
  nominated.drop(uid);
  const gang = podEnded(state, uid, bound, nowMs);
  const isOver = gang !== undefined && !gangs.has(gang.key);
  if (isOver) state.reportedWork.forget(gang.key);
  if (bound && isOver) gangRunEnded(state, gang, { bound, outcome }, nowMs);
  else if (bound && !isGangMember(state, bound.pod)) podRunEnded(state, { bound, outcome }, nowMs);
  evictions.podEnded(uid);
  state.loans.podEnded(uid);
  state.writtenPlans.delete(uid);
  if (nominated.isVictim(uid)) evictions.note(gangs.get(bound?.pod.membership?.gang ?? ''), nowMs);
  nominated.victimGone(uid);
  victimGone(state, uid, nowMs);
}

/** Handles events other than nodes and pods. */
function learn(state: SchedulerState, event: OtherEvent, nowMs: number): void {
  switch (event.kind) {
    case 'budget':
      return state.disruptionBudgets.put(event.budget);
    case 'budget-gone':
      return state.disruptionBudgets.remove(event.key);
    case 'priority-class':
      state.classes.set(event.priorityClass.name, event.priorityClass.value);
      return updatePriorities(state, nowMs);
    case 'priority-class-gone':
      state.classes.delete(event.name);
      return updatePriorities(state, nowMs);
    case 'eviction-refused':
      return evictionRefused(state, event.uid, event.reason, nowMs);
    case 'eviction-failed': {
      const gang = state.gangs.get(event.gang);
      return gang && abandonPlan(state, gang, event.reason, nowMs);
    }
    case 'run-outcome':
      return state.outcomes.hear(event.uid, event.outcome, event.endedMs);
    case 'figures':
      return state.reportedWork.put(event.gang, event.figures, nowMs);
    case 'room-request':
    case 'room-request-gone':
    case 'room-request-failed':
      return observeRoomRequest(state, event, nowMs);
  }
}

/** Work of one slice of `synchronize`, in pods handled and slots restored. */
const SLICE = 500;

/**
 * The first list is complete: gangs whose leader runs take up their members, and written reservations are restored.
 * Pauses after each slice; other events may be observed meanwhile.
 */
export function* synchronize(state: SchedulerState, nowMs: () => number): Generator<undefined, void> {
  if (state.isSynced) return;
  let work = 0;
  state.isRestoring = true;
  for (const { pod, node } of state.cluster.boundPods.values()) {
    work += isSoundMember(state, pod) ? takeUp(state, pod, node, nowMs()) : 1;
    if (work < SLICE) continue;
    work = 0;
    yield;
  }
  yield* meetEarly(state, nowMs);
  // After gangs that run have their reservations: a plan must not take these.
  yield* restorePlans(state, nowMs, (pod) => isGangMember(state, pod));
  // Pods that came during the pauses.
  finish(meetEarly(state, nowMs));
  state.isRestoring = false;
  state.isSynced = true;
}

/** Hears of the pending pods that came before their gangs could be restored. */
function* meetEarly(state: SchedulerState, nowMs: () => number): Generator<undefined, void> {
  let met = 0;
  for (const pod of state.early.values()) {
    state.early.delete(pod.uid);
    if (isGangMember(state, pod)) leaderSeen(state, pod, nowMs());
    if (++met % SLICE === 0) yield;
  }
}

/** Runs all steps without a pause. */
function finish(steps: Generator<undefined, void>): void {
  while (!steps.next().done);
}

/** @returns the work that it was */
function takeUp(state: SchedulerState, pod: GangPod, node: string, nowMs: number): number {
  const gang = gangOf(state, pod, nowMs);
  const before = gang?.slots.length ?? 0;
  memberBound(state, pod, node, nowMs);
  return 1 + Math.max(0, (gang?.slots.length ?? 0) - before);
}

/** A member of a gang, whose declaration can be used. */
const isSoundMember = (state: SchedulerState, pod: PodInfo): pod is GangPod =>
  isGangMember(state, pod) && pod.membership.problem === undefined;

import { isLeaderRole, type GangPod, type PodInfo } from '../model.ts';
import type { BackfillContext } from '../backfill/context.ts';
import type { GangContext } from '../gang/context.ts';
import { addLeader, gangOf, refresh } from '../gang/declare.ts';
import { tryToStart } from './try-to-start.ts';
import { isAdmitted, isFreeing, isGated, refusalOf, type Gang } from '../gang/gang.ts';
import { hasRunningLeader } from '../gang/needs.ts';
import { noteProblem } from '../gang/problems.ts';
import { unasked } from '../gang/transitions.ts';
import { EXAMINATIONS } from './turn.ts';

/**
 * Handles a pending leader. kube-scheduler asks neither about a leader behind muster's gate nor about one for which
 * every node is full (findNodesThatPassExtenders gets the nodes that its own filters left,
 * pkg/scheduler/schedule_one.go, 1.36), so that these gangs enter their queue here. Other gangs enter it when
 * kube-scheduler asks; here only their annotations are brought up to date.
 */
export function leaderSeen(ctx: GangContext, pod: GangPod, nowMs: number): void {
  if (pod.deleting) return;
  const { gang: key, role, problem } = pod.membership;
  const isCrowdedOut = pod.crowdedOut === true && ctx.schedulerNames.has(pod.schedulerName);
  const isForUs = pod.gated === true || isCrowdedOut || countsAsRefused(pod);
  const waiting = ctx.gangOfLeader.get(pod.uid);
  if (!isForUs && (waiting?.leader.uid !== pod.uid || isAdmitted(waiting))) return;
  if (problem !== undefined) {
    if (isForUs) noteProblem(ctx, pod, problem, nowMs);
    return;
  }
  ctx.problems.delete(pod.uid);
  const isNew = !ctx.gangs.has(key);
  const gang = gangOf(ctx, pod, nowMs);
  if (!gang || isAdmitted(gang) || !isLeaderRole(gang.spec, role)) return;
  if (isNew && pod.gated !== true) unasked(gang);
  addLeader(ctx, gang, pod.uid);
  refresh(ctx, gang, pod, nowMs);
}

/**
 * Whether the pod is of a gang that waits for all its members, and kube-scheduler has refused it. kube-scheduler asks
 * again much later, so that a muster that did not hear its question has to count the member here.
 */
const countsAsRefused = ({ membership, refusal }: PodInfo): boolean =>
  membership?.spec?.waitsForAll === true && refusal !== undefined;

/** Whether `leaderSeen` has to hear of a pod that came before gangs could be restored. */
export const isWorthSeeing = (pod: PodInfo): boolean =>
  pod.gated === true || pod.crowdedOut === true || countsAsRefused(pod);

/** Gangs planned in one round, during which kube-scheduler waits. The next round begins with the rest. */
const MAX_PLANS_PER_ROUND = 64;

/**
 * Admits the waiting gangs that fit now, in admission order, and asks the shell to wake their leaders. kube-scheduler
 * would often not ask again by itself: it does not see that a reservation expired, that a pending gang ahead was
 * deleted or that a policy changed, and it tries refused pods again only after 5 min (flushUnschedulablePodsLeftover,
 * pkg/scheduler/backend/queue/scheduling_queue.go, 1.36). It never asks about a gated leader.
 */
export function admitWaiting(ctx: BackfillContext, nowMs: number): void {
  if (ctx.hold !== undefined || ctx.isFollowing) return;
  for (const { gang, pod } of ctx.nominees.takeSleeping(nowMs))
    ctx.emit({ kind: 'wake-leader', gang, leader: pod, gated: false });
  let plans = 0;
  const examinations = { left: EXAMINATIONS };
  for (const gang of nextRound(ctx)) {
    if (isGated(gang)) gang.lastAskMs = nowMs;
    const leaderRuns = hasRunningLeader(ctx.cluster, gang);
    if (!isWorthATry(gang, leaderRuns)) continue;
    if (plans === MAX_PLANS_PER_ROUND) {
      ctx.roundStart ??= gang.key;
      continue;
    }
    if (tryToStart(ctx, gang, examinations, nowMs) !== 'stands') plans++;
  }
}

/**
 * All waiting gangs as their turns are, beginning with the one that the last round had no plan left for: otherwise
 * refusals that do not last (while pods are in flight) would let the first gangs use up every round.
 */
function* nextRound(ctx: GangContext): Generator<Gang> {
  const start = ctx.queues.get(ctx.roundStart ?? '');
  ctx.roundStart = undefined;
  const before: Gang[] = [];
  let hasBegun = start === undefined;
  for (const gang of ctx.queues.inTurns()) {
    hasBegun ||= gang === start;
    if (hasBegun) yield gang;
    else before.push(gang);
  }
  yield* before;
}

/** If only the candidate nodes stood in the way, nothing but a new question by kube-scheduler can change that. */
export function isWorthATry(gang: Gang, leaderRuns: boolean): boolean {
  if (isFreeing(gang)) return false;
  const refusal = refusalOf(gang);
  return leaderRuns || isGated(gang) || gang.isUnasked || (refusal !== undefined && refusal.kind !== 'open');
}

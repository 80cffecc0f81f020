import { isLeaderRole, type GangPod } from '../model.ts';
import { decideAdmission } from './admission.ts';
import type { GangContext } from './context.ts';
import { gangOf, refresh } from './declare.ts';
import { admit } from './filter-gang-pod.ts';
import { isAdmitted, isFreeing, isGated, refOf, refusalOf, type Gang } from './gang.ts';
import { noteProblem } from './problems.ts';
import { refuse, unasked } from './transitions.ts';

/**
 * A pending leader has been seen. kube-scheduler asks about none behind muster's gate, and about none that finds every
 * node full (findNodesThatPassExtenders gets the nodes that its own filters left, pkg/scheduler/schedule_one.go, 1.36):
 * these are put in their queue here. Another gets there when it is asked about, and here changes its annotations.
 */
export function leaderSeen(ctx: GangContext, pod: GangPod, nowMs: number): void {
  if (pod.deleting) return;
  const { gang: key, role, problem } = pod.membership;
  const isCrowdedOut = pod.crowdedOut === true && ctx.schedulerNames.has(pod.schedulerName);
  const isForUs = pod.gated === true || isCrowdedOut;
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
  if (isNew && isCrowdedOut) unasked(gang);
  refresh(ctx, gang, pod, nowMs);
}

/**
 * How many gangs are planned in one round: kube-scheduler waits meanwhile. The others have their turn in the next; those
 * before them are then refused without a look, unless room has appeared again.
 */
const MAX_PLANS_PER_ROUND = 64;

/**
 * Admits the waiting gangs that fit now, in admission order, and asks for their leaders to be woken. What helps a gang
 * need not bring kube-scheduler to ask again: it hears nothing of a reservation that was given up, of a pending rival
 * that was deleted or of a policy, and looks at refused pods by itself only after 5 min
 * (flushUnschedulablePodsLeftover, pkg/scheduler/backend/queue/scheduling_queue.go, 1.36). About a gated leader it never
 * asks.
 */
export function admitWaiting(ctx: GangContext, nowMs: number): void {
  if (ctx.hold !== undefined || ctx.isFollowing) return;
  let plans = 0;
  for (const gang of ctx.queues.inAdmissionOrder()) {
    if (isGated(gang)) gang.lastAskMs = nowMs;
    if (plans === MAX_PLANS_PER_ROUND || !isWorthATry(gang)) continue;
    const admission = decideAdmission(ctx, gang, undefined, nowMs);
    if (admission.kind === 'admitted' || !admission.stands) plans++;
    if (admission.kind === 'refused') {
      refuse(ctx, gang, admission.refusal);
      continue;
    }
    admit(ctx, gang, admission, nowMs);
    ctx.emit({ kind: 'wake-leader', gang: gang.key, leader: refOf(gang.leader), gated: isGated(gang) });
  }
}

/** Where only the nodes offered stood in the way, kube-scheduler alone can say whether they still do. */
function isWorthATry(gang: Gang): boolean {
  if (isFreeing(gang)) return false;
  const refusal = refusalOf(gang);
  return isGated(gang) || gang.isUnasked || (refusal !== undefined && refusal.kind !== 'open');
}

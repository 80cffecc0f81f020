import type { PodInfo } from '../model.ts';
import { decideAdmission } from './admission.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import { admit, gangOf, noteProblem, refOf, refresh, wait } from './filter-gang-pod.ts';

/**
 * A pending leader has been seen. kube-scheduler asks about none behind muster's gate, and about none that finds every
 * node full (findNodesThatPassExtenders gets the nodes that its own filters left, pkg/scheduler/schedule_one.go, 1.36):
 * these are put in line here. Another gets in line when it is asked about, and here changes its annotations.
 */
export function leaderSeen(ctx: GangContext, pod: PodInfo, nowMs: number): void {
  if (pod.deleting) return;
  const isCrowdedOut = pod.crowdedOut === true && ctx.schedulerNames.has(pod.schedulerName);
  const isForUs = pod.gated === true || isCrowdedOut;
  const waiting = ctx.gangOfLeader.get(pod.uid);
  if (!isForUs && (waiting?.leader.uid !== pod.uid || waiting.admitted)) return;
  if (pod.membership!.problem !== undefined) {
    if (isForUs) noteProblem(ctx, pod, nowMs);
    return;
  }
  ctx.problems.delete(pod.uid);
  const isNew = !ctx.gangs.has(pod.membership!.gang);
  const gang = gangOf(ctx, pod, nowMs);
  if (!gang || gang.admitted || gang.spec.roles[0]!.name !== pod.membership!.role) return;
  if (isNew && isCrowdedOut) gang.isUnasked = true;
  refresh(ctx, gang, pod, nowMs);
}

/**
 * How many gangs are planned in one round: kube-scheduler waits meanwhile. The others have their turn in the next; those
 * before them are then refused without a look, unless room has appeared again.
 */
const MAX_PLANS_PER_ROUND = 64;

/**
 * Admits the waiting gangs that fit now, in the order of their queues, and asks for their leaders to be woken. What helps
 * a gang need not bring kube-scheduler to ask again: it hears nothing of a reservation that was given up, of a pending
 * rival that was deleted or of a policy, and looks at refused pods by itself only after 5 min
 * (flushUnschedulablePodsLeftover, pkg/scheduler/backend/queue/scheduling_queue.go, 1.36). About a gated leader it never
 * asks.
 */
export function admitWaiting(ctx: GangContext, nowMs: number): void {
  if (ctx.hold !== undefined || ctx.isFollowing) return;
  let looks = 0;
  for (const gang of ctx.line.inOrder()) {
    if (gang.isGated) gang.lastAskMs = nowMs;
    if (looks === MAX_PLANS_PER_ROUND || !isWorthATry(gang)) continue;
    const before = gang.refusal;
    const admission = decideAdmission(ctx, gang, undefined, nowMs);
    if (admission.kind === 'admitted' || admission.refusal !== before) looks++;
    if (admission.kind === 'refused') {
      wait(ctx, gang, admission.refusal);
      continue;
    }
    admit(ctx, gang, admission, nowMs);
    ctx.emit({ kind: 'wake-leader', gang: gang.key, leader: refOf(gang.leader), gated: gang.isGated });
  }
}

/** Where only the nodes offered stood in the way, nobody but kube-scheduler can say whether they still do. */
function isWorthATry({ refusal, isGated, isUnasked, eviction }: Gang): boolean {
  if (eviction) return false;
  return isGated || isUnasked || (refusal !== undefined && refusal.kind !== 'open');
}

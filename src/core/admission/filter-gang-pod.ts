import type { FilterAnswer } from '../decision.ts';
import { isLeaderRole, type Candidates, type GangPod } from '../model.ts';
import { admit } from './admit.ts';
import { decideAdmission } from './admission.ts';
import type { BackfillContext } from '../backfill/context.ts';
import { addLeader, gangOf, refresh } from '../gang/declare.ts';
import { isAdmitted } from '../gang/gang.ts';
import { retryUnplaced } from '../gang/healing.ts';
import { AWAITS_ITS_NODE } from './in-sample.ts';
import { placeMember } from './members.ts';
import { startThoseFirst } from './first.ts';
import { startThoseHeldUp } from './after-rates.ts';
import { hasRunningLeader } from '../gang/needs.ts';
import { refreshShares } from '../gang/tenants.ts';
import { noteProblem } from '../gang/problems.ts';
import { asked, refuse } from '../gang/transitions.ts';

const none = (reason: string): FilterAnswer => ({ kind: 'none', reason });

/**
 * The answer to filter for a pod of a gang. A pod that is refused is not being bound any more and holds
 * no room, unless it is nominated.
 */
export function answerFilter(ctx: BackfillContext, pod: GangPod, candidates: Candidates, nowMs: number): FilterAnswer {
  ctx.inFlight.drop(pod.uid);
  ctx.nominees.asked(candidates, ctx.cluster.table.size, nowMs);
  const bound = ctx.cluster.boundPod(pod.uid);
  if (bound) return candidates.has(bound.node) ? { kind: 'one', node: bound.node } : none('pod is bound already');
  const answer = decide(ctx, pod, candidates, nowMs);
  if (answer.kind !== 'none') ctx.nominees.drop(pod.uid);
  else if (answer.reason !== AWAITS_ITS_NODE) ctx.ledger.dropPodHold(pod.uid);
  return answer;
}

function decide(ctx: BackfillContext, pod: GangPod, candidates: Candidates, nowMs: number): FilterAnswer {
  const { problem, role } = pod.membership;
  if (problem !== undefined) return none(noteProblem(ctx, pod, problem, nowMs));
  ctx.problems.delete(pod.uid);
  const gang = gangOf(ctx, pod, nowMs);
  if (!gang) return none('gang waits for its leader');
  const isLeader = isLeaderRole(gang.spec, role);
  if (isLeader) addLeader(ctx, gang, pod.uid);
  if (isAdmitted(gang)) return placeMember(ctx, gang, { pod, candidates }, nowMs);
  // A gang whose leader runs waits in its queue for the members that are missing: each of them may ask for all.
  const leaderRuns = hasRunningLeader(ctx.cluster, gang);
  if (!isLeader && !leaderRuns) return none('gang waits for its leader');
  if (isLeader) refresh(ctx, gang, pod, nowMs);
  asked(gang, pod, nowMs);
  ctx.ledger.dropPodHold(pod.uid);
  retryUnplaced(ctx, nowMs);
  if (ctx.hold !== undefined) return none(refuse(ctx, gang, { kind: 'held', reason: ctx.hold }));
  refreshShares(ctx, nowMs);
  startThoseFirst(ctx, gang, nowMs);
  startThoseHeldUp(ctx, gang, nowMs);
  const question = leaderRuns ? {} : { asked: { pod, candidates } };
  const admission = decideAdmission(ctx, gang, question, nowMs);
  if (admission.kind === 'refused') return none(refuse(ctx, gang, admission.refusal));
  admit(ctx, gang, admission, nowMs);
  if (leaderRuns) return placeMember(ctx, gang, { pod, candidates }, nowMs);
  const [first] = gang.slots;
  if (!first) throw new RangeError(`Gang ${gang.key} was admitted without a slot.`);
  if (!candidates.has(first.node)) return placeMember(ctx, gang, { pod, candidates }, nowMs);
  ctx.ledger.assume(first, pod.uid, ctx.cluster.requestVector(pod.request));
  return { kind: 'one', node: first.node };
}

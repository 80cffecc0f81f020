import type { BackfillContext } from '../backfill/context.ts';
import { isGated, refOf, type Gang } from '../gang/gang.ts';
import { hasRunningLeader } from '../gang/needs.ts';
import { refuse } from '../gang/transitions.ts';
import { decideAdmission } from './admission.ts';
import { admit } from './admit.ts';
import type { Examinations } from './turn.ts';

/**
 * Admits a waiting gang if it fits now, without a question by kube-scheduler, and asks the shell to wake its leader.
 * @returns `stands`: its last refusal does, and no search was needed
 */
export function tryToStart(
  ctx: BackfillContext,
  gang: Gang,
  examinations: Examinations,
  nowMs: number,
): 'admitted' | 'refused' | 'stands' {
  const admission = decideAdmission(ctx, gang, { examinations }, nowMs);
  if (admission.kind === 'refused') {
    refuse(ctx, gang, admission.refusal);
    return admission.stands ? 'stands' : 'refused';
  }
  const leaderRuns = hasRunningLeader(ctx.cluster, gang);
  admit(ctx, gang, admission, nowMs);
  // Where the leader runs, kube-scheduler waits with the member about which it asked; the rest follow its binding.
  const asleep = leaderRuns ? gang.askedAbout : refOf(gang.leader);
  if (asleep) ctx.emit({ kind: 'wake-leader', gang: gang.key, leader: asleep, gated: !leaderRuns && isGated(gang) });
  return 'admitted';
}

import type { BoundPod } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import { siblingRows, startNeeds } from '../../gang/needs.ts';
import type { FreedRoom, Plan } from '../../placement/need.ts';
import { podsOf, type Candidate } from '../candidates/candidate.ts';
import type { PreemptionContextView } from '../candidates/context.ts';

export interface Freed {
  readonly candidates: readonly Candidate[];
  readonly awaited: readonly BoundPod[];
}

/** The plan for the gang as if these pods and reservations were gone. Works on scratch room and changes nothing. */
export function planWith(
  { cluster, planner }: Pick<PreemptionContextView, 'cluster' | 'planner'>,
  gang: Gang,
  { candidates, awaited }: Freed,
): Plan {
  // A gang with several leaders goes with each of them: a pod that is selected twice frees its room once.
  const pods = [...new Set([...podsOf(candidates), ...awaited])].filter(({ isLeaving }) => !isLeaving);
  const slots = candidates.flatMap((one): readonly FreedRoom[] => (one.kind === 'reservation' ? one.freed : []));
  return planner.plan({
    needs: startNeeds(cluster, gang),
    policy: gang.policy,
    siblings: siblingRows(cluster, gang),
    freed: [...pods, ...slots],
  });
}

import type { BoundPod } from '../../cluster/cluster.ts';
import { startNeeds } from '../../gang/admission.ts';
import type { GangContext } from '../../gang/context.ts';
import type { Gang } from '../../gang/gang.ts';
import { siblingRows } from '../../gang/needs.ts';
import type { Plan } from '../../placement/need.ts';
import type { Candidate } from '../candidates/candidate.ts';

export interface Freed {
  readonly candidates: readonly Candidate[];
  readonly awaited: readonly BoundPod[];
}

/** The pods that go. */
export function podsOf(candidates: readonly Candidate[]): BoundPod[] {
  return candidates.flatMap(({ bound }) => (bound ? [bound] : []));
}

/** Where the gang would be placed if these were gone. Everything is as it was afterwards. */
export function planWith(ctx: GangContext, gang: Gang, { candidates, awaited }: Freed): Plan {
  const { cluster, planner } = ctx;
  const pods = [...podsOf(candidates), ...awaited];
  const slots = candidates.flatMap((candidate) => candidate.slots ?? []);
  for (const { pod } of pods) cluster.leave(pod.uid);
  for (const { node, vector } of slots) cluster.release(node, vector);
  const needs = startNeeds(cluster, gang);
  const plan = planner.plan({ needs, policy: gang.policy, siblings: siblingRows(cluster, gang) });
  for (const { node, vector } of slots) cluster.hold(cluster.table.rowOf(node)!, vector);
  for (const { pod } of pods) cluster.stay(pod.uid);
  return plan;
}

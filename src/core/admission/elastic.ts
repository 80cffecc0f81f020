import type { BackfillContext } from '../backfill/context.ts';
import { take } from '../backfill/start-plans.ts';
import type { FilterAnswer } from '../decision.ts';
import type { Gang } from '../gang/gang.ts';
import { limitOnExtra } from '../gang/limits.ts';
import { needOf, siblingRows } from '../gang/needs.ts';
import type { Candidates, GangPod } from '../model.ts';
import type { Vector } from '../resources.ts';
import { offeredRows } from './admission.ts';
import { extrasPause, isNeededElsewhere } from './borrowing.ts';
import { besideHeads } from './beside-heads.ts';

/** kube-scheduler's question about a member, with what it asks. */
export interface Ask {
  readonly pod: GangPod;
  readonly vector: Vector;
  readonly candidates: Candidates;
}

const refuse = (reason: string): FilterAnswer => ({ kind: 'none', reason });

/**
 * Places a member beyond the minimum: only in room that no slot holds, where the policy prefers it, and under
 * `extras: lend` where it delays no gang that its gang must mind. It counts as ending with its gang.
 */
export function placeElastic(
  ctx: BackfillContext,
  gang: Gang,
  { pod, vector, candidates }: Ask,
  nowMs: number,
): FilterAnswer {
  const { ledger, cluster, planner } = ctx;
  const known = ledger.podHoldOf(pod.uid);
  if (known) {
    const isSame = known.vector.length === vector.length && known.vector.every((amount, c) => amount === vector[c]);
    if (isSame && candidates.has(known.node)) return { kind: 'one', node: known.node };
    ledger.dropPodHold(pod.uid);
  }
  const limit = limitOnExtra(ctx, gang, pod, vector);
  if (limit !== undefined) return refuse(limit);
  const paused = extrasPause(ctx, gang, nowMs);
  if (paused !== undefined) return refuse(paused);
  const { role } = pod.membership;
  const needs = [needOf(cluster, gang, { role, count: 1, vector })];
  const offered = offeredRows(cluster, candidates);
  const request = { needs, policy: gang.policy, siblings: siblingRows(cluster, gang), offered };
  const plan = planner.plan(request);
  if (plan.kind === 'short') return refuse('no room for a member beyond the minimum');
  const { rows } = plan;
  const isLent = gang.policy.queue.extras === 'lend';
  const passage = isLent ? besideHeads(ctx, gang, { request, rows }, nowMs) : undefined;
  if (passage?.kind === 'later') return refuse('no spare room for a member beyond the minimum');
  const row = (passage ?? plan).rows[0]![0]!;
  if (isNeededElsewhere(ctx, { gang, vector }, row, nowMs)) return refuse('room is needed by a queue within its share');
  for (const head of passage?.passed ?? []) take(head, passage!.places);
  const node = cluster.table.nameAt(row);
  ctx.loans.podStarts(pod.uid, passage?.loan);
  ledger.holdForPod({ podUid: pod.uid, gang: gang.key, role, node, vector });
  return { kind: 'one', node };
}

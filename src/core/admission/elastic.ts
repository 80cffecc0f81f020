import type { BackfillContext } from '../backfill/context.ts';
import { take } from '../backfill/start-plans.ts';
import type { FilterAnswer } from '../decision.ts';
import type { Gang } from '../gang/gang.ts';
import { limitOnExtra } from '../gang/limits.ts';
import { needOf, siblingRows } from '../gang/needs.ts';
import type { Candidates, GangPod } from '../model.ts';
import type { Vector } from '../resources.ts';
import { extrasPause, isNeededElsewhere } from './borrowing.ts';
import { besideHeads } from './beside-heads.ts';
import { isSampled, offeredRows } from '../placement/sample.ts';
import { awaitOffer } from './in-sample.ts';
import { planOffered } from './plan-offered.ts';

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
export function placeElastic(ctx: BackfillContext, gang: Gang, ask: Ask, nowMs: number): FilterAnswer {
  const { pod, vector, candidates } = ask;
  const known = keptHold(ctx, ask);
  if (known && candidates.has(known)) return { kind: 'one', node: known };
  if (known && awaitsOffer(ctx, ask, nowMs)) return awaitOffer(ctx, pod, known, nowMs);
  ctx.ledger.dropPodHold(pod.uid);
  const limit = limitOnExtra(ctx, gang, pod, vector);
  if (limit !== undefined) return refuse(limit);
  const paused = extrasPause(ctx, gang, nowMs);
  if (paused !== undefined) return refuse(paused);
  return placeAnew(ctx, gang, ask, nowMs);
}

/** The node that the pod was answered before; undefined: none, or it asks something else now. */
function keptHold({ ledger }: BackfillContext, { pod, vector }: Ask): string | undefined {
  const known = ledger.podHoldOf(pod.uid);
  const isSame = known?.vector.length === vector.length && known.vector.every((amount, c) => amount === vector[c]);
  return isSame ? known.node : undefined;
}

/** Whether the pod has been nominated, and may yet be offered its node. */
const awaitsOffer = ({ nominees, cluster }: BackfillContext, { pod, candidates }: Ask, nowMs: number): boolean =>
  nominees.has(pod.uid) && !nominees.isInVain(pod.uid, nowMs) && isSampled(cluster, candidates);

function placeAnew(ctx: BackfillContext, gang: Gang, ask: Ask, nowMs: number): FilterAnswer {
  const { ledger, cluster } = ctx;
  const { pod, vector, candidates } = ask;
  const { role } = pod.membership;
  const needs = [needOf(cluster, gang, { role, count: 1, vector })];
  const request = { needs, policy: gang.policy, siblings: siblingRows(cluster, gang) };
  const mayWait = isSampled(cluster, candidates) && !ctx.nominees.isInVain(pod.uid, nowMs);
  const found = planOffered(ctx, request, { offered: offeredRows(cluster, candidates), mayWait });
  if (found.plan.kind === 'short') return refuse('no room for a member beyond the minimum');
  const { rows } = found.plan;
  const isLent = gang.policy.queue.extras === 'lend';
  const passage = isLent ? besideHeads(ctx, gang, { request: found.request, rows }, nowMs) : undefined;
  if (passage?.kind === 'later') return refuse('no spare room for a member beyond the minimum');
  const row = (passage ?? found.plan).rows[0]![0]!;
  if (isNeededElsewhere(ctx, { gang, vector }, row, nowMs)) return refuse('room is needed by a queue within its share');
  for (const head of passage?.passed ?? []) take(head, passage!.places);
  const node = cluster.table.nameAt(row);
  ctx.loans.podStarts(pod.uid, passage?.loan);
  ledger.holdForPod({ podUid: pod.uid, gang: gang.key, role, node, vector });
  return candidates.has(node, row) ? { kind: 'one', node } : awaitOffer(ctx, pod, node, nowMs);
}

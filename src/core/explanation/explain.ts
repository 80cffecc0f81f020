import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import { isBlocking } from '../gang/blocking.ts';
import { emptyRoom, requestOf } from '../gang/feasibility.ts';
import { countSlots, isAdmitted, phaseOf, refOf, refusalOf, type Gang } from '../gang/gang.ts';
import { leaderNeeds, needOf, requiredOf } from '../gang/needs.ts';
import type { Role } from '../model.ts';
import type { Need } from '../placement/need.ts';
import { priorityTerms } from '../gang/priority.ts';
import { adviceFor } from './advice.ts';
import { askedForRoom } from './asked-for-room.ts';
import type { ExplanationContext } from './context.ts';
import { dynamicRolesAdvice } from './dynamic-roles.ts';
import type { Slices } from '../work.ts';
import { makingRoom, makingRoomAdvice, makingRoomBriefly } from './making-room.ts';
import { endTimeOf, forecastViewOf, startTimeOf } from './run-time.ts';
import type { Explanation, GangSummary, RoleExplanation } from './explanation.ts';
import { otherQueues, otherQueuesText } from './other-queues.ts';
import { standingAdvice, standingAmong } from './queue-standing.ts';
import { placesIn, refusedNodes, shortages } from './shortage.ts';
import { startsNowTest } from './starts-now.ts';

/** All gangs in no particular order, including those whose declaration is wrong. */
export function summaries(ctx: PreemptionContextView): readonly GangSummary[] {
  return [...[...ctx.gangs.values()].map((gang) => summaryOf(ctx, gang)), ...problemSummaries(ctx)];
}

/** The explanation of one gang, in slices. @returns undefined if there is no gang of that key */
export function* explain(ctx: ExplanationContext, key: string, nowMs: number): Slices<Explanation | undefined> {
  const gang = ctx.gangs.get(key);
  if (!gang) return explainProblem(ctx, key, nowMs);
  // First, because the cluster may change meanwhile: the rest is then of one moment.
  const preemption = yield* makingRoom(ctx, gang, nowMs);
  const start = yield* startTimeOf(ctx, key, nowMs);
  const elsewhere = yield* otherQueues(ctx, gang, nowMs);
  const summary = summaryOf(ctx, gang);
  const needs = isAdmitted(gang) ? [] : leaderNeeds(ctx.cluster, gang);
  const roles = gang.spec.roles.map((role) => explainRole(ctx, gang, role, needs));
  const ahead = isAdmitted(gang) ? [] : ctx.queues.aheadOf(gang);
  const standing = isAdmitted(gang) ? undefined : standingAmong(ctx, gang);
  const terms = priorityTerms(ctx, gang, nowMs);
  const evictions = preemption ? makingRoomAdvice(preemption, gang.policy.name, nowMs) : [];
  return {
    ...summary,
    roles,
    priorityTerms: terms,
    ...(preemption ? { preemption } : {}),
    ...(start ? { start: { ...start, promisedMs: ctx.promises.promisedTo(key) } } : {}),
    ...(isAdmitted(gang) ? { ends: endTimeOf(ctx, gang, nowMs) } : { patienceMs: gang.patienceMs }),
    forecast: forecastViewOf(ctx, gang),
    placed: gang.slots.map(({ role, node, state, podUid: pod }) => ({ role, node, state, pod })),
    ahead: ahead.map((other) => ({ gang: other.key, blocks: isBlocking(other, nowMs) })),
    ...(standing ? { standing } : {}),
    otherQueues: elsewhere,
    advice: [
      ...(gang.queueNote === undefined ? [] : [gang.queueNote]),
      ...(standing ? standingAdvice(ctx, gang, standing) : []),
      ...adviceFor(ctx, gang, roles, { nowMs, startsNow: startsNowTest(ctx, gang, nowMs) }),
      ...otherQueuesText(elsewhere),
      ...evictions,
      ...askedForRoom(ctx, gang, nowMs),
      ...dynamicRolesAdvice(gang),
      ...(gang.leader.priorityRequest?.mistakes ?? []),
    ],
  };
}

/**
 * The advice of the explanation without a search for victims: cheap enough for every Event.
 * @returns undefined if the gang does not wait, or there is none of that key
 */
export function briefAdvice(ctx: PreemptionContextView, key: string, nowMs: number): readonly string[] | undefined {
  const gang = ctx.gangs.get(key);
  if (!gang) return explainProblem(ctx, key, nowMs)?.advice;
  if (isAdmitted(gang)) return undefined;
  const needs = leaderNeeds(ctx.cluster, gang);
  const roles = gang.spec.roles.map((role) => explainRole(ctx, gang, role, needs));
  const mistakes = gang.leader.priorityRequest?.mistakes ?? [];
  const standing = standingAdvice(ctx, gang, standingAmong(ctx, gang));
  return [...standing, ...adviceFor(ctx, gang, roles, { nowMs }), ...makingRoomBriefly(ctx, gang, nowMs), ...mistakes];
}

function summaryOf({ cluster, ledger }: PreemptionContextView, gang: Gang): GangSummary {
  const slots = countSlots(gang);
  let elastic = 0;
  if (isAdmitted(gang)) for (const uid of cluster.boundMembers(gang.key).keys()) if (!ledger.slotOf(uid)) elastic++;
  const refusal = refusalOf(gang);
  return {
    gang: gang.key,
    phase: phaseOf(gang, slots),
    queue: gang.queue.path,
    priority: gang.priority,
    policy: gang.policy.name,
    leader: refOf(gang.leader),
    sinceMs: gang.firstAskMs,
    slots,
    elastic,
    ...(refusal ? { reason: refusal.reason } : {}),
  };
}

/** @param needs what the gang lacks to start; none if it is admitted */
export function explainRole(
  ctx: PreemptionContextView,
  gang: Gang,
  role: Role,
  needs: readonly Need[],
): RoleExplanation {
  const { cluster } = ctx;
  const waiting = needs.find((need) => need.role === role.name);
  const need = waiting ?? needOf(cluster, gang, { role: role.name, count: role.min });
  return {
    role: role.name,
    count: role.count,
    min: role.min,
    request: role.request,
    nodes: refusedNodes(cluster, requiredOf(gang, role)),
    places: {
      now: placesIn(cluster, cluster.table.free, need),
      empty: placesIn(cluster, emptyRoom(cluster, gang), need),
    },
    short: waiting ? shortages(cluster, waiting, requestOf(gang, waiting)) : [],
  };
}

const NO_SLOTS = { unplaced: 0, reserved: 0, assumed: 0, bound: 0 };

function problemSummaries(ctx: PreemptionContextView): GangSummary[] {
  return [...ctx.problems.values()].map(({ pod, sinceMs, reason }) => ({
    gang: pod.membership?.gang ?? '',
    phase: 'waiting',
    queue: '',
    priority: pod.priority,
    policy: ctx.policyOf(pod).name,
    leader: refOf(pod),
    sinceMs,
    slots: NO_SLOTS,
    elastic: 0,
    reason,
  }));
}

/** A gang object (Spark's ConfigMap) appears within a second; after this time the advice says what may be wrong. */
const AWAITED_WITHIN_MS = 60_000;

function explainProblem(ctx: PreemptionContextView, key: string, nowMs: number): Explanation | undefined {
  const summary = problemSummaries(ctx).find(({ gang }) => gang === key);
  if (!summary) return undefined;
  const { reason = '', sinceMs, leader } = summary;
  const isAwaited = ctx.problems.get(leader.uid)?.pod.membership?.awaits !== undefined;
  const isLate = isAwaited && nowMs - sinceMs > AWAITED_WITHIN_MS;
  const late = isLate ? ['It is still missing after 60 s: it was deleted, or muster may not list it.'] : [];
  return {
    ...summary,
    roles: [],
    placed: [],
    ahead: [],
    otherQueues: [],
    priorityTerms: [],
    advice: [`${reason}.`, ...late],
  };
}

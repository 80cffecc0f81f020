import type { PodInfo } from '../model.ts';
import type { DeadlineCurve } from '../policy/policy.ts';
import type { GangContext, GangContextView } from './context.ts';
import type { Gang } from './gang.ts';
import { reprioritize } from './transitions.ts';

/** One reason for a gang's priority, and how many points it adds. */
export interface PriorityTerm {
  readonly because: 'class' | 'annotation' | 'policy' | 'queue' | 'deadline';
  readonly points: number;
}

/**
 * How important a pod is by itself: what its PriorityClass is worth now, or else what admission wrote into the pod when
 * it was created.
 */
export function ownPriority(classes: ReadonlyMap<string, number>, { evictionTraits, priority }: PodInfo): number {
  return classes.get(evictionTraits?.priorityClass ?? '') ?? priority;
}

/** What a gang's effective priority consists of; terms of 0 points are left out, apart from the first. */
export function priorityTerms(
  { classes }: Pick<GangContextView, 'classes'>,
  gang: Gang,
  nowMs: number,
): readonly PriorityTerm[] {
  const { leader, policy, spec } = gang;
  const own = ownPriority(classes, leader);
  const rest: PriorityTerm[] = [
    { because: 'annotation', points: requestedPriority(classes, gang, own) - own },
    { because: 'policy', points: policy.priority.add },
    { because: 'queue', points: policy.priority.queues.get(spec.queue) ?? 0 },
    { because: 'deadline', points: deadlineBoost(gang, nowMs) },
  ];
  return [{ because: 'class', points: own }, ...rest.filter(({ points }) => points !== 0)];
}

/** The annotation may always lower the priority; it raises it no further than the policy lets it. */
function requestedPriority(classes: ReadonlyMap<string, number>, { leader, policy }: Gang, own: number): number {
  const wish = leader.priorityRequest?.priority;
  const value = typeof wish === 'string' ? classes.get(wish) : wish;
  if (value === undefined) return own;
  return Math.min(value, Math.max(own, policy.priority.raiseTo));
}

/** What the gang's deadline adds at this time, in whole points. */
function deadlineBoost(gang: Gang, nowMs: number): number {
  const { deadline } = gang.policy;
  const slack = slackOf(gang, nowMs);
  if (slack === undefined || deadline.boost === 0) return 0;
  if (deadline.late === 'drop' && nowMs > (gang.leader.priorityRequest?.deadlineMs ?? Infinity)) return 0;
  return Math.round(deadline.boost * shareAt(deadline, slack));
}

function shareAt({ from, full }: DeadlineCurve, slack: number): number {
  return Math.min(1, Math.max(0, (from - slack) / (from - full)));
}

/** What is left until the deadline after what the gang still has to run, in multiples of its expected duration. */
export function slackOf({ leader, policy, startedMs }: Gang, nowMs: number): number | undefined {
  const deadlineMs = leader.priorityRequest?.deadlineMs;
  if (deadlineMs === undefined) return undefined;
  const expectedMs = leader.priorityRequest?.expectedMs ?? policy.deadline.expectedMs;
  const ranMs = startedMs === undefined ? 0 : Math.max(0, nowMs - startedMs);
  return (deadlineMs - nowMs - Math.max(0, expectedMs - ranMs)) / expectedMs;
}

/** Brings the gang's effective priority up to date. */
export function updatePriority(ctx: GangContext, gang: Gang, nowMs: number): void {
  const terms = priorityTerms(ctx, gang, nowMs);
  reprioritize(
    ctx,
    gang,
    terms.reduce((sum, { points }) => sum + points, 0),
  );
}

/** Brings every gang's priority up to date. */
export function updatePriorities(ctx: GangContext, nowMs: number): void {
  for (const gang of ctx.gangs.values()) updatePriority(ctx, gang, nowMs);
}

/** Time changes the priority of gangs that have a deadline. */
export function updateDeadlinePriorities(ctx: GangContext, nowMs: number): void {
  for (const gang of ctx.gangs.values())
    if (gang.leader.priorityRequest?.deadlineMs !== undefined) updatePriority(ctx, gang, nowMs);
}

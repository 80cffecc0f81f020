import type { PodInfo } from '../model.ts';
import type { DeadlineCurve } from '../policy/policy.ts';
import type { GangContext, GangContextView } from './context.ts';
import type { Gang } from './gang.ts';
import { reprioritize } from './transitions.ts';

/** One term of a gang's priority, with the points that it adds. */
export interface PriorityTerm {
  readonly because: 'class' | 'annotation' | 'policy' | 'queue' | 'deadline';
  readonly points: number;
}

/**
 * The priority of a pod by itself: the present value of its PriorityClass, or spec.priority, which admission wrote when
 * the pod was created.
 */
export function ownPriority(
  classes: ReadonlyMap<string, number>,
  { evictionTraits, priority }: Pick<PodInfo, 'evictionTraits' | 'priority'>,
): number {
  return classes.get(evictionTraits?.priorityClass ?? '') ?? priority;
}

/** The terms of a gang's effective priority. Leaves out terms of 0 points, apart from the first. */
export function priorityTerms(
  { classes }: Pick<GangContextView, 'classes'>,
  gang: Gang,
  nowMs: number,
): readonly PriorityTerm[] {
  const { leader, policy, queue } = gang;
  const own = ownPriority(classes, leader);
  const rest: PriorityTerm[] = [
    { because: 'annotation', points: requestedPriority(classes, gang, own) - own },
    { because: 'policy', points: policy.priority.add },
    { because: 'queue', points: policy.priority.queues.get(queue.path) ?? 0 },
    { because: 'deadline', points: deadlineBoost(gang, nowMs) },
  ];
  return [{ because: 'class', points: own }, ...rest.filter(({ points }) => points !== 0)];
}

/** What the annotation makes of a class value: it may always lower it, and raise it as far as the policy allows. */
export function requestedPriority(
  classes: ReadonlyMap<string, number>,
  { leader, policy }: Pick<Gang, 'leader' | 'policy'>,
  own: number,
): number {
  const requested = leader.priorityRequest?.priority;
  const value = typeof requested === 'string' ? classes.get(requested) : requested;
  if (value === undefined) return own;
  return Math.min(value, Math.max(own, policy.priority.raiseTo));
}

/** The points that the gang's deadline adds now, a whole number. */
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

/** The time until the deadline less the remaining run time, in multiples of the expected duration. */
export function slackOf({ leader, policy, startedMs }: Gang, nowMs: number): number | undefined {
  const deadlineMs = leader.priorityRequest?.deadlineMs;
  if (deadlineMs === undefined) return undefined;
  const expectedMs = leader.priorityRequest?.expectedMs ?? policy.deadline.expectedMs;
  const ranMs = startedMs === undefined ? 0 : Math.max(0, nowMs - startedMs);
  return (deadlineMs - nowMs - Math.max(0, expectedMs - ranMs)) / expectedMs;
}

/** Updates the gang's effective priority; call when anything that it depends on may have changed. */
export function updatePriority(ctx: GangContext, gang: Gang, nowMs: number): void {
  if (gang.leader.priorityRequest?.deadlineMs === undefined) ctx.withDeadline.delete(gang);
  else ctx.withDeadline.add(gang);
  const terms = priorityTerms(ctx, gang, nowMs);
  reprioritize(
    ctx,
    gang,
    terms.reduce((sum, { points }) => sum + points, 0),
  );
}

/** Updates every gang's effective priority. */
export function updatePriorities(ctx: GangContext, nowMs: number): void {
  for (const gang of ctx.gangs.values()) updatePriority(ctx, gang, nowMs);
}

/** Updates the effective priority of gangs with a deadline, which changes with time. */
export function updateDeadlinePriorities(ctx: GangContext, nowMs: number): void {
  for (const gang of ctx.withDeadline) updatePriority(ctx, gang, nowMs);
}

import type { Gang } from '../../gang/gang.ts';
import { ownPriority } from '../../gang/priority.ts';
import type { PodInfo } from '../../model.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import type { PreemptionContextView } from './context.ts';

/** Kubernetes' default grace period. */
export const USUAL_GRACE_MS = 30_000;

/** The exclusion rules: why a pod may not be a victim. */
export const EXCLUSION_RULES = [
  'priority',
  'scheduler',
  'queue',
  'pinned',
  'refused',
  'grace period',
  'minimum runtime',
  'whole gangs',
  'disruption budget',
  'budget per minute',
  'budget per queue',
  'budget per gang',
  'too large to search',
] as const;
export type ExclusionRule = (typeof EXCLUSION_RULES)[number];

/** The gang or pod that would preempt. */
export interface Preemptor {
  readonly ctx: Pick<PreemptionContextView, 'classes' | 'schedulerNames' | 'evictions'>;
  readonly rules: PreemptionRules;
  /** The effective priority. */
  readonly priority: number;
  readonly nowMs: number;
  /** Namespaces whose long grace periods protect no longer; absent: none. */
  readonly overruled?: ReadonlySet<string>;
}

/** The priority level of a pod as a victim: the priority of its gang, or its own. */
export function priorityLevelOf(
  { classes }: Pick<PreemptionContextView, 'classes'>,
  pod: PodInfo,
  gang: Gang | undefined,
): number {
  return gang ? gang.priority : ownPriority(classes, pod);
}

/** Whether its grace period is longer than that of any victim. */
export const hasLongGrace = (
  { evictionTraits }: PodInfo,
  { maxGraceMs }: Pick<PreemptionRules, 'maxGraceMs'>,
): boolean => (evictionTraits?.graceMs ?? USUAL_GRACE_MS) > maxGraceMs;

/** The rule that excludes the pod, whatever else is selected. @param gang the pod's own; undefined: it is in none */
export function exclusionOf(
  { ctx, rules, priority, nowMs, overruled }: Preemptor,
  pod: PodInfo,
  gang: Gang | undefined,
): ExclusionRule | undefined {
  if (priorityLevelOf(ctx, pod, gang) + rules.priorityGap > priority) return 'priority';
  if (pod.evictionTraits?.isPinned) return 'pinned';
  if (!gang && rules.victims !== 'any' && (rules.victims === 'gangs' || !ctx.schedulerNames.has(pod.schedulerName)))
    return 'scheduler';
  if (rules.queues.length > 0 && !(gang && rules.queues.includes(gang.spec.queue))) return 'queue';
  if (hasLongGrace(pod, rules) && !overruled?.has(pod.namespace)) return 'grace period';
  return ctx.evictions.isRefused(pod.uid, nowMs) ? 'refused' : undefined;
}

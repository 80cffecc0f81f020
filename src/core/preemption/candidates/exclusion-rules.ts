import { claimOf } from '../../gang/claim.ts';
import type { Gang } from '../../gang/gang.ts';
import type { Loan } from '../../gang/loans.ts';
import { ownPriority } from '../../gang/priority.ts';
import type { PodInfo } from '../../model.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import type { PreemptionContextView } from './context.ts';
import { USUAL_GRACE_MS, type JudgedPod } from './judged-pod.ts';
import { leafOf, queueClaimOf, SHARE_RULES, type Means, type QueueClaim, type Right } from './share-rules.ts';

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
  ...SHARE_RULES,
] as const;
export type ExclusionRule = (typeof EXCLUSION_RULES)[number];

/** The gang or pod that would preempt. */
export interface Preemptor {
  readonly ctx: Pick<PreemptionContextView, 'classes' | 'schedulerNames' | 'evictions' | 'loans' | 'usage'>;
  readonly rules: PreemptionRules;
  /** The effective priority. */
  readonly priority: number;
  /** The gang, if its policy wants back in time what it has lent; undefined: it does not, or a pod of no gang preempts. */
  readonly lender: Gang | undefined;
  readonly nowMs: number;
  /** Namespaces whose long grace periods protect no longer; absent: none. */
  readonly overruled?: ReadonlySet<string>;
  /** What it may take from other queues; absent: priority alone decides. */
  readonly claim?: QueueClaim | undefined;
}

export interface PreemptorTerms {
  /** Absent: those of its policy. */
  readonly rules?: PreemptionRules;
  /** Absent: whatever its queue and its policy could allow. */
  readonly means?: Means | undefined;
  /** Columns of which there is too little for it; absent: all that it asks. */
  readonly lacks?: readonly number[];
  /** Pods that are being deleted still count as held; absent: as gone. */
  readonly withDeleting?: boolean;
}

/** The gang as one that would preempt. */
export function preemptorOf(
  ctx: PreemptionContextView,
  gang: Gang,
  nowMs: number,
  { rules = gang.policy.preemption, means = ALL_MEANS, ...more }: PreemptorTerms = {},
): Preemptor & { readonly ctx: PreemptionContextView } {
  const lender = gang.policy.queue.overrun === 'return' ? gang : undefined;
  const priority = claimOf(ctx, gang);
  const claim = queueClaimOf(ctx, gang, { priority, means, ...more });
  return { ctx, rules, priority, lender, nowMs, claim };
}

const ALL_MEANS: Means = { priority: true, share: true };

/** The priority level of a pod as a victim: the priority of its gang, or its own. */
export function priorityLevelOf(
  { classes }: Pick<PreemptionContextView, 'classes'>,
  pod: JudgedPod,
  gang: Gang | undefined,
): number {
  return gang ? gang.priority : ownPriority(classes, pod);
}

/** Whether its grace period is longer than that of any victim. */
export const hasLongGrace = (
  { evictionTraits }: Pick<PodInfo, 'evictionTraits'>,
  { maxGraceMs }: Pick<PreemptionRules, 'maxGraceMs'>,
): boolean => (evictionTraits?.graceMs ?? USUAL_GRACE_MS) > maxGraceMs;

type Claimant = Pick<Preemptor, 'rules' | 'lender' | 'nowMs'> & { readonly ctx: Pick<PreemptionContextView, 'loans'> };

/**
 * What the gang, or this pod of it, has borrowed from the preemptor and should have returned by now. Only in the
 * preemptor's own queue.
 */
export function overdueLoan({ ctx, lender, nowMs }: Claimant, gang: Gang | undefined, uid?: string): Loan | undefined {
  if (!lender || gang?.queue !== lender.queue) return undefined;
  return ctx.loans.overdue(gang.key, uid, lender, nowMs);
}

/** By how much, at least, the victim's priority must be lower: who is overdue may be as important as the lender. */
export const priorityGap = (preemptor: Claimant, gang: Gang | undefined, uid?: string): number =>
  overdueLoan(preemptor, gang, uid) ? 0 : preemptor.rules.priorityGap;

/** Whether the pod is too important to be a victim. @param gang the pod's own; undefined: it is in none */
export const isTooImportant = (preemptor: Preemptor, pod: JudgedPod, gang: Gang | undefined): boolean =>
  priorityLevelOf(preemptor.ctx, pod, gang) + priorityGap(preemptor, gang, pod.uid) > preemptor.priority;

type Verdict = ReturnType<QueueClaim['verdictOn']>;

/** By what right the pod may be a victim, or which rule keeps it. @param gang the pod's own; undefined: it is in none */
function verdictOn(preemptor: Preemptor, pod: JudgedPod, gang: Gang | undefined): Verdict {
  const isLower = !isTooImportant(preemptor, pod, gang);
  if (preemptor.claim) return preemptor.claim.verdictOn(leafOf(preemptor.ctx, pod, gang), isLower);
  return isLower ? LOWER : NOT_LOWER;
}

const LOWER: Verdict = { right: 'priority' };
const NOT_LOWER: Verdict = { rule: 'priority' };

/** By what right a pod may be a victim that a search has made a candidate. */
export function rightOver(preemptor: Preemptor, pod: JudgedPod, gang: Gang | undefined): Right {
  const verdict = verdictOn(preemptor, pod, gang);
  return 'right' in verdict ? verdict.right : 'priority';
}

/** The rule that excludes the pod, whatever else is selected. @param gang the pod's own; undefined: it is in none */
export function exclusionOf(preemptor: Preemptor, pod: JudgedPod, gang: Gang | undefined): ExclusionRule | undefined {
  const { ctx, rules, nowMs, overruled } = preemptor;
  const verdict = verdictOn(preemptor, pod, gang);
  if ('rule' in verdict) return verdict.rule;
  if (pod.evictionTraits?.isPinned) return 'pinned';
  if (!gang && rules.victims !== 'any' && (rules.victims === 'gangs' || !ctx.schedulerNames.has(pod.schedulerName)))
    return 'scheduler';
  // Between queues it is reclaim.from that says which.
  const isOpen = rules.queues.length === 0 || (gang !== undefined && rules.queues.includes(gang.queue.path));
  if (verdict.right === 'priority' && !isOpen) return 'queue';
  if (hasLongGrace(pod, rules) && !overruled?.has(pod.namespace)) return 'grace period';
  return ctx.evictions.isRefused(pod.uid, nowMs) ? 'refused' : undefined;
}

import type { ClusterView } from '../../cluster/cluster.ts';
import type { PodInfo } from '../../model.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import type { DisruptionBudgets } from './disruption-budgets.ts';
import { hasLongGrace } from './exclusion-rules.ts';

/** What keeps a pod from being evicted: the last two are written by whoever may create pods and disruption budgets. */
type ProtectedBy = 'owner' | 'grace period' | 'disruption budget';

interface Context {
  readonly cluster: ClusterView;
  readonly disruptionBudgets: Pick<DisruptionBudgets, 'of'>;
}

/** The pods of one namespace that cannot be evicted. */
export interface ProtectedPods {
  /** How many, by what protects them first. */
  readonly pods: ReadonlyMap<ProtectedBy, number>;
  /** What those that a grace period or a disruption budget protects hold of the cluster: of the resource of which they
   * hold the largest share; 0..1. */
  readonly share: number;
}

/** What keeps the pod from being evicted now; undefined: nothing does. */
function protectedBy({ disruptionBudgets }: Context, pod: PodInfo, maxGraceMs: number): ProtectedBy | undefined {
  if (pod.evictionTraits?.isPinned) return 'owner';
  if (hasLongGrace(pod, { maxGraceMs })) return 'grace period';
  const budgets = disruptionBudgets.of(pod);
  // The Eviction API refuses a pod that has several budgets.
  return budgets.length > 1 || budgets.some(({ allowed }) => allowed === 0) ? 'disruption budget' : undefined;
}

/** Pods between two pauses of a pass: some milliseconds. */
const PODS_PER_STEP = 5000;

/**
 * The protected pods by namespace, in one pass over the pods, which may pause at every step.
 * @param maxGraceMs the longest grace period of a victim
 */
export function* protectedPods(ctx: Context, maxGraceMs: number): Generator<void, ReadonlyMap<string, ProtectedPods>> {
  const { boundPods, table } = ctx.cluster;
  let seen = 0;
  const found = new Map<string, { readonly pods: Map<ProtectedBy, number>; readonly held: Float64Array }>();
  for (const { pod, vector, isLeaving } of boundPods.values()) {
    if (++seen % PODS_PER_STEP === 0) yield;
    if (isLeaving || pod.deleting) continue;
    const by = protectedBy(ctx, pod, maxGraceMs);
    if (by === undefined) continue;
    let tally = found.get(pod.namespace);
    if (!tally)
      found.set(pod.namespace, (tally = { pods: new Map(), held: new Float64Array(table.allocatable.length) }));
    tally.pods.set(by, (tally.pods.get(by) ?? 0) + 1);
    if (by !== 'owner') for (let c = 0; c < vector.length; c++) tally.held[c]! += vector[c]!;
  }
  if (found.size === 0) return new Map();
  const total = table.allocatable.map((column) => column.reduce((sum, amount) => sum + amount, 0));
  const shareOf = (held: Float64Array) =>
    // A resource that came during a pause is counted the next time.
    total.reduce((most, amount, c) => (amount > 0 ? Math.max(most, (held[c] ?? 0) / amount) : most), 0);
  return new Map([...found].map(([namespace, { pods, held }]) => [namespace, { pods, share: shareOf(held) }]));
}

/** The namespaces whose protected pods hold more than the policy allows: their long grace periods and disruption
 * budgets protect them no longer. */
export function overruledNamespaces(ctx: Context, rules: PreemptionRules): ReadonlySet<string> {
  const { protectedShare, maxGraceMs } = rules;
  // Nobody holds more than everything.
  if (protectedShare >= 1) return NONE;
  const pass = protectedPods(ctx, maxGraceMs);
  let step = pass.next();
  while (!step.done) step = pass.next();
  const over = [...step.value].filter(([, { share }]) => share > protectedShare);
  return new Set(over.map(([namespace]) => namespace));
}

const NONE: ReadonlySet<string> = new Set();

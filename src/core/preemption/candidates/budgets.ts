import type { PodInfo } from '../../model.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import type { Candidate } from './candidate.ts';
import type { PreemptionContextView } from './context.ts';
import type { ExclusionRule } from './exclusion-rules.ts';
import type { QueueClaim } from './share-rules.ts';
import { SharesTaken } from './shares-taken.ts';
import { sparesYoung } from './victim-gang.ts';

export interface BudgetsInput {
  readonly rules: PreemptionRules;
  readonly ctx: Pick<PreemptionContextView, 'cluster' | 'evictions' | 'disruptionBudgets'>;
  readonly nowMs: number;
  /** Namespaces whose disruption budgets protect no longer; absent: none. */
  readonly overruled?: ReadonlySet<string>;
  /** What the gang may take from other queues; absent: priority alone decides. */
  readonly claim?: QueueClaim | undefined;
}

/** Counts the victims that one search selects against all budgets. */
export class Budgets {
  readonly #input: BudgetsInput;
  /** Including the evictions of the last minute. */
  readonly #perQueue = new Map<string, number>();
  readonly #perBudget = new Map<string, number>();
  readonly #lately: number;
  /** What is taken from other queues. */
  readonly shares: SharesTaken | undefined;
  #pods = 0;

  constructor(input: BudgetsInput) {
    this.#input = input;
    const {
      ctx: { evictions, cluster },
      nowMs,
    } = input;
    this.#lately = evictions.lately(nowMs);
    this.shares = input.claim && new SharesTaken(input.claim);
    // The API server has not counted victims that muster has selected and not yet evicted.
    for (const uid of evictions.beneficiary.keys()) {
      const victim = cluster.boundPod(uid)?.pod;
      if (victim && !victim.deleting) this.#countBudgets(victim, 1);
    }
  }

  /** The rule that excludes the candidate together with these others now; undefined: none does. */
  forbids(candidate: Candidate, others: readonly Candidate[], isNeeded: boolean): ExclusionRule | undefined {
    const between = this.shares?.forbids(candidate, others);
    if (between !== undefined || candidate.kind === 'reservation') return between;
    const { rules } = this.#input;
    if (candidate.isYoung && isTooYoung(candidate)) return 'minimum runtime';
    if (isNeeded && candidate.kind === 'pod' && candidate.gang?.hasSingleRole) return 'whole gangs';
    const pods = (candidate.bound ? 1 : 0) + others.length;
    if (this.#lately + this.#pods + pods > rules.budget.perMinute) return 'budget per minute';
    return (
      this.#overQueue(candidate, pods) ?? this.#overGang(candidate) ?? this.#overDisruption([candidate, ...others])
    );
  }

  /** Whether the budget per minute allows no further pod. */
  get isSpent(): boolean {
    return this.#lately + this.#pods >= this.#input.rules.budget.perMinute;
  }

  count(candidate: Candidate, change: 1 | -1): void {
    this.shares?.count(candidate, change);
    if (!candidate.bound) return;
    this.#pods += change;
    const queue = queueOf(candidate);
    this.#perQueue.set(queue, this.#ofQueue(queue) + change);
    this.#countBudgets(candidate.bound.pod, change);
  }

  #overQueue(candidate: Candidate, pods: number): ExclusionRule | undefined {
    const { rules } = this.#input;
    const queue = queueOf(candidate);
    return this.#ofQueue(queue) + pods > rules.budget.perQueue ? 'budget per queue' : undefined;
  }

  /** Counted once per search: a search changes no history. */
  #ofQueue(queue: string): number {
    let count = this.#perQueue.get(queue);
    if (count === undefined) {
      const { ctx, nowMs } = this.#input;
      this.#perQueue.set(queue, (count = ctx.evictions.lately(nowMs, queue)));
    }
    return count;
  }

  /** A gang that is evicted whole has no budget. */
  #overGang({ kind, gang }: Candidate): ExclusionRule | undefined {
    if (!gang || kind === 'gang' || gang.isWhole) return undefined;
    const { rules, nowMs } = this.#input;
    const { losses } = gang.gang;
    const since = nowMs - rules.budget.gangWindowMs;
    let lost = 0;
    while (lost < losses.length && losses[losses.length - 1 - lost]! > since) lost++;
    return lost + gang.lost + 1 > rules.budget.perGang ? 'budget per gang' : undefined;
  }

  #overDisruption(candidates: readonly Candidate[]): ExclusionRule | undefined {
    const { ctx, overruled } = this.#input;
    const { disruptionBudgets } = ctx;
    if (disruptionBudgets.isEmpty) return undefined;
    const asked = new Map<string, number>();
    for (const { bound } of candidates) {
      const budgets = bound && !overruled?.has(bound.pod.namespace) ? disruptionBudgets.of(bound.pod) : [];
      // The Eviction API refuses a pod that has several (pkg/registry/core/pod/storage/eviction.go, 1.36).
      if (budgets.length > 1) return 'disruption budget';
      for (const { key, allowed } of budgets) {
        const now = (asked.get(key) ?? this.#perBudget.get(key) ?? 0) + 1;
        if (now > allowed) return 'disruption budget';
        asked.set(key, now);
      }
    }
    return undefined;
  }

  #countBudgets(pod: PodInfo, change: 1 | -1): void {
    if (this.#input.ctx.disruptionBudgets.isEmpty) return;
    for (const { key } of this.#input.ctx.disruptionBudgets.of(pod))
      this.#perBudget.set(key, (this.#perBudget.get(key) ?? 0) + change);
  }
}

/** Elastic members may be young. Which of a gang's victims are the elastic ones does not depend on their order. */
const isTooYoung = (candidate: Candidate): boolean =>
  !candidate.isGivenUp && !(candidate.kind === 'pod' && candidate.members && sparesYoung(candidate.members));

const queueOf = ({ gang }: Candidate) => gang?.gang.queue.path ?? '';

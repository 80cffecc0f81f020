import type {
  FilterOutcome,
  FilterRequest,
  NodeScore,
  PreemptAnswer,
  PreemptRequest,
  SchedulerStats,
} from './decision.ts';
import type { Effect } from './effects.ts';
import type { ClusterEvent } from './model.ts';
import type { Policy } from './policy/policy.ts';

export interface SchedulerOptions {
  /** In the order of the file; a default policy follows the last. */
  readonly policies: readonly Policy[];
  /** Pods of these schedulers that are in no gang are scored by prioritize; others are left alone. */
  readonly schedulerNames: readonly string[];
}

/** The façade of the core (being built). */
export declare class Scheduler {
  constructor(options: SchedulerOptions);
  observe(event: ClusterEvent, nowMs: number): readonly Effect[];
  filter(request: FilterRequest, nowMs: number): FilterOutcome;
  prioritize(request: FilterRequest, nowMs: number): readonly NodeScore[];
  preempt(request: PreemptRequest, nowMs: number): PreemptAnswer;
  /** Expires slots; call about once a second. */
  tick(nowMs: number): readonly Effect[];
  setPolicies(policies: readonly Policy[]): void;
  stats(): SchedulerStats;
  /** Throws MUSTER_INVARIANT_BROKEN where the state contradicts itself. */
  checkInvariants(): void;
}

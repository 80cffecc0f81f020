import {
  DEFAULT_RECLAIM,
  OPEN_TENANCY,
  plainQueue,
  type Quota,
  type QueueSpec,
  type ReclaimRules,
  type Tenancy,
} from '../../src/core/policy/tenancy.ts';

/** So many cores, and what else is said. */
export const cores = (cpu: number, more: Readonly<Record<string, number>> = {}): Quota => ({
  amounts: new Map([['cpu', Math.round(cpu * 1000)], ...Object.entries(more)]),
  shares: new Map(),
});

export type QueueOptions = Omit<Partial<QueueSpec>, 'name' | 'queues' | 'reclaim'> & {
  readonly reclaim?: Partial<ReclaimRules>;
  readonly queues?: readonly QueueSpec[];
};

/** A queue; its victims may be reclaimed at once unless said. */
export const queue = (name: string, { reclaim = {}, ...more }: QueueOptions = {}): QueueSpec => ({
  ...plainQueue(name),
  ...more,
  reclaim: { ...DEFAULT_RECLAIM, mode: 'enforce', afterMs: 0, patienceMs: 0, ...reclaim },
});

/** Queues that share cpu alone. */
export const tenancyOf = (queues: readonly QueueSpec[], fairness: Partial<Tenancy['fairness']> = {}): Tenancy => ({
  ...OPEN_TENANCY,
  queues,
  fairness: { ...OPEN_TENANCY.fairness, resources: ['cpu'], priority: 'within', ...fairness },
});

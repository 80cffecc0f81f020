import type { Fairness, Quota, QueueSpec, Tenancy } from '../../src/core/policy/tenancy.ts';
import { cpu as quotaOfCpu, queue as plain, tenancyOf as anyTenancy, type QueueOptions } from './tenancies.ts';

export type { QueueOptions };

/** So many cores, and what else is said. */
export const cores = (cpu: number, more: Readonly<Record<string, number>> = {}): Quota => ({
  amounts: new Map([...quotaOfCpu(cpu).amounts, ...Object.entries(more)]),
  shares: new Map(),
});

/** A queue; its victims may be reclaimed at once unless said. */
export const queue = (name: string, { reclaim = {}, ...more }: QueueOptions = {}): QueueSpec =>
  plain(name, { ...more, reclaim: { mode: 'enforce', afterMs: 0, patienceMs: 0, ...reclaim } });

/** Queues that share cpu alone. */
export const tenancyOf = (queues: readonly QueueSpec[], fairness: Partial<Fairness> = {}): Tenancy =>
  anyTenancy(queues, { resources: ['cpu'], ...fairness });

import {
  OPEN_TENANCY,
  plainQueue,
  type Fairness,
  type QueueRule,
  type Quota,
  type QueueSpec,
  type Tenancy,
} from '../../src/core/policy/tenancy.ts';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.ts';
import type { NodeInfo } from '../../src/core/model.ts';
import { World } from './world.ts';

/** A quota of so many cores. */
export const cores = (count: number): Quota => ({ amounts: new Map([['cpu', count * 1000]]), shares: new Map() });

export interface QueueOptions extends Partial<Omit<QueueSpec, 'name' | 'guaranteed' | 'max' | 'lend'>> {
  /** In cores. */
  readonly guaranteed?: number;
  readonly max?: number;
  readonly lend?: number;
}

/** A queue as the file would say it, with amounts in cores. */
export function queueSpec(name: string, { guaranteed, max, lend, ...rest }: QueueOptions = {}): QueueSpec {
  return {
    ...plainQueue(name),
    ...rest,
    ...(guaranteed === undefined ? {} : { guaranteed: cores(guaranteed) }),
    ...(max === undefined ? {} : { max: cores(max) }),
    ...(lend === undefined ? {} : { lend: cores(lend) }),
  };
}

/** Queues in which priority counts within each queue alone, as it does in a file that has queues. */
export const tenancyOf = (queues: readonly QueueSpec[], fairness: Partial<Fairness> = {}): Tenancy => ({
  ...OPEN_TENANCY,
  queues,
  fairness: { ...OPEN_TENANCY.fairness, priority: 'within', ...fairness },
});

/** A rule for all pods, but for what is said; those that name a queue which they may use stay in it. */
export const queueRule = (queue: string, only: Partial<QueueRule> = {}): QueueRule => ({
  namespaces: [],
  groups: [],
  labels: new Map(),
  users: [],
  dialects: [],
  force: false,
  ...only,
  queue,
});

/** A world with these queues. */
export function worldWith(nodes: readonly NodeInfo[], tenancy: Tenancy, policy: Partial<Policy> = {}): World {
  const world = new World(nodes, policy);
  world.scheduler.setRules({ policies: [{ ...DEFAULT_POLICY, ...policy }], tenancy }, 0);
  return world;
}

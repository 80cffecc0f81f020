import {
  NO_QUOTA,
  OPEN_TENANCY,
  plainQueue,
  type NamespaceGroup,
  type QueueRule,
  type QueueSpec,
  type Quota,
  type Tenancy,
} from '../../src/core/policy/tenancy.ts';

/** A queue of which the test says only what it is about. */
export const queue = (name: string, said: Partial<QueueSpec> = {}): QueueSpec => ({ ...plainQueue(name), ...said });

export const rule = (to: string, said: Partial<QueueRule> = {}): QueueRule => ({
  namespaces: [],
  groups: [],
  labels: new Map(),
  users: [],
  dialects: [],
  queue: to,
  force: false,
  ...said,
});

export const group = (name: string, namespaces: readonly string[], said: Partial<NamespaceGroup> = {}) => ({
  name,
  namespaces,
  podsPerNamespace: Infinity,
  pods: Infinity,
  podSize: new Map<string, number>(),
  ...said,
});

export const tenancy = (queues: readonly QueueSpec[], said: Partial<Tenancy> = {}): Tenancy => ({
  ...OPEN_TENANCY,
  queues,
  ...said,
});

/** Amounts as they are in Resources: cpu in cores. */
export const cpu = (cores: number): Quota => ({ ...NO_QUOTA, amounts: new Map([['cpu', cores * 1000]]) });

/** A part of what the cluster has of cpu. */
export const cpuShare = (part: number): Quota => ({ ...NO_QUOTA, shares: new Map([['cpu', part]]) });

import {
  DEFAULT_RECLAIM,
  NO_QUOTA,
  OPEN_TENANCY,
  plainQueue,
  type Fairness,
  type NamespaceGroup,
  type QueueRule,
  type QueueSpec,
  type Quota,
  type Rates,
  type ReclaimRules,
  type Tenancy,
} from '../../src/core/policy/tenancy.ts';

/** A quota as a test says it: of cores, of cores, GiB and GPUs or parts of these (`'40%'`), or in full. */
type Said = number | Readonly<Partial<Record<keyof typeof UNITS, number | string>>> | Quota;

/** How tests name resources, and how many of their own unit that is. */
export const UNITS = { cpu: ['cpu', 1000], memoryGib: ['memory', 2 ** 30], gpu: ['nvidia.com/gpu', 1] } as const;

function quota(said: Said): Quota {
  if (typeof said === 'number') return quota({ cpu: said });
  if ('amounts' in said) return said;
  const out = { amounts: new Map<string, number>(), shares: new Map<string, number>() };
  for (const [key, value] of Object.entries(said)) {
    const [name, unit] = UNITS[key as keyof typeof UNITS];
    if (typeof value === 'number') out.amounts.set(name, Math.round(value * unit));
    else out.shares.set(name, parseFloat(value) / 100);
  }
  return out;
}

/** So many cores. */
export const cpu = (cores: number): Quota => quota(cores);

/** A part of what the cluster has of cpu. */
export const cpuShare = (part: number): Quota => ({ ...NO_QUOTA, shares: new Map([['cpu', part]]) });

export interface QueueOptions extends Partial<Omit<QueueSpec, 'name' | 'guaranteed' | 'max' | 'lend' | 'reclaim'>> {
  readonly guaranteed?: Said;
  readonly max?: Said;
  readonly lend?: Said;
  /** What is not said has its default; absent: as the queue above. */
  readonly reclaim?: Partial<ReclaimRules>;
}

/** A queue as the file would say it; say in the test only what it is about. */
export const queue = (name: string, { guaranteed, max, lend, reclaim, ...rest }: QueueOptions = {}): QueueSpec => ({
  ...plainQueue(name),
  ...rest,
  guaranteed: guaranteed === undefined ? NO_QUOTA : quota(guaranteed),
  max: max === undefined ? NO_QUOTA : quota(max),
  lend: lend === undefined ? undefined : quota(lend),
  reclaim: reclaim && { ...DEFAULT_RECLAIM, ...reclaim },
});

/** A rule for all pods, but for what is said; those that name a queue which they may use stay in it. */
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

export const group = (
  name: string,
  namespaces: readonly string[],
  said: Partial<NamespaceGroup> = {},
): NamespaceGroup => ({
  name,
  namespaces,
  podsPerNamespace: Infinity,
  pods: Infinity,
  podSize: new Map(),
  ...said,
});

/** A file that says these queues; with queues, priority counts within each of them alone. */
export const tenancyOf = (queues: readonly QueueSpec[], fairness: Partial<Fairness> = {}): Tenancy => ({
  ...OPEN_TENANCY,
  queues,
  fairness: { ...OPEN_TENANCY.fairness, priority: queues.length > 0 ? 'within' : 'first', ...fairness },
});

/** The same with what else it says. */
export const tenancy = (queues: readonly QueueSpec[], said: Partial<Tenancy> = {}): Tenancy => ({
  ...tenancyOf(queues),
  ...said,
});

/** A file that says this of tenants. */
export const tenancyWith = ({ queues = [], ...said }: Partial<Tenancy>): Tenancy => tenancy(queues, said);

export const ratesWith = (said: Partial<Rates>): Tenancy => tenancyWith({ rates: { ...OPEN_TENANCY.rates, ...said } });

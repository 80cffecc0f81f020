import { z } from 'zod';
import {
  OPEN_TENANCY,
  PRIORITY_REACHES,
  TURN_ORDERS,
  type AddressPool,
  type Fairness,
  type Price,
  type Rates,
  type Tenancy,
} from '../core/policy/tenancy.ts';
import { DIALECT_NAMES } from './dialects/registry.ts';
import { resourceMistake, resources } from './quota-schema.ts';
import { Queue, queueName, toQueueSpec } from './queue-spec-schema.ts';
import { duration, limit, mapOf, namespacePatterns } from './schema-parts.ts';

const MAX_ENTRIES = 1000;
const { fairness: usual } = OPEN_TENANCY;

const texts = z.array(z.string().min(1)).default([]);
const labels = z.record(z.string(), z.string()).default({});

const QueueRule = z.strictObject({
  namespaces: namespacePatterns,
  groups: texts,
  labels,
  users: texts,
  dialects: z.array(z.enum(DIALECT_NAMES)).default([]),
  queue: z.string().min(1).max(500),
  force: z.boolean().default(false),
});

const NamespaceGroup = z.strictObject({
  name: queueName,
  namespaces: namespacePatterns,
  podsPerNamespace: limit,
  pods: limit,
  podSize: resources.default(new Map()),
});

const AUTO = 'expected auto or a list such as [cpu, memory, nvidia.com/gpu]';
const sharedResources = z
  .union([z.literal('auto'), z.array(z.string()).min(1)], { error: AUTO })
  .transform((names, ctx): Fairness['resources'] => {
    if (names === 'auto') return undefined;
    names.forEach((name, i) => {
      const message = resourceMistake(name);
      if (message !== undefined) ctx.issues.push({ code: 'custom', input: name, message, path: [i] });
    });
    return names;
  });

const fairness = z
  .strictObject({
    resources: sharedResources.optional(),
    priority: z.enum(PRIORITY_REACHES).optional(),
    turns: z.enum(TURN_ORDERS).default(usual.turns),
    memory: z.number().min(0).max(1).default(usual.memory),
    halfLife: duration(usual.halfLifeMs),
  })
  .prefault({});

const perSecond = z.number().min(0.001).max(1_000_000);
const burst = z.int().min(1).max(1_000_000_000);

const rates = z
  .strictObject({
    pods: z.strictObject({ perSecond, burst }).optional(),
    namespaces: z.strictObject({ perSecond, burst, match: namespacePatterns.default(['*']) }).optional(),
    registries: z
      .array(z.strictObject({ match: z.string().min(1).max(253), pullsPerSecond: perSecond, burst }))
      .max(MAX_ENTRIES)
      .default([]),
  })
  .prefault({});

const AddressPool = z.strictObject({
  key: z.string().min(1),
  size: limit,
  sizes: z.record(z.string(), z.int().min(0).max(1_000_000_000)).default({}),
  keep: z.int().min(0).max(1_000_000_000).default(0),
  cooldown: duration(30_000),
});

const match = z.strictObject({ labels }).prefault({});
const Price = z.union(
  [
    z.strictObject({ match, perHour: z.number().min(0).max(1_000_000) }),
    z.strictObject({ match, from: z.literal('label'), key: z.string().min(1) }),
  ],
  { error: 'expected {match: {labels}, perHour: 3.06} or {match: {labels}, from: label, key: KEY}' },
);

/** What a policy file may say beside its policies. */
export const tenancyFields = {
  queues: z.array(Queue).default([]),
  queueRules: z.array(QueueRule).max(MAX_ENTRIES).default([]),
  namespaceGroups: z.array(NamespaceGroup).max(MAX_ENTRIES).default([]),
  fairness,
  rates,
  addresses: z.array(AddressPool).max(MAX_ENTRIES).default([]),
  prices: z.array(Price).max(MAX_ENTRIES).default([]),
};
type Fields = z.output<z.ZodObject<typeof tenancyFields>>;

export function toTenancy(read: Fields): Tenancy {
  const queues = read.queues.map(toQueueSpec);
  return {
    queues,
    rules: read.queueRules.map(({ labels, ...rest }) => ({ ...rest, labels: mapOf(labels) })),
    groups: read.namespaceGroups,
    fairness: toFairness(read.fairness, queues.length > 0),
    rates: toRates(read.rates),
    addresses: read.addresses.map(toPool),
    prices: read.prices.map(toPrice),
  };
}

/** Without queues priority goes first, as it always has. */
function toFairness(
  { resources, priority, turns, memory, halfLife }: Fields['fairness'],
  hasQueues: boolean,
): Fairness {
  const reach = priority ?? (hasQueues ? 'within' : usual.priority);
  return { resources, priority: reach, turns, memory, halfLifeMs: halfLife };
}

function toRates({ pods, namespaces, registries }: Fields['rates']): Rates {
  const named = registries.map(({ pullsPerSecond, ...rest }) => ({ ...rest, perSecond: pullsPerSecond }));
  return { pods, namespaces, registries: named };
}

function toPool({ sizes, cooldown, ...rest }: Fields['addresses'][number]): AddressPool {
  return { ...rest, sizes: mapOf(sizes), cooldownMs: cooldown };
}

function toPrice({ match: { labels }, ...rest }: Fields['prices'][number]): Price {
  const matched = mapOf(labels);
  return 'perHour' in rest
    ? { kind: 'fixed', labels: matched, perHour: rest.perHour }
    : { kind: 'label', labels: matched, key: rest.key };
}

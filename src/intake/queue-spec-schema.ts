import { z } from 'zod';
import {
  DEFAULT_RECLAIM,
  NO_QUOTA,
  PRIORITY_REACHES,
  QUEUE_ORDERINGS,
  plainQueue,
  type QueueSpec,
  type ReclaimRules,
} from '../core/policy/tenancy.ts';
import { PREEMPTION_MODES } from '../core/policy/policy.ts';
import { parsePercent, quota, resources } from './quota-schema.ts';
import { duration, limit, mapOf, namespacePatterns } from './schema-parts.ts';
import { parseYieldHours } from './yield-hours.ts';

const usual = plainQueue('');

export const queueName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'expected a DNS label (lower-case letters, digits, -)');

const userLimit = { max: quota.default(NO_QUOTA), gangs: limit };

const users = z
  .strictObject({ ...userLimit, of: z.record(z.string(), z.strictObject(userLimit)).default({}) })
  .transform(({ of, ...all }): QueueSpec['users'] => ({ ...all, of: mapOf(of) }))
  .default(usual.users);

const running = z.strictObject({ gangs: limit, pods: limit, podsPerNamespace: limit }).default(usual.running);

/** `off` without quotes is a boolean to YAML 1.1. */
const mode = z
  .union([z.enum(PREEMPTION_MODES), z.literal(false)], { error: `expected one of ${PREEMPTION_MODES.join(', ')}` })
  .transform((value): ReclaimRules['mode'] => (value === false ? 'off' : value))
  .default(DEFAULT_RECLAIM.mode);

const reclaim = z
  .strictObject({
    mode,
    to: z.enum(['guarantee', 'share']).default(DEFAULT_RECLAIM.to),
    after: duration(DEFAULT_RECLAIM.afterMs),
    patience: duration(DEFAULT_RECLAIM.patienceMs),
    from: z.array(z.string().min(1)).default([]),
    indivisible: z.enum(['spare', 'allow']).default(DEFAULT_RECLAIM.indivisible),
    max: duration(DEFAULT_RECLAIM.maxAfterMs),
  })
  .transform(({ after, patience, max, ...rest }): ReclaimRules => {
    return { ...rest, afterMs: after, patienceMs: patience, maxAfterMs: max };
  });

const SURGE = 'expected a part of max from 0% to 100%';
const surge = z
  .union([z.string(), z.number().min(0).max(1)], { error: SURGE })
  .transform((value, ctx) => {
    const part = typeof value === 'number' ? value : parsePercent(value);
    if (part !== undefined) return part;
    ctx.issues.push({ code: 'custom', input: value, message: SURGE });
    return z.NEVER;
  })
  .default(usual.surge);

const YIELD = "expected hours and a time zone such as '08:00-18:00 Europe/Berlin'";
const yields = z.string(YIELD).transform((text, ctx) => {
  const hours = parseYieldHours(text);
  if (typeof hours !== 'string') return hours;
  ctx.issues.push({ code: 'custom', input: text, message: `${hours}; ${YIELD}` });
  return z.NEVER;
});

const fields = {
  guaranteed: quota.default(NO_QUOTA),
  max: quota.default(NO_QUOTA),
  lend: quota.optional(),
  weight: z.number().min(0.001).max(1000).default(usual.weight),
  order: z.enum(QUEUE_ORDERINGS).optional(),
  priority: z.enum(PRIORITY_REACHES).optional(),
  users,
  running,
  podSize: resources.default(usual.podSize),
  surge,
  reclaim: reclaim.optional(),
  yield: yields.optional(),
  namespaces: namespacePatterns,
  singles: z.enum(['count', 'gate', 'ignore']).default(usual.singles),
  nodes: z.record(z.string(), z.string()).default({}),
  exclusive: z.enum(['namespace', 'none']).default(usual.exclusive),
};
type Fields = z.output<z.ZodObject<typeof fields>>;

/** A queue of the file that is valid by the schema. */
export interface QueueFields extends Fields {
  readonly name: string;
  readonly queues: QueueFields[];
  readonly each?: EachFields | undefined;
}
interface EachFields extends Fields {
  readonly each?: EachFields | undefined;
}

const Each: z.ZodType<EachFields> = z.strictObject({
  ...fields,
  get each(): z.ZodOptional<z.ZodType<EachFields>> {
    return Each.optional();
  },
});

/** One queue and those below it. */
export const Queue: z.ZodType<QueueFields> = z.strictObject({
  name: queueName,
  ...fields,
  get queues(): z.ZodDefault<z.ZodArray<z.ZodType<QueueFields>>> {
    return z.array(Queue).default([]);
  },
  each: Each.optional(),
});

export function toQueueSpec({ name, queues, ...rest }: QueueFields): QueueSpec {
  return specOf(name, rest, queues.map(toQueueSpec));
}

function specOf(name: string, read: EachFields, queues: readonly QueueSpec[]): QueueSpec {
  const { yield: hours, nodes, each, lend, order, priority, reclaim: rules, ...rest } = read;
  return {
    ...rest,
    ...{ name, queues, lend, order, priority },
    reclaim: rules,
    yields: hours,
    nodes: mapOf(nodes),
    each: each && specOf('', each, []),
  };
}

import { z } from 'zod';
import {
  DEFAULT_POLICY,
  SCORERS,
  STRATEGIES,
  type Policy,
  type Preference,
  type ScorerName,
} from '../core/policy/policy.ts';
import { WORK_CLASSES } from '../core/model.ts';
import type { Rules } from '../core/policy/rules.ts';
import { deadline, preemption, priority, toDeadline, toPreemption } from './preemption-schema.ts';
import { queue, toQueue } from './queue-schema.ts';
import { duration, mapOf } from './schema-parts.ts';
import { tenancyFields, toTenancy } from './tenancy-schema.ts';

const MAX_POLICIES = 1000;

const text = z.string();
const labels = z.record(text, text).default({});
const weight = z.number().min(0).max(1000);

function preference(fallback: Preference) {
  return z
    .strictObject({
      strategy: z.enum(STRATEGIES).default(fallback.strategy),
      weights: z.partialRecord(z.enum(SCORERS), weight).default({}),
      requireLabels: labels,
      pools: z.array(z.strictObject({ key: text, value: text, weight: z.number().min(-1000).max(1000) })).default([]),
      spot: z.enum(['prefer', 'avoid']).default(fallback.spot),
    })
    .prefault({});
}

/** One class of work, or several. */
const classes = z
  .union([z.enum(WORK_CLASSES), z.array(z.enum(WORK_CLASSES))], {
    error: `expected one or several of ${WORK_CLASSES.join(', ')}`,
  })
  .transform((said) => (typeof said === 'string' ? [said] : said))
  .default([]);

const PolicyFields = z.strictObject({
  name: text.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'expected a DNS label (lower-case letters, digits, -)'),
  match: z.strictObject({ namespaces: z.array(text).default([]), labels, class: classes }).prefault({}),
  gangs: z
    .union([z.enum(['on', 'off']), z.boolean()], { error: 'expected on or off' })
    .transform((value): 'on' | 'off' => (value === true || value === 'on' ? 'on' : 'off'))
    .default('on'),
  leader: preference(DEFAULT_POLICY.leader),
  members: preference(DEFAULT_POLICY.members),
  topology: z
    .strictObject({
      mode: z.enum(['require', 'prefer', 'none']).default('none'),
      keys: z.array(text.min(1)).default([]),
      leader: z.boolean().default(true),
    })
    .prefault({}),
  queue,
  spark: z
    .strictObject({ minExecutors: z.int().min(0).max(10_000).default(DEFAULT_POLICY.spark.minExecutors) })
    .prefault({}),
  reservation: z
    .strictObject({
      unclaimed: duration(DEFAULT_POLICY.reservation.unclaimedMs),
      successor: duration(DEFAULT_POLICY.reservation.successorMs),
    })
    .prefault({}),
  priority,
  deadline,
  preemption,
  spotLabels: z.record(text, z.array(text)).optional(),
  nodeLabel: z.strictObject({ key: text.min(1), better: z.enum(['lower', 'higher']).default('lower') }).optional(),
});
type PolicyFields = z.output<typeof PolicyFields>;

/**
 * The schema of a policy file. No transform touches a field that checkAcrossFields reads, since zod runs that check on
 * bad input too.
 */
export const PolicyFile = z.strictObject({
  policies: z.array(PolicyFields.superRefine(checkAcrossFields)).min(1).max(MAX_POLICIES).superRefine(checkNames),
  ...tenancyFields,
});

type Context = z.core.$RefinementCtx;

function checkAcrossFields(policy: PolicyFields, ctx: Context): void {
  const wrong = (path: string[], input: unknown, message: string) =>
    ctx.addIssue({ code: 'custom', path, input, message });
  const { mode, keys } = policy.topology;
  if (mode !== 'none' && keys.length === 0) {
    wrong(['topology', 'keys'], keys, `must name at least one node label key with mode ${mode}`);
  }
  const { from, full, expected } = policy.deadline;
  if (!(expected > 0 && expected < Infinity))
    wrong(['deadline', 'expected'], expected, 'must be a finite duration above 0');
  if (full >= from) wrong(['deadline', 'full'], full, `must be less than deadline.from, which is ${from}`);
  for (const side of ['leader', 'members'] as const) {
    const { strategy, weights } = policy[side];
    if (strategy === 'weighted' && Object.values(weights).every((value) => value === 0)) {
      const needed = `strategy weighted needs a weight above 0 for one of ${SCORERS.join(', ')}`;
      wrong([side, 'weights'], weights, needed);
    }
    if (weights.nodeLabel && !policy.nodeLabel) {
      wrong(
        [side, 'weights', 'nodeLabel'],
        weights.nodeLabel,
        'must be 0 unless the policy names the label to read in nodeLabel.key',
      );
    }
  }
}

function checkNames(policies: readonly PolicyFields[], ctx: Context): void {
  const seen = new Set<string>();
  policies.forEach(({ name }, i) => {
    if (seen.has(name)) {
      ctx.addIssue({ code: 'custom', path: [i, 'name'], input: name, message: 'must be unique among the policies' });
    }
    seen.add(name);
  });
}

/** What a file says that is valid by the schema. */
export function toRules({ policies, ...tenancy }: z.output<typeof PolicyFile>): Rules {
  return { policies: policies.map(toPolicy), tenancy: toTenancy(tenancy) };
}

function toPolicy(policy: PolicyFields): Policy {
  return {
    name: policy.name,
    match: { namespaces: policy.match.namespaces, labels: mapOf(policy.match.labels), classes: policy.match.class },
    gangs: policy.gangs,
    leader: toPreference(policy.leader),
    members: toPreference(policy.members),
    topology: policy.topology,
    queue: toQueue(policy.queue),
    spark: policy.spark,
    reservation: { unclaimedMs: policy.reservation.unclaimed, successorMs: policy.reservation.successor },
    priority: { ...policy.priority, queues: mapOf(policy.priority.queues) },
    deadline: toDeadline(policy.deadline),
    preemption: toPreemption(policy.preemption),
    spotLabels: policy.spotLabels ? mapOf(policy.spotLabels) : DEFAULT_POLICY.spotLabels,
    nodeLabel: policy.nodeLabel ?? DEFAULT_POLICY.nodeLabel,
  };
}

function toPreference({ weights, requireLabels, ...rest }: PolicyFields['leader']): Preference {
  return {
    ...rest,
    weights: new Map(Object.entries(weights) as [ScorerName, number][]),
    requireLabels: mapOf(requireLabels),
  };
}

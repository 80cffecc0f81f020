import { z } from 'zod';
import { DEFAULT_POLICY, PREEMPTION_MODES, type DeadlineCurve, type PreemptionRules } from '../core/policy/policy.ts';
import { duration } from './schema-parts.ts';

const { priority: plain, deadline: curve, preemption: rules } = DEFAULT_POLICY;
const { cost, budget } = rules;

/** Kubernetes' range for user-defined PriorityClasses (HighestUserDefinablePriority). */
const points = z.int().min(-1_000_000_000).max(1_000_000_000);
const factor = (fallback: number) => z.number().min(0).max(1).default(fallback);
const weight = (fallback: number) => z.number().min(0).max(1_000_000).default(fallback);
const count = (fallback: number) => z.int().min(0).max(100_000).default(fallback);
/** `off` and `on` without quotes are booleans to YAML 1.1. */
const mode = z
  .union([z.enum(PREEMPTION_MODES), z.literal(false)], { error: `expected one of ${PREEMPTION_MODES.join(', ')}` })
  .transform((value): PreemptionRules['mode'] => (value === false ? 'off' : value))
  .default(rules.mode);

export const priority = z
  .strictObject({
    add: points.default(plain.add),
    queues: z.record(z.string(), points).default({}),
    raiseTo: z.int().min(-2_147_483_648).max(1_000_000_000).default(plain.raiseTo),
    members: z
      .union([z.int().min(-2_147_483_648).max(2_000_001_000), z.literal('leader')], {
        error: 'expected leader or a whole number',
      })
      .transform((value) => (value === 'leader' ? Infinity : value))
      .default(plain.members),
  })
  .prefault({});

export const deadline = z
  .strictObject({
    boost: z.int().min(0).max(1_000_000_000).default(curve.boost),
    from: z.number().min(0).max(1000).default(curve.from),
    full: z.number().min(-1000).max(1000).default(curve.full),
    expected: duration(curve.expectedMs),
    late: z.enum(['keep', 'drop']).default(curve.late),
  })
  .prefault({});

const costWeights = z
  .strictObject({
    work: weight(cost.work),
    workCapSeconds: z.number().min(0).max(31_536_000).default(cost.workCapSeconds),
    keptOn: z
      .strictObject({
        volumes: factor(cost.keptOn.volumes),
        store: factor(cost.keptOn.store),
        peers: factor(cost.keptOn.peers),
      })
      .prefault({}),
    keptGib: weight(cost.keptGib),
    comeback: weight(cost.comeback),
    brokenGang: weight(cost.brokenGang),
    restart: weight(cost.restart),
    deadline: weight(cost.deadline),
    deletionCost: weight(cost.deletionCost),
    givenUp: factor(cost.givenUp),
    doomedNode: factor(cost.doomedNode),
    gpuCores: weight(cost.gpuCores),
  })
  .prefault({});

export const preemption = z
  .strictObject({
    mode,
    after: duration(rules.afterMs),
    priorityGap: z.int().min(1).max(2_000_000_000).default(rules.priorityGap),
    queues: z.array(z.string().min(1)).default([]),
    victims: z.enum(['gangs', 'scheduler', 'any']).default(rules.victims),
    wholeGangs: z.boolean().default(rules.wholeGangs),
    minRuntime: duration(rules.minRuntimeMs),
    cascade: duration(rules.cascadeMs),
    maxGrace: duration(rules.maxGraceMs),
    protectedShare: factor(rules.protectedShare),
    leaveWithin: duration(rules.leaveWithinMs),
    budget: z
      .strictObject({
        perMinute: count(budget.perMinute),
        perQueue: count(budget.perQueue),
        perGang: count(budget.perGang),
        gangWindow: duration(budget.gangWindowMs),
      })
      .prefault({}),
    cost: costWeights,
  })
  .prefault({});

export function toDeadline({ expected, ...rest }: z.output<typeof deadline>): DeadlineCurve {
  return { ...rest, expectedMs: expected };
}

export function toPreemption(read: z.output<typeof preemption>): PreemptionRules {
  const { after, minRuntime, cascade, maxGrace, leaveWithin, budget: limits, ...rest } = read;
  const { gangWindow, ...counts } = limits;
  const waits = { afterMs: after, minRuntimeMs: minRuntime, cascadeMs: cascade };
  const times = { ...waits, maxGraceMs: maxGrace, leaveWithinMs: leaveWithin };
  return { ...rest, ...times, budget: { ...counts, gangWindowMs: gangWindow } };
}

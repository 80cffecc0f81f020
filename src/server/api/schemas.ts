import { z } from 'zod';
import { PREEMPTION_MODES } from '../../core/policy/policy.ts';
import { EXCLUSION_RULES } from '../../core/preemption/candidates/exclusion-rules.ts';

/** The shapes of the read API: they make the OpenAPI document, and the tests hold every answer against them. */

const Amounts = z
  .record(z.string(), z.number())
  .describe('By resource: cpu in cores, memory and storage in bytes, others in their own unit.');

const Phase = z
  .enum(['waiting', 'starting', 'running', 'degraded'])
  .describe(
    'waiting: holds nothing yet. starting: has all its places. running: all members that it needs are bound. degraded: a place was lost and is sought.',
  );

const SlotState = z
  .enum(['unplaced', 'reserved', 'assumed', 'bound'])
  .describe(
    'unplaced: no room now. reserved: held for a member to come. assumed: answered to kube-scheduler. bound: its pod runs.',
  );

const Pod = z.strictObject({ namespace: z.string(), name: z.string(), uid: z.string() });

export const GangSummaryView = z.strictObject({
  gang: z.string().describe('namespace/name; for Spark the name is the label spark-app-selector.'),
  phase: Phase,
  queue: z.string(),
  priority: z.int(),
  policy: z.string(),
  leader: Pod,
  since: z.iso.datetime().describe('When the gang was first heard of.'),
  slots: z.strictObject({ unplaced: z.int(), reserved: z.int(), assumed: z.int(), bound: z.int() }),
  elastic: z.int().describe('Members beyond the minimum that run.'),
  reason: z.string().optional().describe('Why it waits, as kube-scheduler was told.'),
});

const RoleView = z.strictObject({
  role: z.string(),
  count: z.int(),
  min: z.int(),
  request: Amounts,
  nodes: z.strictObject({
    total: z.int(),
    eligible: z.int(),
    refused: z.array(z.strictObject({ because: z.string(), nodes: z.int() })),
  }),
  places: z
    .strictObject({ now: z.int(), empty: z.int() })
    .describe('How many members would find room now, and if nothing else ran; counted up to 10,000.'),
  short: z.array(z.strictObject({ resource: z.string(), needed: z.number(), free: z.number(), largest: z.number() })),
});

const CoreSeconds = z.number().describe('Core-seconds; docs/preemption.md has the terms.');

const MakingRoomView = z.strictObject({
  mode: z.enum(PREEMPTION_MODES),
  state: z
    .enum(['under way', 'found', 'soon', 'nobody', 'not now'])
    .describe('found: would be evicted (mode advise or off), or are next (enforce).'),
  because: z.string().optional(),
  victims: z.array(
    z.strictObject({
      pod: z.string(),
      node: z.string(),
      gang: z.string().optional(),
      role: z.string().optional(),
      priority: z.int(),
      isNeeded: z.boolean().describe('Its gang falls below its minimum without it, or it is in no gang.'),
      coreSeconds: CoreSeconds,
      terms: z.array(z.strictObject({ term: z.string(), coreSeconds: CoreSeconds })),
    }),
  ),
  coreSeconds: CoreSeconds,
  gangsBroken: z.int().describe('Gangs that fall below their minimum.'),
  gangsLost: z.int().describe('Gangs that go whole.'),
  kept: z.array(z.strictObject({ rule: z.enum(EXCLUSION_RULES), pods: z.int() })),
  relax: z.array(z.enum(EXCLUSION_RULES)).describe('Rules each of which alone stands in the way.'),
  until: z.iso.datetime().optional().describe('When the plan under way is given up.'),
});

export const ExplanationView = GangSummaryView.extend({
  roles: z.array(RoleView),
  placed: z.array(z.strictObject({ role: z.string(), node: z.string(), state: SlotState, pod: z.string() })),
  ahead: z.array(z.strictObject({ gang: z.string(), blocks: z.boolean() })),
  priorityTerms: z.array(z.strictObject({ because: z.string(), points: z.int() })),
  preemption: MakingRoomView.optional().describe('Of a gang that waits for room: whom preemption would evict for it.'),
  advice: z.array(z.string()).describe('What is the matter, and what would help.'),
});

export const NodeViewSchema = z.strictObject({
  node: z.string(),
  unschedulable: z.boolean(),
  allocatable: Amounts,
  free: Amounts.describe('Neither bound nor held; negative where other schedulers took more than there is.'),
  held: Amounts.describe('Reserved for members that are not bound yet.'),
  slots: z.int(),
});

export const GangList = z.strictObject({
  total: z.int().describe('How many match; items may be fewer (limit).'),
  items: z.array(GangSummaryView),
});
export const NodeList = z.strictObject({ total: z.int(), items: z.array(NodeViewSchema) });
export const PolicyList = z.strictObject({
  items: z
    .array(z.record(z.string(), z.unknown()))
    .describe('In the order in which they are tried; see docs/policies.md.'),
});
export const Problem = z.strictObject({ error: z.string() });

export const GangQuery = z.strictObject({
  namespace: z.string().optional(),
  phase: Phase.optional(),
  name: z.string().optional().describe('Only gangs of this name, or whose leader has it.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});
export const NodeQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100_000).default(1000) });

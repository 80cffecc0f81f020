import { z } from 'zod';
import { MOST_OBJECTS } from '../../intake/submission.ts';
import { PREEMPTION_MODES } from '../../core/policy/policy.ts';
import { LIMIT_KINDS } from '../../core/queue/limits.ts';
import { EXCLUSION_RULES } from '../../core/preemption/candidates/exclusion-rules.ts';

/**
 * The schemas of the read API. The OpenAPI document is made from them, and the tests check every answer against them.
 */

export const Amounts = z
  .record(z.string(), z.number())
  .describe('Amounts by resource: cpu in cores, memory and storage in bytes, others in their own unit.')
  .meta({ id: 'Amounts' });

/** What a queue holds and what it should have. */
export const QueueAmountsView = {
  held: Amounts.describe('All that the queue holds: bound pods and places held for pods.'),
  bound: Amounts.describe('Of held: bound pods.'),
  leaving: Amounts.describe('Of held: pods that are being evicted.'),
  demand: Amounts.describe('What it holds and what its waiting gangs need that could start.'),
  guaranteed: Amounts,
  entitled: Amounts.describe("What it should have now, given everybody's demand."),
  withheld: Amounts.describe('Of its guarantee: idle, and not lent to others.'),
  max: Amounts.describe('Only resources that have a limit.'),
};

const Phase = z
  .enum(['waiting', 'starting', 'running', 'degraded'])
  .describe(
    'waiting: holds no places yet. starting: all its places are reserved. running: all members of its minimum are bound. degraded: it lost a place and has no other yet.',
  );

const SlotState = z
  .enum(['unplaced', 'reserved', 'assumed', 'bound'])
  .describe(
    'unplaced: there is no room now. reserved: held for a member that has not come yet. assumed: answered to kube-scheduler, not yet bound. bound: its pod is bound.',
  );

export const SnapshotView = z
  .strictObject({
    ageSeconds: z.number().describe('Time since the API server last answered and told what nodes and pods there are.'),
    isStale: z.boolean().describe('Whether no gang is admitted because of that age (staleAfterMs).'),
  })
  .describe('How old the view of the cluster may be. Absent if the cluster comes from files.')
  .meta({ id: 'Snapshot' });

const Pod = z.strictObject({ namespace: z.string(), name: z.string(), uid: z.string() });

export const GangSummaryView = z
  .strictObject({
    gang: z.string().describe('namespace/name; for Spark the name is the label spark-app-selector.'),
    phase: Phase,
    queue: z.string(),
    priority: z.int(),
    policy: z.string(),
    leader: Pod,
    since: z.iso.datetime().describe('When muster first saw the gang.'),
    slots: z.strictObject({ unplaced: z.int(), reserved: z.int(), assumed: z.int(), bound: z.int() }),
    elastic: z.int().describe('Number of running elastic members, that is, members beyond the minimum.'),
    reason: z.string().optional().describe('Why the gang waits, as answered to kube-scheduler.'),
  })
  .meta({ id: 'GangSummary' });

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
    .describe('How many members fit now, and how many would fit if nothing else ran; counted up to 10,000.'),
  short: z.array(z.strictObject({ resource: z.string(), needed: z.number(), free: z.number(), largest: z.number() })),
});

const CoreSeconds = z.number().describe('Eviction cost in core-seconds; docs/preemption.md explains the terms.');

const MakingRoomView = z.strictObject({
  mode: z.enum(PREEMPTION_MODES),
  state: z
    .enum(['under way', 'found', 'soon', 'nobody', 'not now'])
    .describe('found: these victims would be evicted (mode advise or off), or are evicted next (mode enforce).'),
  because: z.string().optional(),
  victims: z.array(
    z.strictObject({
      pod: z.string(),
      node: z.string(),
      gang: z.string().optional(),
      role: z.string().optional(),
      priority: z.int(),
      isNeeded: z
        .boolean()
        .describe('Whether its gang falls below its minimum without it. Also true for a pod in no gang.'),
      coreSeconds: CoreSeconds,
      terms: z.array(z.strictObject({ term: z.string(), coreSeconds: CoreSeconds })),
    }),
  ),
  coreSeconds: CoreSeconds,
  gangsBroken: z.int().describe('Number of gangs that would fall below their minimum.'),
  gangsLost: z.int().describe('Number of gangs that would be evicted whole.'),
  overdue: z
    .array(z.strictObject({ gang: z.string(), until: z.iso.datetime() }))
    .describe('Gangs of victims that were let in before it to be over by then, and still run.'),
  kept: z.array(z.strictObject({ rule: z.enum(EXCLUSION_RULES), pods: z.int() })),
  relax: z.array(z.enum(EXCLUSION_RULES)).describe('Exclusion rules, each of which alone prevents the eviction.'),
  between: z
    .array(z.string())
    .describe("What the victims' queues hold of their share, or why nothing is taken from them."),
  until: z.iso.datetime().optional().describe('When muster abandons the eviction plan that is under way.'),
  notBefore: z.iso
    .datetime()
    .optional()
    .describe('Until then muster waits for gangs that run to end (reclaim.patience), and evicts no pod.'),
});

const Time = z.iso.datetime().optional();

export const StartView = z
  .strictObject({
    earliest: Time,
    about: Time,
    latest: Time.describe('Nine times of ten it starts by then if the forecasts hold.'),
    because: z.array(z.string()).describe('Gangs whose ends make the room, the last first; at most three.'),
    unknown: z
      .array(z.string())
      .describe(
        'Gangs of whose run times nothing is known. Where a time is absent: they keep it from being told. Else: their ends are supposed.',
      ),
    isAtLeast: z.boolean().describe('There is more ahead than is looked at: it starts then or later.'),
  })
  .describe('When the gang starts if the forecasts hold; not promised. A time is absent if nobody knows it.')
  .meta({ id: 'Start' });

const Seconds = z.number().optional();

export const ForecastView = z
  .strictObject({
    medianSeconds: Seconds,
    p90Seconds: Seconds.describe('Nine of ten such runs take no longer.'),
    isKnown: z.boolean(),
    runs: z.int().describe('How many ended runs it rests on.'),
    basis: z.string().describe('What these runs have in common.'),
    error: z.number().optional().describe('Mean of |ln(actual / foretold)| of the earlier forecasts on this basis.'),
  })
  .describe('How long it runs. The seconds are absent if nobody knows, or it never ends.')
  .meta({ id: 'Forecast' });

export const StandingView = z
  .strictObject({
    queue: z.string(),
    user: z.string().describe('Whose gang it is, for limits of users.'),
    tier: z
      .int()
      .describe(
        'Where the topmost queue on its path would stand with it: within its guarantee (0), within its entitlement (1), beyond it (2).',
      ),
    ...QueueAmountsView,
    limits: z
      .array(
        z.strictObject({
          limit: z.enum(LIMIT_KINDS),
          at: z.string().describe('The queue whose limit it is.'),
          resource: z.string().optional(),
          used: z.number(),
          needed: z.number(),
          most: z.number(),
          isHit: z.boolean().describe('The gang cannot start because of it.'),
        }),
      )
      .describe('Limits that it would come near with what it needs to start; those that are hit first.'),
    before: z
      .array(z.strictObject({ queue: z.string(), gangs: z.int() }))
      .describe('Gangs of other queues that are before it.'),
  })
  .meta({ id: 'Standing' });

export const ExplanationView = GangSummaryView.extend({
  snapshot: SnapshotView.optional(),
  roles: z.array(RoleView),
  placed: z.array(z.strictObject({ role: z.string(), node: z.string(), state: SlotState, pod: z.string() })),
  ahead: z.array(z.strictObject({ gang: z.string(), blocks: z.boolean() })),
  standing: StandingView.optional().describe('For a waiting gang: where it stands among those of other queues.'),
  otherQueues: z
    .array(z.string())
    .describe('Queues that are open to it and in which it would start now; not all are tried.'),
  priorityTerms: z.array(z.strictObject({ because: z.string(), points: z.int() })),
  preemption: MakingRoomView.optional().describe(
    'For a gang that waits for room: the victims that preemption evicts or would evict.',
  ),
  start: StartView.extend({
    promised: Time.describe('The latest time that it was told first, in an Event; absent: it was told none.'),
  }).optional(),
  patienceSeconds: Seconds.describe('How long it waits before others must mind it; absent: it runs, or for ever.'),
  forecast: ForecastView.optional(),
  ends: z
    .strictObject({ about: Time, latest: Time })
    .optional()
    .describe('For an admitted gang: when it ends if its forecast holds; latest holds nine times of ten.'),
  advice: z.array(z.string()).describe('Why the gang waits and what would help, in sentences.'),
}).meta({ id: 'Explanation' });

const SoonerView = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('fewer'), role: z.string(), count: z.int(), instead: z.int() })
    .describe('With so many members of the role it would start now.'),
  z
    .strictObject({ kind: z.literal('smaller'), role: z.string(), request: Amounts })
    .describe('With members that request no more than this it would start now.'),
  z
    .strictObject({ kind: z.literal('priority'), priority: z.int(), start: StartView })
    .describe('With this priority it would be ahead of all that wait.'),
]);

export const EtaView = z
  .strictObject({
    snapshot: SnapshotView.optional(),
    gang: z.string(),
    queue: z.string(),
    priority: z.int(),
    policy: z.string(),
    members: z.int().describe('How many members start together.'),
    start: StartView.optional(),
    cannotStart: z.string().optional().describe('Why even the empty cluster could not hold it.'),
    limit: z.string().optional().describe('The limit that keeps it from starting, however much room there is.'),
    forecast: ForecastView,
    sooner: z.array(SoonerView).describe('Changes with which it would start sooner.'),
  })
  .meta({ id: 'Eta' });

/** What would be submitted: Kubernetes objects as kubectl apply takes them. */
export const EtaBody = z
  .strictObject({
    name: z.string().min(1).max(256).default('objects').describe('What errors call the objects: a file.'),
    objects: z.array(z.record(z.string(), z.unknown())).min(1).max(MOST_OBJECTS),
  })
  .meta({ id: 'EtaQuestion' });

export const NodeViewSchema = z
  .strictObject({
    node: z.string(),
    unschedulable: z.boolean(),
    allocatable: Amounts,
    free: Amounts.describe('Neither bound nor reserved; negative if other schedulers bound more than is allocatable.'),
    held: Amounts.describe('Reserved for members that are not bound yet.'),
    slots: z.int(),
  })
  .meta({ id: 'Node' });

export const GangList = z
  .strictObject({
    snapshot: SnapshotView.optional(),
    total: z.int().describe('Number of matching gangs; the limit may shorten items.'),
    items: z.array(GangSummaryView),
  })
  .meta({ id: 'GangList' });
export const NodeList = z
  .strictObject({
    snapshot: SnapshotView.optional(),
    total: z.int(),
    items: z.array(NodeViewSchema),
  })
  .meta({ id: 'NodeList' });
export const PolicyList = z
  .strictObject({
    items: z
      .array(z.record(z.string(), z.unknown()))
      .describe('Policies in the order in which muster matches them; see docs/policies.md.'),
  })
  .meta({ id: 'PolicyList' });
export const Problem = z.strictObject({ error: z.string() }).meta({ id: 'Problem' });

export const GangQuery = z.strictObject({
  namespace: z.string().optional(),
  phase: Phase.optional(),
  name: z.string().optional().describe('Only gangs with this name, or with a leader pod of this name.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});
export const NodeQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(100_000).default(1000) });

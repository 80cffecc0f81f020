import { z } from 'zod';
import { PREEMPTION_MODES } from '../../core/policy/policy.ts';
import { Amounts, QueueAmountsView, SnapshotView } from './schemas.ts';

/** The schemas of what is told about queues. */

const Path = z.string().describe('Names with dots, such as prod.etl; root is the whole cluster.');

const GangCounts = z
  .strictObject({ waiting: z.int(), starting: z.int(), running: z.int(), degraded: z.int() })
  .describe('Gangs of the queue and all below it, by phase.');

export const QueueSummaryView = z
  .strictObject({
    path: Path,
    parent: Path.optional(),
    isLeaf: z.boolean().describe('Gangs wait and hold room in leaves only.'),
    isMade: z.boolean().describe('It was made when it was first needed, and goes when it is empty.'),
    weight: z.number().describe('Its part of what nobody is guaranteed.'),
    ...QueueAmountsView,
    gangs: GangCounts,
    pods: z.int().describe('Bound pods, and places held for pods.'),
    oldest: z
      .strictObject({ gang: z.string(), since: z.iso.datetime() })
      .optional()
      .describe('The waiting gang that came first.'),
    dominant: z
      .strictObject({ resource: z.string(), share: z.number() })
      .optional()
      .describe('The resource of which it holds the largest part of the cluster, and that part, 0 to 1.'),
    over: z.array(z.string()).describe('Resources of which it holds more than it is entitled to.'),
    under: z.array(z.string()).describe('Resources of which it holds less than it is entitled to: it needs more.'),
    yields: z
      .strictObject({
        hours: z.string().describe('As in the policy file: 08:00-18:00 Europe/Berlin.'),
        isNow: z.boolean().describe('Whether these are such hours.'),
      })
      .optional()
      .describe('When it yields to its siblings; absent: never.'),
    unfairSeconds: z
      .number()
      .describe(
        'How long, since muster started, a gang of this leaf waited within its entitlement while others held enough beyond theirs for it.',
      ),
  })
  .meta({ id: 'QueueSummary' });

const Limit = z.int().optional();

export const QueueDetailView = QueueSummaryView.extend({
  snapshot: SnapshotView.optional(),
  users: z
    .array(z.strictObject({ user: z.string(), held: Amounts, gangs: z.int(), share: z.number() }))
    .describe('Who holds most first, at most 100; share: as in dominant.'),
  usersInAll: z.int().describe('How many users hold something.'),
  limits: z
    .strictObject({ gangs: Limit, pods: Limit, podsPerNamespace: Limit, gangsPerUser: Limit })
    .describe('What may run at a time; absent: no limit.'),
  reclaim: z
    .strictObject({
      mode: z.enum(PREEMPTION_MODES),
      to: z.enum(['guarantee', 'share']),
      afterSeconds: z.number(),
      patienceSeconds: z.number(),
      from: z.array(z.string()).describe('Queues that victims may be in; empty: all.'),
    })
    .describe('How it gets back what others have borrowed from it.'),
  children: z.array(Path).describe('The queues directly below it.'),
}).meta({ id: 'Queue' });

export const QueueList = z
  .strictObject({
    snapshot: SnapshotView.optional(),
    total: z.int().describe('Number of queues; the limit may shorten items.'),
    items: z.array(QueueSummaryView),
  })
  .meta({ id: 'QueueList' });

export const QueueListQuery = z.strictObject({
  under: z.string().optional().describe('Only this queue and those below it.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

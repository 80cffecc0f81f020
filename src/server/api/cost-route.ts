import { z } from 'zod';
import type { Cost, QueueCost } from '../../core/costs.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import { BAD_QUERY, json, type ApiScope } from './document.ts';

const CostQuery = z.strictObject({
  by: z.enum(['queue']).default('queue').describe('One row per queue.'),
});

const Amount = z.strictObject({
  cost: z.number().describe('In the currency of the prices; without prices a core costs 1 an hour.'),
  resourceHours: z
    .record(z.string(), z.number())
    .describe('By resource: core-hours, byte-hours, others in their unit x hours.'),
});

const QueueRow = z.strictObject({
  queue: z.string(),
  total: Amount,
  states: z
    .record(z.string(), Amount)
    .describe('held, starting, working, broken-node, broken-eviction, broken-self; without those that have nothing.'),
  caused: Amount.describe(
    'Room of gangs that evictions for this queue broke, whosever they are; a part of their states.',
  ),
  unlent: Amount.describe('Idle room that the queue is guaranteed and does not lend; a part of idle.'),
  lostCoreHours: z.number().describe('Work that evictions for this queue threw away.'),
});

const Rate = z.number().describe('Cost of an hour.');

export const CostView = z
  .strictObject({
    hours: z.number().describe('How long this muster has counted: since it began to decide.'),
    prices: z.enum(['file', 'default']).describe('default: a core 1, a GiB of memory 0.125, a GPU 16 an hour.'),
    items: z.array(QueueRow),
    overhead: Amount.describe('Pods that no queue counts.'),
    idle: Amount.describe('bill - overhead - the totals of all queues.'),
    bill: Amount.describe('All nodes.'),
    idleNow: z
      .strictObject({ unlent: Rate, stranded: Rate, fragment: Rate, free: Rate })
      .describe('What idle room costs an hour now, by why nobody uses it.'),
  })
  .meta({ id: 'Cost' });

export interface CostDeps {
  readonly scheduler: Pick<Scheduler, 'costs' | 'idleNow'>;
  readonly nowMs: () => number;
}

/** GET /v1/cost: what each queue has had in use since this muster began to decide, and what that cost. */
export function costRoute(app: ApiScope, { scheduler, nowMs }: CostDeps): void {
  const schema = {
    operationId: 'getCost',
    tags: ['queues'],
    summary: 'What each queue has had in use, and what that cost',
    querystring: CostQuery,
    response: {
      200: json(CostView, 'Queues by name. Their totals, overhead and idle come to the bill.'),
      400: BAD_QUERY,
    },
  };
  app.get('/v1/cost', { schema }, (): z.input<typeof CostView> => {
    const { seconds, isPriced, queues, overhead, idle, bill } = scheduler.costs(nowMs());
    return {
      hours: seconds / 3600,
      prices: isPriced ? 'file' : 'default',
      items: queues.map(rowOf),
      overhead: amount(overhead),
      idle: amount(idle),
      bill: amount(bill),
      idleNow: scheduler.idleNow(),
    };
  });
}

function rowOf({ queue, total, states, caused, unlent, lostCoreSeconds }: QueueCost): z.input<typeof QueueRow> {
  const some = Object.entries(states).filter(([, { resourceSeconds }]) => resourceSeconds.size > 0);
  return {
    queue,
    total: amount(total),
    states: Object.fromEntries(some.map(([state, cost]) => [state, amount(cost)])),
    caused: amount(caused),
    unlent: amount(unlent),
    lostCoreHours: lostCoreSeconds / 3600,
  };
}

const amount = ({ cost, resourceSeconds }: Cost): z.input<typeof Amount> => ({
  cost,
  resourceHours: Object.fromEntries([...resourceSeconds].map(([name, seconds]) => [name, seconds / 3600])),
});

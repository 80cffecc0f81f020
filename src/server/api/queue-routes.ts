import { z } from 'zod';
import { nearest } from '../../core/nearest.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { Board } from './board.ts';
import { BAD_QUERY, json, problem, type ApiScope } from './document.ts';
import { QueueDetailView, QueueList, QueueListQuery } from './queue-schemas.ts';
import { queueDetailView, queueSummaryView, ROOT } from './queue-views.ts';
import { HIDDEN } from './board-views.ts';
import { isSeen } from './gang-list.ts';
import { namespaceOf } from './redact.ts';
import type { Viewer } from './viewer.ts';
import type { Age } from './views.ts';

interface Deps {
  readonly scheduler: Pick<Scheduler, 'queues' | 'queue'>;
  readonly board: Pick<Board, 'gangs'>;
  readonly toWall: (ms: number) => number;
  readonly age: Age;
}

/** A 404 names so many. */
const NEAREST = 3;
/** A longer path is compared with none: with thousands of queues that would take long. */
const LONGEST = 64;
/** Paths whose length differs more are not near. */
const MOST_LONGER = 12;

/** GET /v1/queues in the order of the tree, and GET /v1/queues/PATH. */
export function queueRoutes(app: ApiScope, deps: Deps): void {
  const { scheduler, toWall, age } = deps;
  const ofList = {
    operationId: 'listQueues',
    tags: ['queues'],
    summary: 'Queues',
    querystring: QueueListQuery,
    response: {
      200: json(QueueList, 'Queues in the order of the tree, the whole cluster (root) first.'),
      400: BAD_QUERY,
    },
  };
  app.get('/v1/queues', { schema: ofList }, ({ query: { under, limit }, viewer }): z.output<typeof QueueList> => {
    const all = scheduler.queues().filter(({ path }) => isUnder(path, under));
    const items = all.slice(0, limit).map((queue) => withoutOldest(queueSummaryView(queue, toWall), viewer));
    return { ...age(), total: all.length, items };
  });
  const ofOne = {
    operationId: 'getQueue',
    tags: ['queues'],
    summary: 'One queue, with its users and rules',
    params: z.object({ '*': z.string() }),
    response: {
      200: json(QueueDetailView, 'What the queue holds, and what it should have.'),
      404: problem('There is no such queue; the nearest are named.'),
    },
  };
  app.get('/v1/queues/*', { schema: ofOne }, async ({ params, viewer }, reply) => {
    const path = params['*'];
    const queue = scheduler.queue(path);
    if (queue) return { ...age(), ...(await seenDetail(deps, queueDetailView(queue, toWall), viewer)) };
    return reply.code(404).send({ error: `There is no queue ${path.slice(0, LONGEST)}; ${others(scheduler, path)}.` });
  });
}

type Summary = z.output<typeof QueueList>['items'][number];
type Detail = z.output<typeof QueueDetailView>;

/** The summary without the name of a gang that the viewer may not see. */
function withoutOldest<Q extends Summary | Detail>(queue: Q, viewer: Viewer): Q {
  const { oldest } = queue;
  if (!oldest || viewer.seesAll || viewer.sees(namespaceOf(oldest.gang))) return queue;
  return { ...queue, oldest: { ...oldest, gang: HIDDEN } };
}

/** Users have names where the viewer may see one of their gangs. */
async function seenDetail({ board }: Deps, queue: Detail, viewer: Viewer): Promise<Detail> {
  if (viewer.seesAll) return queue;
  const { rows } = await board.gangs();
  const known = new Set(rows.filter((row) => isSeen(row, viewer)).map(({ user }) => user));
  const users = queue.users.map((one) => (known.has(one.user) ? one : { ...one, user: HIDDEN }));
  return { ...withoutOldest(queue, viewer), users };
}

const isUnder = (path: string, under: string | undefined): boolean =>
  under === undefined || under === ROOT || path === under || path.startsWith(`${under}.`);

function others(scheduler: Deps['scheduler'], path: string): string {
  const known = scheduler.queues().flatMap((queue) => (queue.path === '' ? [] : [queue.path]));
  if (known.length === 0) return 'there is none yet';
  const alike = path.length > LONGEST ? [] : known.filter((one) => Math.abs(one.length - path.length) <= MOST_LONGER);
  const names = nearest(path, alike, NEAREST).join(', ');
  return names === '' ? 'GET /v1/queues lists them' : `the nearest are ${names}`;
}

import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { nearest } from '../../core/nearest.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import { QueueListQuery, type QueueList } from './queue-schemas.ts';
import { queueDetailView, queueSummaryView, ROOT } from './queue-views.ts';
import type { SnapshotView } from './schemas.ts';
import { withQuery } from './with-query.ts';

interface Deps {
  readonly scheduler: Pick<Scheduler, 'queues' | 'queue'>;
  readonly toWall: (ms: number) => number;
  /** How old the snapshot is, as part of an answer. */
  readonly age: () => { snapshot?: z.output<typeof SnapshotView> };
}

/** A 404 names so many. */
const NEAREST = 3;
/** A longer path is compared with none: with thousands of queues that would take long. */
const LONGEST = 64;
/** Paths whose length differs more are not near. */
const MOST_LONGER = 12;

/** GET /v1/queues in the order of the tree, and GET /v1/queues/PATH. */
export function queueRoutes(app: FastifyInstance, { scheduler, toWall, age }: Deps): void {
  app.get('/v1/queues', (request, reply) =>
    withQuery(QueueListQuery, request.query, reply, ({ under, limit }): z.output<typeof QueueList> => {
      const all = scheduler.queues().filter(({ path }) => isUnder(path, under));
      return {
        ...age(),
        total: all.length,
        items: all.slice(0, limit).map((queue) => queueSummaryView(queue, toWall)),
      };
    }),
  );
  app.get<{ Params: { '*': string } }>('/v1/queues/*', async ({ params }, reply) => {
    const path = params['*'];
    const queue = scheduler.queue(path);
    if (queue) return { ...age(), ...queueDetailView(queue, toWall) };
    return reply.code(404).send({ error: `There is no queue ${path.slice(0, LONGEST)}; ${others(scheduler, path)}.` });
  });
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

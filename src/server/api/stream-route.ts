import type { z } from 'zod';
import { isoTime } from '../../core/iso-time.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { Decisions } from '../decisions.ts';
import type { Board } from './board.ts';
import { decisionView, isToldTo } from './board-routes.ts';
import type { DecisionList, TickView } from './board-schemas.ts';
import { problem, text, type ApiScope } from './document.ts';
import { MOST_STREAMS, STREAM_TIMES, Streams, type StreamEvent, type StreamTimes } from './stream.ts';
import type { Viewer } from './viewer.ts';
import type { Age } from './views.ts';

export interface StreamDeps {
  readonly scheduler: Pick<Scheduler, 'board'>;
  readonly board: Board;
  readonly decisions: Decisions;
  readonly nowMs: () => number;
  readonly toWall: (ms: number) => number;
  readonly age: Age;
  /** Absent: STREAM_TIMES. */
  readonly times?: StreamTimes | undefined;
}

/** GET /v1/stream: server-sent events `tick` and `decisions`. */
export function streamRoute(app: ApiScope, deps: StreamDeps): void {
  const { decisions, toWall, times = STREAM_TIMES } = deps;
  const streams = new Streams(
    {
      tick: async () => JSON.stringify(await tickOf(deps)),
      decisionsAfter: (id, viewer) => decisionsAfter(decisions, id, { viewer, toWall }),
      lastId: () => decisions.lastId,
      onProblem: (error) => app.log.error(error, 'stream failed'),
    },
    times,
  );
  app.addHook('preClose', (done) => {
    streams.close();
    done();
  });
  const schema = {
    operationId: 'stream',
    tags: ['decisions'],
    summary:
      'Server-sent events: tick (Tick: what to read again), decisions (DecisionList: the new ones, oldest first)',
    response: {
      200: text('The stream. Its id is the last decision; come again with it as Last-Event-ID.', 'text/event-stream'),
      503: problem('Too many streams are open.'),
    },
  };
  app.get('/v1/stream', { schema, exposeHeadRoute: false }, (request, reply) => {
    if (!streams.isFull) return streams.open(request, reply);
    return reply.code(503).send({ error: `${MOST_STREAMS} streams are open; close one, or ask again later.` });
  });
}

async function tickOf({ scheduler, board, nowMs, toWall, age }: StreamDeps): Promise<z.output<typeof TickView>> {
  const { counts } = await board.gangs();
  return {
    at: isoTime(toWall(nowMs())),
    gangs: board.gangsVersion,
    nodes: board.nextNodesVersion,
    queues: board.queuesVersion,
    policies: board.policiesVersion,
    counts: { nodes: scheduler.board.nodeCount, ...counts },
    ...age(),
  };
}

interface ForViewer {
  readonly viewer: Viewer;
  readonly toWall: (ms: number) => number;
}

/** Decisions of one event: a reader that takes some events and then no more is seen to. */
const AN_EVENT = 100;

function decisionsAfter(decisions: Decisions, id: number, { viewer, toWall }: ForViewer) {
  const told = decisions.after(id).filter((one) => isToldTo(one, viewer));
  const events: StreamEvent[] = [];
  for (let at = 0; at < told.length; at += AN_EVENT) {
    const items = told.slice(at, at + AN_EVENT).map((one) => decisionView(one, viewer, toWall));
    const json = JSON.stringify({ items } satisfies z.output<typeof DecisionList>);
    events.push({ id: items.at(-1)!.id, json });
  }
  return { events, lastId: decisions.lastId };
}

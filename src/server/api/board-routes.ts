import { z } from 'zod';
import { isoTime } from '../../core/iso-time.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { Decision, Decisions } from '../decisions.ts';
import type { Timelines } from '../timelines.ts';
import type { Board } from './board.ts';
import {
  DecisionList,
  DecisionQuery,
  GangDetailView,
  GangRowList,
  GangRowQuery,
  NodeMapQuery,
  NodeMapView,
} from './board-schemas.ts';
import { nodeMapView, placeViews, rowView } from './board-views.ts';
import { BAD_QUERY, json, problem, type ApiScope } from './document.ts';
import { namespaceOf } from './redact.ts';
import type { Viewer } from './viewer.ts';
import type { Age } from './views.ts';

export interface BoardRoutesDeps {
  readonly scheduler: Pick<Scheduler, 'board'>;
  readonly board: Board;
  readonly decisions: Decisions;
  readonly timelines: Timelines;
  readonly nowMs: () => number;
  readonly toWall: (ms: number) => number;
  readonly age: Age;
}

const OfGang = z.object({ namespace: z.string(), name: z.string() });

/** GET /v1/board/..., /v1/decisions: what the console and the terminal read, in windows. */
export function boardRoutes(app: ApiScope, deps: BoardRoutesDeps): void {
  gangsRoute(app, deps);
  gangRoute(app, deps);
  nodesRoute(app, deps);
  decisionsRoute(app, deps);
}

function gangsRoute(app: ApiScope, { board, toWall, age }: BoardRoutesDeps): void {
  const schema = {
    operationId: 'listGangRows',
    tags: ['gangs'],
    summary: 'A window of the list of gangs, those that wait in the order in which they are admitted',
    querystring: GangRowQuery,
    response: { 200: json(GangRowList, 'Matching gangs from offset on.'), 400: BAD_QUERY },
  };
  app.get('/v1/board/gangs', { schema }, async ({ query, viewer }): Promise<z.output<typeof GangRowList>> => {
    const list = await board.gangs();
    const { total, waiting, rows } = list.window(query, viewer);
    const items = rows.map((row) => rowView(row, viewer, toWall));
    return { ...age(), version: board.gangsVersion, total, waiting, items };
  });
}

function gangRoute(app: ApiScope, deps: BoardRoutesDeps): void {
  const schema = {
    operationId: 'getGangRow',
    tags: ['gangs'],
    summary: 'Where the members of one gang are, and what befell it; GET /v1/gangs explains it',
    params: OfGang,
    response: {
      200: json(GangDetailView, 'The gang, also for a while after it is over.'),
      404: problem('There is no such gang, or its namespace may not be seen.'),
    },
  };
  app.get('/v1/board/gangs/:namespace/:name', { schema }, async ({ params, viewer }, reply) => {
    const key = `${params.namespace}/${params.name}`;
    const detail = viewer.sees(params.namespace) ? await detailOf(deps, key, viewer) : undefined;
    if (detail) return detail;
    return reply.code(404).send({ error: `There is no gang ${key}; GET /v1/board/gangs lists them.` });
  });
}

async function detailOf(
  { scheduler, board, timelines, nowMs, toWall, age }: BoardRoutesDeps,
  key: string,
  viewer: Viewer,
): Promise<z.output<typeof GangDetailView> | undefined> {
  const now = scheduler.board.gangRow(key, nowMs());
  const known = timelines.of(key);
  const row = now ?? known?.row;
  if (!row) return undefined;
  const listed = now ? (await board.gangs()).get(key) : undefined;
  // The list may be a second old.
  const same = listed?.phase === row.phase ? listed : undefined;
  const of = { ...same, ...row, position: same?.position, reservedMs: known?.reservedMs };
  const nodes = viewer.seesNodes ? undefined : await board.nodes();
  return {
    ...age(),
    ...rowView(of, viewer, toWall),
    places: placeViews(scheduler.board.places(key), viewer, nodes),
    ...(now || known?.endedMs === undefined ? {} : { ended: isoTime(toWall(known.endedMs)) }),
    timeline: (known?.entries ?? []).map(({ atMs, what, text, own }) => {
      return { at: isoTime(toWall(atMs)), what, text: viewer.seesAll ? text : (own ?? text) };
    }),
  };
}

function nodesRoute(app: ApiScope, { board, age }: BoardRoutesDeps): void {
  const schema = {
    operationId: 'getNodeMap',
    tags: ['nodes'],
    summary: 'All nodes by columns: used, reserved and stranded',
    querystring: NodeMapQuery,
    response: { 200: json(NodeMapView, 'The map; names only where the reader does not have them.'), 400: BAD_QUERY },
  };
  app.get('/v1/board/nodes', { schema }, async ({ query, viewer }): Promise<z.output<typeof NodeMapView>> => {
    const nodes = await board.nodes();
    return { ...age(), ...nodeMapView(nodes, { version: board.nodesVersion, known: query.known }, viewer) };
  });
}

function decisionsRoute(app: ApiScope, { decisions, toWall }: BoardRoutesDeps): void {
  const schema = {
    operationId: 'listDecisions',
    tags: ['decisions'],
    summary: 'The last decisions, the newest first',
    querystring: DecisionQuery,
    response: { 200: json(DecisionList, 'At most 2,000 are remembered.'), 400: BAD_QUERY },
  };
  app.get('/v1/decisions', { schema }, ({ query, viewer }): z.output<typeof DecisionList> => {
    const { gang, limit } = query;
    const isWanted = (one: Decision) => (gang === undefined || one.gang === gang) && isToldTo(one, viewer);
    return { items: decisions.last(limit, isWanted).map((one) => decisionView(one, viewer, toWall)) };
  });
}

/** What is about no gang is told to those who see all. */
export const isToldTo = ({ gang }: Decision, viewer: Viewer): boolean =>
  viewer.seesAll || (gang !== '' && viewer.sees(namespaceOf(gang)));

export function decisionView(
  { id, atMs, kind, gang, full, own }: Decision,
  viewer: Viewer,
  toWall: (ms: number) => number,
): z.output<typeof DecisionList>['items'][number] {
  return { id, at: isoTime(toWall(atMs)), kind, gang, text: viewer.seesAll ? full : own };
}

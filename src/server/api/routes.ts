import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { GangSummary } from '../../core/explanation/explanation.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { IntakeContext } from '../../intake/gang-objects.ts';
import type { Decisions } from '../decisions.ts';
import type { Timelines } from '../timelines.ts';
import { aboutRoute, type AboutServer } from './about-route.ts';
import { Board } from './board.ts';
import { boardRoutes } from './board-routes.ts';
import { nodeName } from './board-views.ts';
import { costRoute } from './cost-route.ts';
import { BAD_QUERY, documented, json, problem, type ApiScope } from './document.ts';
import { etaRoute } from './eta-route.ts';
import { inTurn, type InTurn } from './in-turn.ts';
import { queueRoutes } from './queue-routes.ts';
import { namespaceOf, redactExplanation, type Redaction } from './redact.ts';
import { ExplanationView, GangList, GangQuery, NodeList, NodeQuery, PolicyList } from './schemas.ts';
import { StartLook } from './start-look.ts';
import { streamRoute } from './stream-route.ts';
import type { StreamTimes } from './stream.ts';
import { decorateViewer, type Viewer } from './viewer.ts';
import {
  explanationView,
  nodeView,
  policyView,
  snapshotView,
  summaryView,
  type Age,
  type SnapshotAge,
} from './views.ts';

export interface ApiDeps {
  readonly scheduler: Pick<
    Scheduler,
    | 'gangs'
    | 'explainInSlices'
    | 'eta'
    | 'nodes'
    | 'policies'
    | 'rules'
    | 'queues'
    | 'queue'
    | 'costs'
    | 'idleNow'
    | 'board'
  >;
  readonly decisions: Decisions;
  readonly timelines: Timelines;
  readonly nowMs: () => number;
  /** A time of `nowMs` as wall time; absent: they are the same. */
  readonly toWall?: ((ms: number) => number) | undefined;
  /** What the cluster has beside nodes and pods, for apps that are not submitted yet; absent: nothing. */
  readonly context?: IntakeContext | undefined;
  /** The age of a live cluster's snapshot; absent: the cluster comes from files. */
  readonly snapshot?: (() => SnapshotAge) | undefined;
  readonly about: AboutServer;
  readonly streamTimes?: StreamTimes | undefined;
}

/** What the routes share. */
interface Shared extends ApiDeps {
  readonly toWall: (ms: number) => number;
  readonly age: Age;
  readonly board: Board;
  readonly oneAtATime: InTurn;
  readonly redactionFor: (viewer: Viewer) => Redaction;
}

/**
 * GET /v1/..., POST /v1/eta and /openapi.json: the API for people and scripts. It changes nothing: a POST brings the
 * objects that it asks about.
 */
export const apiRoutes: FastifyPluginAsync<ApiDeps> = async (plain, deps) => {
  const { scheduler, snapshot } = deps;
  decorateViewer(plain);
  await documented(plain);
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const toWall = deps.toWall ?? ((ms) => ms);
  const board = boardOf(plain, deps, Math.round(toWall(deps.nowMs())));
  const shared: Shared = {
    ...deps,
    toWall,
    age: () => (snapshot ? { snapshot: snapshotView(snapshot()) } : {}),
    board,
    oneAtATime: inTurn(),
    redactionFor: (viewer) => redactionOf(scheduler, viewer),
  };
  aboutRoute(app, deps.about);
  policiesRoute(app, shared);
  nodesRoute(app, shared);
  gangsRoute(app, shared);
  explainRoute(app, shared);
  queueRoutes(app, shared);
  costRoute(app, shared);
  etaRoute(app, { context: undefined, ...shared });
  boardRoutes(app, shared);
  streamRoute(app, { ...shared, times: deps.streamTimes });
};

/** The board, with the start times that are looked for while somebody asks. */
function boardOf(app: FastifyInstance, { scheduler, timelines, nowMs }: ApiDeps, versionsAfter: number): Board {
  const starts = new StartLook({
    board: scheduler.board,
    nowMs,
    onProblem: (error) => app.log.error(error, 'looking for start times failed'),
  });
  app.addHook('onClose', (_app, done) => {
    starts.close();
    done();
  });
  return new Board({
    scheduler,
    nowMs,
    moreOf: (row) => {
      const start = starts.of(row.gang);
      const times = start
        ? { startsAboutMs: start.aboutMs, startsLatestMs: start.latestMs }
        : { isStartSought: starts.isFor(row) };
      return { reservedMs: timelines.of(row.gang)?.reservedMs, ...times };
    },
    moreChanges: () => timelines.changes + starts.finds,
    onAsked: () => starts.ask(),
    versionsAfter,
  });
}

const redactionOf = (scheduler: Pick<Scheduler, 'board' | 'gangs'>, viewer: Viewer): Redaction => ({
  viewer,
  isNode: (name) => scheduler.board.hasNode(name),
  gangs: () => scheduler.gangs().map(({ gang }) => gang),
});

function policiesRoute(app: ApiScope, { scheduler }: Shared): void {
  const schema = {
    operationId: 'listPolicies',
    tags: ['server'],
    summary: 'Policies in force',
    response: { 200: json(PolicyList, 'Policies in the order in which they are matched.') },
  };
  app.get('/v1/policies', { schema }, () => ({ items: scheduler.policies.map(policyView) }));
}

function nodesRoute(app: ApiScope, { scheduler, age }: Shared): void {
  const schema = {
    operationId: 'listNodes',
    tags: ['nodes'],
    summary: 'Nodes',
    querystring: NodeQuery,
    response: { 200: json(NodeList, 'Nodes by name; for readers who may not see names, by number.'), 400: BAD_QUERY },
  };
  app.get('/v1/nodes', { schema }, ({ query: { limit }, viewer }): z.output<typeof NodeList> => {
    const nodes = scheduler.nodes();
    const told = viewer.seesNodes
      ? [...nodes].sort((a, b) => (a.node < b.node ? -1 : 1))
      : // Their order would tell of their names.
        nodes.map((one, i) => ({ ...one, node: nodeName(i) }));
    return { ...age(), total: nodes.length, items: told.slice(0, limit).map(nodeView) };
  });
}

function gangsRoute(app: ApiScope, { scheduler, toWall, age }: Shared): void {
  const schema = {
    operationId: 'listGangs',
    tags: ['gangs'],
    summary: 'Gangs of the namespaces that the asker may see',
    querystring: GangQuery,
    response: { 200: json(GangList, 'Gangs, oldest first.'), 400: BAD_QUERY },
  };
  app.get('/v1/gangs', { schema }, ({ query, viewer }): z.output<typeof GangList> => {
    const seen = (key: string) => viewer.seesAll || viewer.sees(namespaceOf(key));
    const gangs = scheduler.gangs().filter((gang) => matches(gang, query) && seen(gang.gang));
    gangs.sort((a, b) => a.sinceMs - b.sinceMs || (a.gang < b.gang ? -1 : 1));
    const items = gangs.slice(0, query.limit).map((gang) => summaryView(gang, toWall));
    return { ...age(), total: gangs.length, items };
  });
}

function explainRoute(app: ApiScope, { scheduler, nowMs, toWall, age, oneAtATime, redactionFor }: Shared): void {
  const schema = {
    operationId: 'explainGang',
    tags: ['gangs'],
    summary: 'One gang, explained',
    params: z.object({ namespace: z.string(), name: z.string() }),
    response: {
      200: json(ExplanationView, 'State of the gang, why it waits, and what would help.'),
      404: problem('There is no such gang, or its namespace may not be seen.'),
      429: problem('Too many questions at once.'),
    },
  };
  app.get('/v1/gangs/:namespace/:name', { schema }, async ({ params, viewer }, reply) => {
    const key = `${params.namespace}/${params.name}`;
    const explanation = viewer.sees(params.namespace)
      ? await oneAtATime(() => scheduler.explainInSlices(key, nowMs()))
      : undefined;
    if (explanation)
      return { ...age(), ...redactExplanation(explanationView(explanation, toWall), redactionFor(viewer)) };
    return reply.code(404).send({ error: `There is no gang ${key}; GET /v1/gangs lists them.` });
  });
}

function matches(
  { gang, phase: is, leader }: GangSummary,
  { namespace, phase, name }: z.output<typeof GangQuery>,
): boolean {
  if (namespace !== undefined && !gang.startsWith(`${namespace}/`)) return false;
  if (phase !== undefined && phase !== is) return false;
  return name === undefined || gang.endsWith(`/${name}`) || leader.name === name;
}

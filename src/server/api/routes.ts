import type { FastifyPluginAsync } from 'fastify';
import type { z } from 'zod';
import type { GangSummary } from '../../core/explanation/explanation.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { IntakeContext } from '../../intake/gang-objects.ts';
import { costRoute } from './cost-route.ts';
import { etaRoute } from './eta-route.ts';
import { inTurn } from './in-turn.ts';
import { openApi } from './openapi.ts';
import { queueRoutes } from './queue-routes.ts';
import { GangQuery, NodeQuery } from './schemas.ts';
import { explanationView, nodeView, policyView, snapshotView, summaryView, type SnapshotAge } from './views.ts';
import { withQuery } from './with-query.ts';

export interface ApiDeps {
  readonly scheduler: Pick<
    Scheduler,
    'gangs' | 'explainInSlices' | 'eta' | 'nodes' | 'policies' | 'queues' | 'queue' | 'costs' | 'idleNow'
  >;
  readonly nowMs: () => number;
  /** A time of `nowMs` as wall time; absent: they are the same. */
  readonly toWall?: ((ms: number) => number) | undefined;
  /** What the cluster has beside nodes and pods, for apps that are not submitted yet; absent: nothing. */
  readonly context?: IntakeContext | undefined;
  /** The age of a live cluster's snapshot; absent: the cluster comes from files. */
  readonly snapshot?: (() => SnapshotAge) | undefined;
}

/**
 * GET /v1/..., POST /v1/eta and /openapi.json: the API for people and scripts. It changes nothing: a POST brings the
 * objects that it asks about.
 */
export const apiRoutes: FastifyPluginAsync<ApiDeps> = (
  app,
  { scheduler, nowMs, toWall = (ms) => ms, snapshot, context },
) => {
  const document = openApi();
  const age = () => (snapshot ? { snapshot: snapshotView(snapshot()) } : {});
  const oneAtATime = inTurn();
  app.get('/openapi.json', () => document);
  app.get('/v1/policies', () => ({ items: scheduler.policies.map(policyView) }));
  app.get('/v1/nodes', (request, reply) =>
    withQuery(NodeQuery, request.query, reply, ({ limit }) => {
      const nodes = [...scheduler.nodes()].sort((a, b) => (a.node < b.node ? -1 : 1));
      return { ...age(), total: nodes.length, items: nodes.slice(0, limit).map(nodeView) };
    }),
  );
  app.get('/v1/gangs', (request, reply) =>
    withQuery(GangQuery, request.query, reply, (query) => {
      const gangs = scheduler.gangs().filter((gang) => matches(gang, query));
      gangs.sort((a, b) => a.sinceMs - b.sinceMs || (a.gang < b.gang ? -1 : 1));
      return {
        ...age(),
        total: gangs.length,
        items: gangs.slice(0, query.limit).map((gang) => summaryView(gang, toWall)),
      };
    }),
  );
  app.get<{ Params: { namespace: string; name: string } }>('/v1/gangs/:namespace/:name', async ({ params }, reply) => {
    const key = `${params.namespace}/${params.name}`;
    const explanation = await oneAtATime(() => scheduler.explainInSlices(key, nowMs()));
    if (explanation) return { ...age(), ...explanationView(explanation, toWall) };
    return reply.code(404).send({ error: `There is no gang ${key}; GET /v1/gangs lists them.` });
  });
  queueRoutes(app, { scheduler, toWall, age });
  costRoute(app, { scheduler, nowMs });
  etaRoute(app, { scheduler, nowMs, toWall, context, age, oneAtATime });
  return Promise.resolve();
};

function matches(
  { gang, phase: is, leader }: GangSummary,
  { namespace, phase, name }: z.output<typeof GangQuery>,
): boolean {
  if (namespace !== undefined && !gang.startsWith(`${namespace}/`)) return false;
  if (phase !== undefined && phase !== is) return false;
  return name === undefined || gang.endsWith(`/${name}`) || leader.name === name;
}

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import type { ReadAccess } from '../../src/server/access/read-access.ts';
import type { Viewer } from '../../src/server/api/viewer.ts';
import { buildServer, type MusterServer } from '../../src/server/app.ts';
import { node } from '../support/builders.ts';
import { withRoutes } from '../support/routes-of.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { exactly, ToldRunTimes } from '../support/told-run-times.ts';
import { World } from '../support/world.ts';

/** Every route, asked by somebody who may see one namespace of several, and no names of nodes. */

const HOUR_MS = 3_600_000;
const SECRET = /secret/;
const MINE: Viewer = { seesAll: false, seesNodes: false, sees: (namespace) => namespace === 'mine' };
const ALL: Viewer = { seesAll: true, seesNodes: true, sees: () => true };

/** Gangs of others hold all room or wait ahead of mine, which could evict them. */
function world(): World {
  const preemption = { ...DEFAULT_POLICY.preemption, minRuntimeMs: 0 };
  // One more has no room for anything: only its size tells it from the others.
  const nodes = Object.entries({ 'secret-node-2': 8, 'secret-node-3': 0.1, 'secret-node-1': 8 }).map(([name, cpu]) => {
    const labels = { 'kubernetes.io/hostname': `host-of-${name}`, 'pool-of-one': name };
    return node(name, { cpu, labels });
  });
  const topology = { ...DEFAULT_POLICY.topology, mode: 'prefer' as const, keys: ['kubernetes.io/hostname'] };
  const made = new World(
    nodes,
    { preemption, topology },
    true,
    [],
    new ToldRunTimes({ 'secret-run': exactly(2 * HOUR_MS) }),
  );
  const runs = new TenantApp('secret-run', { namespace: 'secret-team', executors: 14, user: 'secret-eve' });
  made.start({ ...runs.driver(), priority: -10 });
  for (let i = 0; i < 14; i++) made.start({ ...runs.executor(i), priority: -10 });
  made.nowMs = HOUR_MS;
  made.ask(new TenantApp('secret-ahead', { namespace: 'secret-team', executors: 5, user: 'secret-eve' }).driver());
  made.nowMs += 1000;
  made.ask(new TenantApp('job', { namespace: 'mine', executors: 9, user: 'me' }).driver());
  return made;
}

let viewer: Viewer = ALL;
const access: ReadAccess = { needsToken: true, decide: () => ({ viewer }) };
const made = world();
const { built: server, routes } = withRoutes((): MusterServer => {
  const logger = pino({ level: 'silent' });
  const options = { scheduler: made.scheduler, nowMs: () => made.nowMs, logger, access };
  return buildServer({ ...options, reasons: 'one', maxBodyBytes: 2 ** 20 });
});
let url = '';

beforeAll(async () => {
  server.onEffects(made.effects);
  url = await server.app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => server.app.close());

const APP = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'new-driver',
    namespace: 'mine',
    labels: { 'muster.dev/gang': 'new', 'muster.dev/role': 'driver' },
    annotations: { 'muster.dev/roles': '[{"name":"driver"},{"name":"executor","count":3,"requests":{"cpu":"1"}}]' },
  },
  spec: { schedulerName: 'muster', containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
};

/** What to ask of each route, `GET` unless it has a body. A route that is not here fails the test: say what it hides. */
const ASKED: Readonly<Record<string, readonly (string | { readonly path: string; readonly body: unknown })[]>> = {
  '/openapi.json': ['/openapi.json'],
  '/v1/about': ['/v1/about'],
  '/v1/policies': ['/v1/policies'],
  '/v1/nodes': ['/v1/nodes'],
  '/v1/gangs': ['/v1/gangs', '/v1/gangs?namespace=secret-team', '/v1/gangs?name=secret-run'],
  '/v1/gangs/:namespace/:name': [
    '/v1/gangs/mine/job',
    '/v1/gangs/secret-team/secret-run',
    '/v1/gangs/secret-team/secret-ahead',
  ],
  '/v1/queues': ['/v1/queues'],
  '/v1/queues/*': ['/v1/queues/root', '/v1/queues/default', '/v1/queues/none'],
  '/v1/cost': ['/v1/cost'],
  '/v1/eta': [{ path: '/v1/eta', body: { objects: [APP] } }],
  '/v1/board/gangs': [
    '/v1/board/gangs',
    '/v1/board/gangs?sort=gang',
    '/v1/board/gangs?search=secret',
    '/v1/board/gangs?namespace=secret-team',
    '/v1/board/gangs?user=secret-eve',
  ],
  '/v1/board/gangs/:namespace/:name': [
    '/v1/board/gangs/mine/job',
    '/v1/board/gangs/secret-team/secret-run',
    '/v1/board/gangs/secret-team/secret-ahead',
  ],
  '/v1/board/nodes': ['/v1/board/nodes'],
  '/v1/decisions': ['/v1/decisions', '/v1/decisions?gang=secret-team/secret-run'],
  '/v1/stream': ['/v1/stream'],
};

/** These hold nothing of the cluster that the reader may not have: `console.test.ts` says which are open, and why. */
const OTHERS = new Set(['/', '/assets/*', '/healthz', '/readyz', '/metrics', '/filter', '/prioritize', '/preempt']);

/** The answer; of a stream its first events, all decisions included. */
async function answer(asked: string | { readonly path: string; readonly body: unknown }): Promise<string> {
  const path = typeof asked === 'string' ? asked : asked.path;
  const posting =
    typeof asked === 'string'
      ? { headers: { 'last-event-id': '0' } }
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(asked.body) };
  const response = await fetch(url + path, posting);
  if (path !== '/v1/stream') return response.text();
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!/event: decisions[^]*\n\n/.test(text)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream has ended: ${text}`);
    text += value;
  }
  await reader.cancel();
  return text;
}

/** The answer without the name that the reader asked with: a 404 repeats it. */
async function told(asked: (typeof ASKED)[string][number]): Promise<string> {
  const path = typeof asked === 'string' ? asked : asked.path;
  const [, key = 'no key'] = /gangs\/([^?]+)/.exec(path) ?? [];
  return (await answer(asked)).replace(`There is no gang ${key};`, '');
}

async function nodes(): Promise<{ node: string; allocatable: unknown }[]> {
  const { items } = (await (await fetch(`${url}/v1/nodes`)).json()) as {
    items: { node: string; allocatable: unknown }[];
  };
  return items;
}

describe('a reader who may see one namespace', () => {
  test('is thought of for every route', async () => {
    await server.app.ready();
    const unknown = routes.map(({ path }) => path).filter((path) => !(path in ASKED) && !OTHERS.has(path));
    expect(unknown).toEqual([]);
    const known = routes.map(({ path }) => path);
    expect(Object.keys(ASKED).filter((path) => !known.includes(path))).toEqual([]);
  });

  test.each(Object.keys(ASKED))('%s names nothing of others', async (route) => {
    viewer = MINE;
    const answers = await Promise.all(ASKED[route]!.map(told));
    expect(answers.filter((text) => SECRET.test(text))).toEqual([]);
  });

  test.each([
    '/v1/nodes',
    '/v1/gangs',
    '/v1/gangs/:namespace/:name',
    '/v1/queues/*',
    '/v1/board/gangs',
    '/v1/board/gangs/:namespace/:name',
    '/v1/board/nodes',
    '/v1/decisions',
    '/v1/stream',
  ])('%s names them to those who see all', async (route) => {
    viewer = ALL;
    expect((await Promise.all(ASKED[route]!.map(told))).join('\n')).toMatch(SECRET);
  });

  test('reads of a gang that is not his the same as of one that is not there', async () => {
    viewer = MINE;
    for (const under of ['/v1/gangs', '/v1/board/gangs']) {
      const [theirs, none] = await Promise.all(
        ['secret-team/secret-run', 'secret-team/secret-nix'].map((key) => fetch(`${url}${under}/${key}`)),
      );
      expect([theirs!.status, none!.status]).toEqual([404, 404]);
      expect((await theirs!.text()).replaceAll('secret-run', 'x')).toBe(
        (await none!.text()).replaceAll('secret-nix', 'x'),
      );
    }
  });

  test('is told of each node under the number that it has on the map, which tells nothing of names', async () => {
    viewer = ALL;
    const names = ((await (await fetch(`${url}/v1/board/nodes`)).json()) as { names: string[] }).names;
    const byName = await nodes();
    viewer = MINE;
    const numbered = await nodes();
    expect(numbered.map(({ node }) => node)).toEqual(names.map((_, i) => `node ${i + 1}`));
    expect(numbered.map(({ allocatable }) => allocatable)).toEqual(
      names.map((name) => byName.find(({ node }) => node === name)!.allocatable),
    );
    expect(names).not.toEqual(names.toSorted());
  });

  test('finds nothing of others by searching, and no user of others', async () => {
    viewer = MINE;
    for (const query of ['search=secret', 'search=team', 'search=eve', 'user=secret-eve', 'namespace=secret-team']) {
      const { total } = (await (await fetch(`${url}/v1/board/gangs?${query}`)).json()) as { total: number };
      expect(`${query} ${total}`).toBe(`${query} 0`);
    }
  });
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import {
  AboutView,
  DecisionList,
  GangDetailView,
  GangRowList,
  NodeMapView,
} from '../../src/server/api/board-schemas.ts';
import { CostView } from '../../src/server/api/cost-route.ts';
import { QueueDetailView, QueueList } from '../../src/server/api/queue-schemas.ts';
import { ExplanationView, GangList, NodeList, PolicyList } from '../../src/server/api/schemas.ts';
import type { Viewer } from '../../src/server/api/viewer.ts';
import { buildServer } from '../../src/server/app.ts';
import { VERSION } from '../../src/version.ts';
import { node, offer, boundTo } from '../support/builders.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { docText } from '../support/doc-blocks.ts';
import { OpenScheduler } from '../support/world.ts';

const NAMES = ['n1', 'n2', 'n3'];
const scheduler = new OpenScheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
let nowMs = 0;
const server = buildServer({
  scheduler,
  nowMs: () => nowMs,
  logger: pino({ level: 'silent' }),
  reasons: 'one',
  maxBodyBytes: 2 ** 20,
});
const { app } = server;
const routes: string[] = [];
let viewer: Viewer | undefined;
/** Sees namespace jobs, and no names of nodes. */
const SOME: Viewer = { seesAll: false, seesNodes: false, sees: (namespace) => namespace === 'jobs' };
let url = '';

function ask(one: TenantApp, atMs: number): void {
  nowMs = atMs;
  const leader = one.driver();
  const { answer, effects } = scheduler.filter({ pod: leader, candidates: offer(NAMES) }, nowMs);
  server.onEffects(effects);
  if (answer.kind === 'one')
    server.onEffects(scheduler.observe({ kind: 'pod', pod: boundTo(leader, answer.node) }, nowMs));
}

/** Three nodes of 4 cores: `runs` holds 5 of the 12, the others want more than the rest. */
beforeAll(async () => {
  app.addHook('onRoute', ({ method, url: path }) => {
    routes.push(...[method].flat().map((one) => `${one.toLowerCase()} ${path}`));
  });
  app.addHook('onRequest', (request, _reply, done) => {
    if (viewer) request.viewer = viewer;
    done();
  });
  for (const name of NAMES)
    scheduler.observe(
      { kind: 'node', node: node(name, { cpu: 4, labels: { 'topology.kubernetes.io/zone': 'z' } }) },
      0,
    );
  scheduler.observe({ kind: 'synced' }, 0);
  ask(new TenantApp('runs', { executors: 4 }), 1000);
  ask(new TenantApp('waits', { executors: 9, user: 'ann' }), 2000);
  ask(new TenantApp('secret', { namespace: 'theirs', executors: 10, user: 'bob' }), 3000);
  ask(new TenantApp('big', { executors: 90 }), 4000);
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => app.close());

async function get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  const response = await fetch(url + path);
  expect(response.status).toBe(200);
  return schema.parse(await response.json());
}

const as = async <T>(who: Viewer, what: () => Promise<T>): Promise<T> => {
  viewer = who;
  try {
    return await what();
  } finally {
    viewer = undefined;
  }
};

describe('GET /v1/board/gangs', () => {
  test('has those that wait in their order, with what they wait for, and then the others', async () => {
    const { total, waiting, items } = await get('/v1/board/gangs', GangRowList);
    expect([total, waiting]).toEqual([4, 3]);
    expect(items.map(({ gang, position, waitsFor, phase }) => [gang, position, waitsFor, phase])).toEqual([
      ['jobs/waits', 1, 'room', 'waiting'],
      ['theirs/secret', 2, 'room', 'waiting'],
      ['jobs/big', 3, 'unschedulable', 'waiting'],
      ['jobs/runs', undefined, undefined, 'starting'],
    ]);
    expect(items.map(({ lacks, isStartSought }) => [lacks, isStartSought])).toEqual([
      ['room for <=7 of 9 executor', true],
      ['room for <=7 of 10 executor', true],
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(items[3]).toMatchObject({
      leader: 'runs-driver',
      members: 5,
      bound: 1,
      reserved: '1970-01-01T00:00:01.000Z',
    });
  });

  test('has start times as soon as they are worked out', async () => {
    await vi.waitFor(
      async () => {
        const { items } = await get('/v1/board/gangs', GangRowList);
        expect(items.filter(({ isStartSought }) => isStartSought)).toEqual([]);
      },
      { timeout: 60_000, interval: 100 },
    );
  });

  test.each([
    ['phase=waiting&limit=1&offset=1', ['theirs/secret']],
    ['search=SECR', ['theirs/secret']],
    ['namespace=theirs', ['theirs/secret']],
    ['user=ann', ['jobs/waits']],
    ['waitsFor=unschedulable', ['jobs/big']],
    ['sort=gang&order=desc', ['theirs/secret', 'jobs/waits', 'jobs/runs', 'jobs/big']],
    ['queue=nobody', []],
  ])('?%s', async (query, gangs) => {
    const { items } = await get(`/v1/board/gangs?${query}`, GangRowList);
    expect(items.map(({ gang }) => gang)).toEqual(gangs);
  });

  test('hides names of namespaces that the reader may not see, and does not let it search them', async () => {
    await as(SOME, async () => {
      const { items } = await get('/v1/board/gangs', GangRowList);
      expect(items[1]).toMatchObject({
        gang: '(hidden)',
        isHidden: true,
        position: 2,
        leader: '',
        user: '',
        members: 11,
      });
      expect(items[1]).not.toHaveProperty('reason');
      expect(JSON.stringify(items)).not.toMatch(/theirs|secret|bob/);
      for (const query of ['search=secret', 'namespace=theirs', 'user=bob', 'search=theirs'])
        expect((await get(`/v1/board/gangs?${query}`, GangRowList)).total).toBe(0);
      const sorted = await get('/v1/board/gangs?sort=gang&order=desc', GangRowList);
      expect(sorted.items.map(({ gang }) => gang).at(-1)).toBe('(hidden)');
    });
  });
});

describe('GET /v1/board/gangs/NAMESPACE/NAME', () => {
  test('has places and a timeline', async () => {
    const { places, timeline } = await get('/v1/board/gangs/jobs/runs', GangDetailView);
    expect(places).toHaveLength(5);
    expect(places[0]).toMatchObject({ role: 'driver', state: 'bound', pod: 'runs-driver' });
    expect(timeline.map(({ what }) => what)).toEqual(['submitted', 'reserved']);
  });

  test('has the place of one that waits, as the list has it', async () => {
    const { items } = await get('/v1/board/gangs?phase=waiting', GangRowList);
    for (const { gang, position } of items) {
      expect(position).toBeGreaterThan(0);
      expect((await get(`/v1/board/gangs/${gang}`, GangDetailView)).position).toBe(position);
    }
  });

  test('numbers nodes for a reader who may not see their names', async () => {
    const { places } = await as(SOME, () => get('/v1/board/gangs/jobs/runs', GangDetailView));
    expect(new Set(places.map(({ node: at }) => at))).toEqual(new Set(['node 1', 'node 2']));
  });

  test('a gang of another namespace is answered as one that is not there', async () => {
    const [hidden, none] = await as(SOME, () =>
      Promise.all(['theirs/secret', 'theirs/nobody'].map((gang) => fetch(`${url}/v1/board/gangs/${gang}`))),
    );
    expect([hidden!.status, none!.status]).toEqual([404, 404]);
    expect((await hidden!.text()).replace('secret', 'nobody')).toBe(await none!.text());
    const explained = await as(SOME, () => fetch(`${url}/v1/gangs/theirs/secret`));
    expect(explained.status).toBe(404);
  });

  test('a gang that is over is remembered, with when it ended', async () => {
    const one = new TenantApp('short', { executors: 1 });
    ask(one, 10_000);
    nowMs = 20_000;
    server.onEffects(scheduler.observe({ kind: 'pod-gone', uid: one.driver().uid }, nowMs));
    const { ended, timeline, phase } = await get('/v1/board/gangs/jobs/short', GangDetailView);
    expect([ended, phase]).toEqual(['1970-01-01T00:00:20.000Z', 'starting']);
    expect(timeline.map(({ what }) => what)).toEqual(['submitted', 'reserved', 'over']);
  });
});

describe('GET /v1/board/nodes', () => {
  test('has columns of bytes; names only for those who do not know them', async () => {
    const map = await get('/v1/board/nodes', NodeMapView);
    expect(map.names).toEqual(NAMES);
    expect(map.groups).toEqual([{ key: 'topology.kubernetes.io/zone', values: ['z'] }]);
    const [used, reserved] = [map.used['cpu']!, map.reserved['cpu']!].map((text) => [...Buffer.from(text, 'base64')]);
    const sum = (bytes: readonly number[] | undefined) => bytes!.reduce((total, one) => total + one, 0);
    expect([sum(used), sum(reserved)]).toEqual([50, 200]);
    const again = await get(`/v1/board/nodes?known=${map.namesVersion}`, NodeMapView);
    expect(again.names).toBeUndefined();
    expect(again.groupOf).toBeUndefined();
  });

  test('numbers nodes for a reader who may not see their names, in both lists', async () => {
    await as(SOME, async () => {
      expect((await get('/v1/board/nodes', NodeMapView)).names).toEqual(['node 1', 'node 2', 'node 3']);
      const { items } = await get('/v1/nodes', NodeList);
      expect(items.map(({ node: name }) => name)).toEqual(['node 1', 'node 2', 'node 3']);
    });
  });
});

describe('GET /v1/decisions', () => {
  test('has sentences, the newest first', async () => {
    const { items } = await get('/v1/decisions?gang=jobs/runs', DecisionList);
    expect(items.map(({ kind, text }) => [kind, text])).toEqual([
      ['gang-admitted', 'Admitted: 5 places on 2 nodes reserved.'],
    ]);
    expect((await get('/v1/decisions?limit=1', DecisionList)).items[0]!.kind).toBe('gang-released');
  });

  test('has nothing of gangs that the reader may not see', async () => {
    const { items } = await as(SOME, () => get('/v1/decisions', DecisionList));
    expect(items.length).toBeGreaterThan(2);
    expect(JSON.stringify(items)).not.toMatch(/theirs|secret/);
  });
});

test('other lists name nobody whom the reader may not see', async () => {
  await as(SOME, async () => {
    const answers = [
      await get('/v1/gangs', GangList),
      await get('/v1/queues', QueueList),
      await get('/v1/queues/default', QueueDetailView),
      await get('/v1/cost', CostView),
      await get('/v1/gangs/jobs/big', ExplanationView),
    ];
    expect(JSON.stringify(answers)).not.toMatch(/theirs|secret|bob|"n[123]"/);
  });
  expect(JSON.stringify(await get('/v1/queues/default', QueueDetailView))).not.toContain('(hidden)');
});

test('GET /v1/about', async () => {
  const about = { version: VERSION, access: 'open', cluster: 'files', isDeciding: true };
  expect(await get('/v1/about', AboutView)).toEqual({ ...about, sees: 'all' });
  expect(await as(SOME, () => get('/v1/about', AboutView))).toEqual({ ...about, sees: 'some' });
});

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

describe('/openapi.json', () => {
  const document = async () =>
    (await (await fetch(`${url}/openapi.json`)).json()) as {
      readonly openapi: string;
      readonly info: { readonly version: string };
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
      readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
    };

  test('has every route of the API, and no other', async () => {
    const { openapi, info, paths } = await document();
    expect([openapi, info.version]).toEqual(['3.1.0', VERSION]);
    const said = Object.entries(paths).flatMap(([path, of]) => Object.keys(of).map((method) => `${method} ${path}`));
    const served = routes
      .filter((route) => / \/v1\//.test(route) && !route.startsWith('head'))
      .map((route) => route.replaceAll(/:(\w+)/g, '{$1}').replace('/*', '/{path}'));
    expect(served.length).toBeGreaterThan(12);
    expect(said.sort()).toEqual(served.sort());
  });

  test('operations have ids of their own, tags and summaries, and every answer is described', async () => {
    const all = Object.values((await document()).paths).flatMap((of) => Object.values(of));
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
    for (const { summary, tags, responses } of all) {
      expect(summary).toMatch(/\w/);
      expect(tags).toHaveLength(1);
      for (const { description } of Object.values(responses)) expect(description).toMatch(/\w.*\.$/);
    }
  });

  test('every reference resolves, and every component is referred to', async () => {
    const whole = await document();
    const refs = [...JSON.stringify(whole).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name!,
    );
    const { schemas } = whole.components;
    for (const name of refs) expect(schemas).toHaveProperty([name]);
    const ofEvents = ['Tick'];
    expect(Object.keys(schemas).filter((name) => !refs.includes(name))).toEqual(ofEvents);
    expect(JSON.stringify(whole)).not.toContain('PLACEHOLDER');
  });

  test('lists answer as the schemas say', async () => {
    await get('/v1/policies', PolicyList);
    await get('/v1/gangs', GangList);
    await get('/v1/nodes', NodeList);
    await get('/v1/queues', QueueList);
    await get('/v1/cost', CostView);
  });
});

/** The tour of docs/wire.md: its lines as they stand there. */
const TOUR = docText('docs/wire.md')
  .split('\n')
  .filter((line) => line.startsWith('curl '));

test('the tour has every list', () => {
  expect(TOUR.length).toBeGreaterThanOrEqual(10);
});

test.each(TOUR)('%s', async (line) => {
  const said = line.replace('http://127.0.0.1:8888', url);
  expect(said).not.toBe(line);
  // curl ends with 28 where its time is over: so must the stream.
  const { stdout, code } = await promisify(execFile)('sh', ['-c', said]).then(
    ({ stdout: text }) => ({ stdout: text, code: 0 }),
    (error: { readonly stdout: string; readonly code: number }) => error,
  );
  if (line.includes('/v1/stream')) {
    expect([code, stdout]).toEqual([28, expect.stringContaining('event: tick\ndata: {')]);
    return;
  }
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).not.toHaveProperty('error');
});

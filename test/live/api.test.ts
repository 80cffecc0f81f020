import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainCommand } from '../../src/cli/explain.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { ExplanationView, GangList, NodeList, PolicyList } from '../../src/server/api/schemas.ts';
import { buildServer } from '../../src/server/app.ts';
import type { GangBuilder } from '../support/builders.ts';
import { boundTo, node, offer, spark } from '../support/builders.ts';

const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
const logger = pino({ level: 'silent' });
const { app } = buildServer({ scheduler, nowMs: () => 60_000, logger, reasons: 'one', maxBodyBytes: 2 ** 20 });
let url = '';

/** Two nodes of 4 cores: gang `runs` holds 5 of the 8, `waits` wants 6. */
beforeAll(async () => {
  scheduler.observe({ kind: 'node', node: node('n1', { cpu: 4 }) }, 0);
  scheduler.observe(
    { kind: 'node', node: node('n2', { cpu: 4, taints: [{ key: 'gpu', value: 'true', effect: 'NoExecute' }] }) },
    0,
  );
  scheduler.observe({ kind: 'node', node: node('n3', { cpu: 4 }) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  ask(spark('runs', 4), 1000);
  ask(spark('waits', 5), 2000);
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});

function ask(gang: GangBuilder, nowMs: number): void {
  const leader = gang.leader();
  const { answer } = scheduler.filter({ pod: leader, candidates: offer(['n1', 'n2', 'n3']) }, nowMs);
  if (answer.kind === 'one') scheduler.observe({ kind: 'pod', pod: boundTo(leader, answer.node) }, nowMs);
}

afterAll(() => app.close());

const get = async (path: string) => {
  const response = await fetch(url + path);
  return { status: response.status, body: await response.json() };
};

describe('the read API', () => {
  test('lists gangs, oldest first', async () => {
    const { body } = await get('/v1/gangs');
    const { total, items } = GangList.parse(body);
    expect(total).toBe(2);
    expect(items.map(({ gang, phase, slots, reason }) => [gang, phase, slots.reserved + slots.bound, reason])).toEqual([
      ['jobs/runs', 'starting', 5, undefined],
      ['jobs/waits', 'waiting', 0, 'gang waits for room'],
    ]);
  });

  test.each([
    ['?phase=waiting', ['jobs/waits']],
    ['?namespace=jobs&limit=1', ['jobs/runs']],
    ['?name=runs-driver', ['jobs/runs']],
    ['?namespace=other', []],
  ])('%s selects', async (query, gangs) => {
    expect(GangList.parse((await get(`/v1/gangs${query}`)).body).items.map(({ gang }) => gang)).toEqual(gangs);
  });

  test.each(['?phase=asleep', '?limit=0', '?limit=x', '?colour=red', '?phase=waiting&phase=running'])(
    '%s is refused by name',
    async (query) => {
      const { status, body } = await get(`/v1/gangs${query}`);
      expect(status).toBe(400);
      expect((body as { error: string }).error).toMatch(/^query /);
    },
  );

  test('explains a gang that waits: what it asks, who may hold it, what is short, and what would help', async () => {
    const found = ExplanationView.parse((await get('/v1/gangs/jobs/waits')).body);
    expect(found.roles.map(({ role, min, nodes, places }) => ({ role, min, nodes, places }))).toEqual([
      {
        role: 'driver',
        min: 1,
        nodes: { total: 3, eligible: 2, refused: [{ because: 'taint gpu=true:NoExecute', nodes: 1 }] },
        places: { now: 3, empty: 8 },
      },
      {
        role: 'executor',
        min: 5,
        nodes: { total: 3, eligible: 2, refused: [{ because: 'taint gpu=true:NoExecute', nodes: 1 }] },
        places: { now: 3, empty: 8 },
      },
    ]);
    expect(found.roles[1]!.short).toEqual([{ resource: 'cpu', needed: 5, free: 3, largest: 3 }]);
    expect(found.advice).toEqual([
      'Role executor needs 5 places; 3 places are free on 2 eligible nodes of 3; 2 cores short.',
      'With 2 members of role executor instead of 5 it would start now.',
    ]);
  });

  test('explains a gang that starts by its slots', async () => {
    const { placed, advice } = ExplanationView.parse((await get('/v1/gangs/jobs/runs')).body);
    expect(placed.filter(({ state }) => state === 'bound')).toEqual([
      { role: 'driver', node: placed[0]!.node, state: 'bound', pod: 'runs-driver' },
    ]);
    expect(placed.filter(({ role, state }) => role === 'executor' && state === 'reserved')).toHaveLength(4);
    expect(advice).toEqual([]);
  });

  test.each(['/v1/gangs/jobs/nobody', '/v1/gangs/__proto__/constructor', '/v1/gangs/a/%2e%2e'])(
    '%s is not there',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  test('lists nodes with what is free and what is held', async () => {
    const { items } = NodeList.parse((await get('/v1/nodes')).body);
    expect(items.map((one) => one.node)).toEqual(['n1', 'n2', 'n3']);
    expect(
      items.map(({ free, held, allocatable }) => (allocatable['cpu'] ?? 0) - (free['cpu'] ?? 0) - (held['cpu'] ?? 0)),
    ).toEqual(items.map(({ node: name }) => (scheduler.explain('jobs/runs', 0)!.placed[0]!.node === name ? 1 : 0)));
    expect(items.reduce((sum, { held }) => sum + (held['cpu'] ?? 0), 0)).toBe(4);
  });

  test('lists the policies in force', async () => {
    const { items } = PolicyList.parse((await get('/v1/policies')).body);
    expect(items).toMatchObject([{ name: 'default', queue: { blockAfterMs: 600_000 } }]);
  });
});

describe('muster explain', () => {
  async function explain(app: string, output: 'table' | 'json' = 'table', server = url) {
    let text = '';
    const code = await explainCommand(app, { server, output }, (part) => (text += part));
    return { code, text };
  }

  test.each(['waits', 'jobs/waits', 'waits-driver'])('finds %s and prints why it waits', async (app) => {
    const { code, text } = await explain(app);
    expect(code).toBe(0);
    expect(text).toMatch(/^Gang jobs\/waits: waiting, gang waits for room\n/);
    expect(text).toContain('taint gpu=true:NoExecute (1)');
    expect(text).toContain('* With 2 members of role executor instead of 5 it would start now.');
  });

  test('prints who has a place where', async () => {
    expect((await explain('runs')).text).toMatch(/^driver +n[13] +bound +1$/m);
  });

  test('-o json is the answer of the API', async () => {
    const { text } = await explain('runs', 'json');
    expect(JSON.parse(text)).toEqual((await get('/v1/gangs/jobs/runs')).body);
  });

  test('says that nobody is called so, and that nobody answers', async () => {
    expect(await explain('nobody')).toEqual({
      code: 1,
      text: 'There is no gang called nobody, and no leader pod of that name. muster gangs --search nobody finds parts of names.\n',
    });
    await expect(explain('runs', 'table', 'http://127.0.0.1:45999')).rejects.toThrow(
      /Cannot reach .*ECONNREFUSED.*port-forward/,
    );
  });
});

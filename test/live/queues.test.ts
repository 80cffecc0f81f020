import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queuesCommand, type QueuesFlags } from '../../src/cli/queues.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { QueueDetailView, QueueList } from '../../src/server/api/queue-schemas.ts';
import { buildServer } from '../../src/server/app.ts';
import { boundTo, GangBuilder, node, offer } from '../support/builders.ts';
import { queue, rule, tenancyOf } from '../support/tenancies.ts';

const prod = queue('prod', {
  guaranteed: 60,
  max: 80,
  queues: [queue('ml'), queue('etl', { guaranteed: 40 })],
});
const many = Array.from({ length: 1000 }, (_, i) => queue(`team-${String(i).padStart(4, '0')}`));
const hours = (from: number, to: number) => ({ yields: { from, to, zone: 'UTC' } });
many[3] = queue('team-0003', hours(0, 8 * 60));
many[4] = queue('team-0004', hours(8 * 60, 18 * 60));
const queues = [prod, queue('adhoc', { weight: 0.5, each: queue('each') }), ...many];
const tenancy = { ...tenancyOf(queues), rules: [rule('adhoc.a')] };
const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'], tenancy });
const logger = pino({ level: 'silent' });
const { app } = buildServer({ scheduler, nowMs: () => 60_000, logger, reasons: 'one', maxBodyBytes: 2 ** 20 });
let url = '';

/** 100 cores: adhoc.a runs 70, prod.etl runs 20 and waits for 30 more. */
beforeAll(async () => {
  scheduler.observe({ kind: 'node', node: node('n', { cpu: 100 }) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  run(new GangBuilder('big', { worker: { count: 70, cpu: 1 } }, { queue: 'adhoc.a' }), 'bob\u001b[2J');
  run(new GangBuilder('small', { worker: { count: 20, cpu: 1 } }, { queue: 'prod.etl' }), 'alice');
  run(new GangBuilder('next', { worker: { count: 30, cpu: 1 } }, { queue: 'prod.etl' }), 'alice');
  scheduler.tick(5000);
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

function run(gang: GangBuilder, user: string): void {
  for (let i = 0; i < gang.spec.roles[0]!.count; i++) {
    const pod = { ...(i === 0 ? gang.leader() : gang.member('worker', i)), recurrence: { user } };
    const { answer } = scheduler.filter({ pod, candidates: offer(['n']) }, 1000);
    if (answer.kind !== 'one') return;
    scheduler.observe({ kind: 'pod', pod: boundTo(pod, answer.node) }, 1000);
  }
}

const get = async (path: string) => {
  const response = await fetch(url + path);
  return { status: response.status, body: (await response.json()) as { error?: string } };
};

describe('GET /v1/queues', () => {
  test('lists queues in the order of the tree, with amounts in cores', async () => {
    const { total, items } = QueueList.parse((await get('/v1/queues?limit=6')).body);
    expect(total).toBe(1006);
    expect(items.map(({ path, held, entitled }) => [path, held['cpu'], entitled['cpu']])).toEqual([
      ['root', 90, 100],
      ['adhoc', 70, 50],
      ['adhoc.a', 70, 50],
      ['prod', 20, 50],
      ['prod.etl', 20, 50],
      ['prod.ml', 0, 0],
    ]);
  });

  test('?under selects a queue and those below it', async () => {
    const of = async (under: string) =>
      QueueList.parse((await get(`/v1/queues?under=${under}`)).body).items.map(({ path }) => path);
    expect(await of('prod')).toEqual(['prod', 'prod.etl', 'prod.ml']);
    expect(await of('pro')).toEqual([]);
    expect(await of('root')).toHaveLength(1000);
  });

  test.each(['?limit=0', '?limit=x', '?colour=red'])('%s is refused by name', async (query) => {
    const { status, body } = await get(`/v1/queues${query}`);
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^query /)]);
  });

  test('one queue has its users, limits and rules', async () => {
    const { path, users, limits, reclaim, gangs, oldest, over, under, max } = QueueDetailView.parse(
      (await get('/v1/queues/prod')).body,
    );
    expect({ path, users, limits, gangs, oldest, over, under, max }).toEqual({
      path: 'prod',
      users: [{ user: 'alice', held: { cpu: 20, pods: 20 }, gangs: 1, share: 0.2 }],
      limits: {},
      gangs: { waiting: 1, starting: 0, running: 1, degraded: 0 },
      oldest: { gang: 'jobs/next', since: '1970-01-01T00:00:01.000Z' },
      over: [],
      under: ['cpu'],
      max: { cpu: 80 },
    });
    expect(reclaim).toEqual({ mode: 'advise', to: 'guarantee', afterSeconds: 60, patienceSeconds: 300, from: [] });
  });

  test.each([
    ['prod.mk', /^There is no queue prod\.mk; the nearest are prod\.ml, /],
    ['etl', /the nearest are prod\.etl, /],
    ['x'.repeat(80), /GET \/v1\/queues lists them/],
    ['__proto__', /no queue __proto__/],
    ['prod%2F..%2Fetl', /no queue prod\/\.\.\/etl/],
  ])('%s is not there, and the nearest are named', async (path, error) => {
    const { status, body } = await get(`/v1/queues/${path}`);
    expect(status).toBe(404);
    expect(body.error).toMatch(error);
  });

  test('a queue that yields at this hour says so', async () => {
    const yields = async (path: string) => QueueDetailView.parse((await get(`/v1/queues/${path}`)).body).yields;
    expect(await yields('team-0003')).toEqual({ hours: '00:00-08:00 UTC', isNow: true });
    expect(await yields('team-0004')).toEqual({ hours: '08:00-18:00 UTC', isNow: false });
    expect(await yields('prod')).toBeUndefined();
  });

  test('a name that nobody knows is not made by asking for it', async () => {
    await get('/v1/queues/adhoc.invented');
    expect(QueueList.parse((await get('/v1/queues?under=adhoc')).body).total).toBe(2);
  });
});

describe('muster queues', () => {
  async function queues(path?: string, flags: Partial<QueuesFlags> = {}) {
    let text = '';
    const all = { server: url, output: 'table', resource: 'cpu', ...flags } as const;
    const code = await queuesCommand(path, all, (part) => (text += part));
    return { code, text };
  }

  test('prints a line for each queue, with bars, in 80 columns', async () => {
    const { code, text } = await queues('prod');
    expect(code).toBe(0);
    expect(text.replace(/next, .*/, 'next, AGES')).toMatchInlineSnapshot(`
      "Queue prod: gangs: 1 waiting, 0 starting, 1 running; 20 pods, 20% of the cluster's cpu
        longest wait: jobs/next, AGES
        weight 1; any number of gangs and pods
        reclaim: advise, up to its guarantee, after 60 s

      users, by the largest part of the cluster that they hold here:
        alice   20%  1 gang; 20 cores

      cpu, cores
      queue      held entitled  guar.    max waits   0 to 80
      prod         20       50     60     80     1 < ########            |   :       ]
      prod.etl     20       50     40      -     1 < ########        :   |
      prod.ml       0        0      0      -     0
      # held  | entitled  : guaranteed  ] max   ! beyond its entitlement  < below it
      "
    `);
    expect((await queues('adhoc')).text).toMatchInlineSnapshot(`
      "Queue adhoc: gangs: 0 waiting, 0 starting, 1 running; 70 pods, 70% of the cluster's cpu
        weight 0.5; any number of gangs and pods
        reclaim: advise, up to its guarantee, after 60 s

      users, by the largest part of the cluster that they hold here:
        bob?[2J   70%  1 gang; 70 cores

      cpu, cores
      queue     held entitled  guar.    max waits   0 to 70
      adhoc       70       50      0      -     0 ! #######################|##########
      adhoc.a     70       50      0      -     0 ! #######################|##########
      # held  | entitled  : guaranteed  ] max   ! beyond its entitlement  < below it
      "
    `);
  });

  test('names those that yield at this hour', async () => {
    expect((await queues('team-0003')).text).toContain('\n  yields to its siblings 00:00-08:00 UTC: now\n');
    expect((await queues('team-0004')).text).toContain('\n  yields to its siblings 08:00-18:00 UTC: not now\n');
    expect((await queues('prod')).text).not.toContain('yield');
    expect((await queues()).text).toMatch(/below it\nyield to their siblings now:\n {2}team-0003 00:00-08:00 UTC\n$/);
  });

  test('takes a thousand queues', async () => {
    const lines = (await queues(undefined, { tree: true })).text.split('\n');
    expect(lines).toHaveLength(1006 + 6);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(lines.slice(2, 8).map((line) => line.slice(0, 12))).toEqual([
      'root        ',
      '  adhoc     ',
      '    a       ',
      '  prod      ',
      '    etl     ',
      '    ml      ',
    ]);
  });

  test('--json is the answer of the API', async () => {
    expect(JSON.parse((await queues('prod.etl', { output: 'json' })).text)).toEqual(
      (await get('/v1/queues/prod.etl')).body,
    );
    expect(JSON.parse((await queues(undefined, { output: 'json' })).text)).toEqual(
      (await get('/v1/queues?limit=10000')).body,
    );
  });

  test('says which queue and which resource are not there', async () => {
    await expect(queues('prod.elt')).rejects.toThrow('There is no queue prod.elt; the nearest are prod.etl, prod.ml');
    await expect(queues('prod', { resource: 'gpu' })).rejects.toThrow(
      '--resource gpu: no queue has a share of it; there are cpu, memory.',
    );
  });
});

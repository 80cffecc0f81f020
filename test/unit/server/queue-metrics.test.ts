import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { boundedLabels, OTHERS } from '../../../src/server/bounded-labels.ts';
import { queueMetrics } from '../../../src/server/queue-metrics.ts';
import { GangBuilder, node } from '../../support/builders.ts';
import { queue, tenancyOf } from '../../support/tenancies.ts';
import { worldWith } from '../../support/tenants.ts';

/** 100 cores. prod is guaranteed 60 of them and may hold 80, prod.ml 10. */
function setUp() {
  const prod = queue('prod', { guaranteed: 60, max: 80, queues: [queue('etl'), queue('ml', { max: 10 })] });
  const world = worldWith([node('n', { cpu: 100 })], tenancyOf([prod, queue('adhoc')]));
  const registry = new Registry();
  const onEffect = queueMetrics(registry, { scheduler: world.scheduler });
  let told = 0;
  const tell = () => {
    for (; told < world.effects.length; told++) onEffect(world.effects[told]!);
  };
  const gang = (name: string, cpu: number, queue: string) =>
    new GangBuilder(name, { worker: { count: cpu, cpu: 1 } }, { queue });
  const ask = (one: GangBuilder) => {
    const answer = world.ask(one.leader());
    tell();
    return answer;
  };
  const lines = async (name: string) =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith(name) && !line.includes('_bucket'));
  return { world, gang, ask, tell, lines, registry };
}

test('what queues hold and should have is read at each scrape, in cores; the whole cluster is not among them', async () => {
  const { world, gang, ask, lines } = setUp();
  ask(gang('a', 20, 'prod.etl'));
  ask(gang('b', 90, 'adhoc'));
  world.wait(1000);
  expect(await lines('muster_queue_held{')).toContain('muster_queue_held{queue="prod",resource="cpu"} 20');
  expect(await lines('muster_queue_bound{')).toContain('muster_queue_bound{queue="prod.etl",resource="cpu"} 0');
  expect(await lines('muster_queue_entitled{')).toContain('muster_queue_entitled{queue="adhoc",resource="cpu"} 80');
  expect(await lines('muster_queue_guaranteed{')).toContain('muster_queue_guaranteed{queue="prod",resource="cpu"} 60');
  expect(await lines('muster_queue_demand{')).toContain('muster_queue_demand{queue="adhoc",resource="cpu"} 90');
  expect(await lines('muster_queue_max{')).toEqual([
    'muster_queue_max{queue="prod",resource="cpu"} 80',
    'muster_queue_max{queue="prod.ml",resource="cpu"} 10',
  ]);
  expect(await lines('muster_queue_gangs{')).toContain('muster_queue_gangs{queue="prod",phase="starting"} 1');
  expect(await lines('muster_queue_gangs{')).toContain('muster_queue_gangs{queue="adhoc",phase="waiting"} 1');
  expect((await lines('muster_queue_')).filter((line) => line.includes('queue=""'))).toEqual([]);
});

test('a scrape reads the queues once', async () => {
  const registry = new Registry();
  let reads = 0;
  const queues = () => {
    reads++;
    return [];
  };
  queueMetrics(registry, { scheduler: { queues, standing: () => undefined } });
  await registry.metrics();
  expect(reads).toBe(1);
  await new Promise(setImmediate);
  await registry.metrics();
  expect(reads).toBe(2);
});

test('gangs that come to wait for a limit are counted, by limit', async () => {
  const { gang, ask, lines } = setUp();
  ask(gang('a', 10, 'prod.ml'));
  expect(ask(gang('late', 10, 'prod.ml'))).toContain('max');
  ask(gang('late', 10, 'prod.ml'));
  expect(await lines('muster_queue_refusals_total')).toEqual([
    'muster_queue_refusals_total{queue="prod.ml",limit="max"} 1',
  ]);
});

test('unfairness is counted in seconds, of leaves', async () => {
  const { world, gang, ask, lines } = setUp();
  ask(gang('b', 90, 'adhoc'));
  world.wait(1000);
  ask(gang('a', 30, 'prod.etl'));
  for (let i = 0; i < 5; i++) world.wait(1000);
  expect(await lines('muster_queue_unfairness_seconds_total')).toEqual([
    'muster_queue_unfairness_seconds_total{queue="adhoc"} 0',
    'muster_queue_unfairness_seconds_total{queue="prod.etl"} 4',
    'muster_queue_unfairness_seconds_total{queue="prod.ml"} 0',
  ]);
});

test('reclaimed pods are counted once, by the queues that lose and get them, and gangs that lose pods again', async () => {
  const registry = new Registry();
  const onEffect = queueMetrics(registry, {
    scheduler: { queues: () => [], standing: () => undefined },
  });
  const taken = { resource: 'cpu', held: 70_000, share: 50_000 };
  const from = [
    { ...taken, queue: 'adhoc', victims: 3 },
    { ...taken, queue: 'batch', victims: 1 },
  ];
  const ref = { namespace: 'jobs', name: 'x', uid: 'x' };
  const plan = { id: 'p', untilMs: 0, slots: new Map() };
  const base = {
    kind: 'eviction-planned',
    gang: 'jobs/x',
    leader: ref,
    plan,
    victims: [],
    awaited: [],
    broken: 0,
  } as const;
  const share = { ...base, because: 'share', queue: 'prod', from, cycles: 2, isRestored: false } as const;
  onEffect(share);
  onEffect({ ...share, isRestored: true });
  onEffect({ ...share, because: 'priority', from: [], cycles: 0 });
  const text = await registry.metrics();
  expect(text).toContain('muster_reclaims_total{from="adhoc",to="prod"} 3');
  expect(text).toContain('muster_reclaims_total{from="batch",to="prod"} 1');
  expect(text).toContain('muster_reclaim_cycles_total 2');
  for (let i = 0; i < 3000; i++) onEffect({ ...share, queue: `q${i}` });
  const pairs = (await registry.metrics()).split('\n').filter((line) => line.startsWith('muster_reclaims_total{'));
  expect(pairs).toHaveLength(2001);
  expect(pairs).toContainEqual(expect.stringContaining(`{from="${OTHERS}",to="${OTHERS}"}`));
});

test('names beyond the first so many share one', () => {
  const label = boundedLabels(2);
  expect(['a', 'b', 'c', 'a', 'd'].map(label)).toEqual(['a', 'b', OTHERS, 'a', OTHERS]);
});

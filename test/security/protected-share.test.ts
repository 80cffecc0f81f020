import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy, type PreemptionRules } from '../../src/core/policy/policy.ts';
import type { ProtectedPods } from '../../src/core/preemption/candidates/protection.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { addNodes, leader, LiveMuster, PODS } from '../support/live-muster.ts';
import { until } from '../support/live.ts';
import { runPod, wanted } from '../support/apps.ts';
import { node } from '../support/builders.ts';
import { World } from '../support/world.ts';

const BUDGETS = '/apis/policy/v1/poddisruptionbudgets';
const MINUTE_MS = 60_000;
const LONG = { graceMs: 601_000 };

const policyOf = (rules: Partial<PreemptionRules>): Policy => ({
  ...DEFAULT_POLICY,
  preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce', ...rules },
});

/** Ten nodes of one core, each with a pod of a tenant. */
function tenantsWorld(rules: Partial<PreemptionRules>, more: Parameters<typeof runPod>[3]): World {
  const names = Array.from({ length: 10 }, (_, i) => `n${i}`);
  const world = new World(
    names.map((name) => node(name, { cpu: 1 })),
    policyOf(rules),
  );
  world.nowMs = 100 * MINUTE_MS;
  for (const name of names) runPod(world, `on-${name}`, name, more);
  return world;
}

const budget = (world: World, key: string, app: string, allowed = 0) =>
  world.learn({
    kind: 'budget',
    budget: {
      key: `jobs/${key}`,
      namespace: 'jobs',
      selector: [{ key: 'app', operator: 'In', values: [app] }],
      allowed,
    },
  });

/** An urgent gang of as many cores comes. @returns how many pods are to be evicted for it, plan by plan */
function urgent(world: World, cores: number, name = 'urgent'): number {
  world.ask(wanted(name, { priority: 1000, executors: cores - 1 }).leader);
  return world.makeRoom().length;
}

const SHIELDS = [
  ['a grace period of 601 s', { evictionTraits: LONG }, () => undefined],
  ['a budget that allows nothing', { labels: { app: 'x' } }, (world: World) => budget(world, 'none', 'x')],
  [
    'two budgets, which the Eviction API refuses',
    { labels: { app: 'x' } },
    (world: World) => ['one', 'two'].forEach((key) => budget(world, key, 'x', 5)),
  ],
] as const;

describe.each(SHIELDS)('%s', (_, more, shield) => {
  const tenants = (rules: Partial<PreemptionRules>) => {
    const world = tenantsWorld(rules, more);
    shield(world);
    return world;
  };

  test('protects all pods by default', () => {
    expect(urgent(tenants({}), 2)).toBe(0);
  });

  test('protects as much of the cluster as the policy says', () => {
    expect(urgent(tenants({ protectedShare: 1 }), 2)).toBe(0);
    expect(urgent(tenants({ protectedShare: 0.9 }), 2)).toBe(2);
    expect(urgent(tenants({ protectedShare: 0 }), 10)).toBe(10);
  });

  test('protects the rest once the pods beyond the share are gone', () => {
    const world = tenants({ protectedShare: 0.8 });
    expect(urgent(world, 2)).toBe(2);
    expect(urgent(world, 2, 'second')).toBe(0);
  });
});

test('a budget that allows a disruption is kept, whatever the share', () => {
  const world = tenantsWorld({ protectedShare: 0 }, { labels: { app: 'x' } });
  budget(world, 'one', 'x', 1);
  expect(urgent(world, 2)).toBe(0);
});

test('the share is that of the resource of which the pods hold most', () => {
  const world = tenantsWorld({ protectedShare: 0.5 }, { cpu: 0.1, memoryGib: 1000, evictionTraits: LONG });
  expect(protectedIn(world).get('jobs')!.share).toBeCloseTo(1000 / 1024);
});

test('a deletion cost weighs no more than the longest work of such a pod', () => {
  const world = tenantsWorld({}, { evictionTraits: { startedMs: 0, deletionCost: 2 ** 31 - 1 } });
  const [one] = [...world.scheduler.explain(queued(world), world.nowMs)!.preemption!.victims];
  const { workCapSeconds } = DEFAULT_POLICY.preemption.cost;
  expect(one!.terms).toContainEqual({ term: 'deletion cost', coreSeconds: workCapSeconds });
});

function protectedIn(world: World): ReadonlyMap<string, ProtectedPods> {
  const step = world.scheduler.protectedPods().next();
  expect(step.done).toBe(true);
  return step.value as ReadonlyMap<string, ProtectedPods>;
}

function queued(world: World): string {
  const driver = wanted('urgent', { priority: 1000, executors: 1 }).leader;
  world.ask(driver);
  return driver.membership!.gang;
}

test('ten thousand budgets in a namespace cost a hundred selectors per pod', () => {
  const world = tenantsWorld({}, { labels: { app: 'x' } });
  let tried = 0;
  const values = new Proxy<string[]>([], {
    get: (target, key) => (key === 'includes' ? () => (tried++, false) : (Reflect.get(target, key) as unknown)),
  });
  for (let i = 0; i < 10_000; i++)
    world.learn({
      kind: 'budget',
      budget: {
        key: `jobs/${i}`,
        namespace: 'jobs',
        selector: [{ key: 'app', operator: 'In', values }],
        allowed: 0,
      },
    });
  protectedIn(world);
  expect(tried).toBeLessThanOrEqual(10 * 100);
  expect(tried).toBeGreaterThan(0);
});

test('a pass over many pods pauses every 5,000', () => {
  const world = tenantsWorld({}, { evictionTraits: LONG });
  const { boundPods } = world.scheduler.inside.cluster;
  const one = [...boundPods.values()][0]!;
  for (let i = 0; i < 12_000; i++) (boundPods as Map<string, typeof one>).set(`copy-${i}`, one);
  const pass = world.scheduler.protectedPods();
  let steps = 0;
  while (!pass.next().done) steps++;
  expect(steps).toBe(2);
});

test('a resource that comes while the pods are counted leaves the shares as they are', () => {
  const world = tenantsWorld({}, { evictionTraits: LONG });
  const { boundPods } = world.scheduler.inside.cluster;
  const one = [...boundPods.values()][0]!;
  for (let i = 0; i < 5000; i++) (boundPods as Map<string, typeof one>).set(`copy-${i}`, { ...one, isLeaving: true });
  const pass = world.scheduler.protectedPods();
  expect(pass.next().done).toBe(false);
  world.scheduler.observe({ kind: 'node', node: node('gpus', { cpu: 10, gpu: 8 }) }, world.nowMs);
  const { value } = pass.next() as { value: ReadonlyMap<string, ProtectedPods> };
  expect([...value.values()].map(({ share }) => share)).toEqual([0.5]);
});

describe('on an API server', () => {
  let api: FakeApiServer;
  let muster: LiveMuster;

  beforeEach(async () => {
    api = new FakeApiServer();
    api.hasGrace = true;
    await api.start();
    addNodes(api);
    muster = new LiveMuster(api, { policy: policyOf({ protectedShare: 0.5, minRuntimeMs: 0 }) });
  });

  afterEach(async () => {
    await muster.stop();
    await api.stop();
  });

  function fill(name: string, graceSeconds: number): void {
    const containers = [{ name: 'main', resources: { requests: { cpu: '4' } } }];
    api.put(PODS, {
      metadata: { name: `on-${name}`, namespace: 'jobs', labels: { app: 'x' } },
      spec: { schedulerName: 'muster', nodeName: name, containers, terminationGracePeriodSeconds: graceSeconds },
      status: { phase: 'Running', startTime: '2026-11-21T00:00:00Z' },
    });
  }

  async function comes(): Promise<void> {
    for (const name of ['n1', 'n2', 'n3']) fill(name, name === 'n1' ? 30 : 601);
    await muster.start();
    const driver = leader('urgent', 11, { priority: 1000 });
    api.put(PODS, driver);
    await muster.ask(driver);
  }

  const ended = (method: string) =>
    api.calls
      .filter((call) => call.method === method && /\/pods\/on-n\d(\/eviction)?$/.test(call.path))
      .map(({ path, body }) => ({ pod: /on-n\d/.exec(path)![0], body: body as Record<string, unknown> }))
      .sort((a, b) => a.pod.localeCompare(b.pod));

  test('a grace period is cut to the longest that the policy allows', async () => {
    await comes();
    await until(() => ended('POST').length === 3);
    const graces = ended('POST').map(
      ({ body }) => (body['deleteOptions'] as Record<string, unknown>)['gracePeriodSeconds'],
    );
    expect(graces).toEqual([undefined, 600, 600]);
  });

  test('a pod whose budget protects it no longer is deleted by its UID; the metric counts it by namespace', async () => {
    const selector = { matchLabels: { app: 'x' } };
    api.put(BUDGETS, {
      metadata: { name: 'none', namespace: 'jobs' },
      spec: { selector, maxUnavailable: 0 },
      status: { disruptionsAllowed: 0 },
    });
    for (const name of ['n1', 'n2', 'n3']) api.protectedPods.add(`on-${name}`);
    await comes();
    const { body } = await muster.get('/metrics');
    expect(body).toContain('muster_protected_pods{namespace="jobs",reason="grace period"} 2');
    expect(body).toContain('muster_protected_pods{namespace="jobs",reason="disruption budget"} 1');
    expect(body).toContain('muster_protected_share{namespace="jobs"} 1');
    await until(() => ended('DELETE').length === 3);
    expect(ended('POST')).toEqual([]);
    for (const { pod, body: options } of ended('DELETE'))
      expect((options['preconditions'] as { uid: string }).uid).toMatch(new RegExp(`^jobs\\.${pod}\\.`));
  });
});

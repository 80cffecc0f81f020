import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { audit } from './harness/audit.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, FakeKubelet } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { PodWatch } from './harness/pods.ts';
import { runApps, SparkApp, type AppOptions } from './harness/spark.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

/** For how long Spark goes on asking for executors that were taken from it, while their owner comes and goes. */
const LOOP_S = Number(process.env['MUSTER_E2E_LOOP_SECONDS'] ?? '90');
const NODES = 6;
const CORES = 8;
const EVICTION = 'muster.dev/eviction';

/** Of 48 cores etl is guaranteed 24, ml 12 and adhoc none. */
const RULES = {
  // No budget bounds what an app loses: the pauses alone do.
  policies: [{ name: 'tenants', preemption: { wholeGangs: true, minRuntime: '0s', budget: { perGang: 10_000 } } }],
  queues: ['etl', 'ml', 'adhoc'].map((name, i) => ({
    name,
    guaranteed: { cpu: [24, 12, 0][i] },
    reclaim: { mode: 'enforce', to: 'guarantee', after: '2s' },
  })),
};

describe.skipIf(typeof binaries === 'string')('three tenants on a full cluster', () => {
  let plane: ControlPlane;
  let watch: PodWatch;
  let pair: Pair;
  /** Every pod that was asked to go, by UID. */
  let evicted: Map<string, { readonly app: string; readonly role: string }>;

  beforeEach(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, NODES, { cpu: CORES });
    await applyAccess(plane);
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch, { endMs: 1000 });
    evicted = new Map();
    watch.on(({ metadata: { uid, labels, deletionTimestamp }, status: { conditions } }) => {
      const isEvicted = conditions?.some(({ type }) => type === 'DisruptionTarget') ?? false;
      if (!isEvicted || deletionTimestamp === undefined) return;
      evicted.set(uid, { app: labels?.['spark-app-name'] ?? '', role: labels?.['spark-role'] ?? '' });
    });
    const rules = join(plane.folder, 'rules.yaml');
    writeFileSync(rules, JSON.stringify(RULES));
    pair = await startPair(plane, { name: 'muster', env: { MUSTER_POLICY: rules } });
  });

  afterEach(async () => {
    await pair?.scheduler.stop();
    await pair?.muster.kill('SIGTERM');
    watch?.stop();
    await plane?.stop();
  });

  async function submit(name: string, queue: string, options: Partial<AppOptions> = {}): Promise<SparkApp> {
    const app = new SparkApp(plane.admin, watch, {
      name,
      queue,
      executors: 11,
      schedulerName: 'muster',
      workMs: 1e9,
      ...options,
    });
    await app.submit();
    return app;
  }

  const running = (app: SparkApp) =>
    app.executors.filter((pod) => pod.status.phase === 'Running' && pod.metadata.deletionTimestamp === undefined);
  const isWhole = (app: SparkApp) => running(app).length >= app.needed;
  const victims = () => [...new Set([...evicted.values()].map(({ app }) => app))].sort();
  const drivers = () => [...evicted.values()].filter(({ role }) => role === 'driver');

  /** What muster says of the apps that are not whole, for a test that fails. */
  async function explained(apps: readonly SparkApp[]): Promise<string> {
    const lacking = apps.filter((app) => app.state !== 'done' && !isWhole(app));
    const texts = lacking.map(async ({ options, id }) => {
      const why = await pair.muster.json(`/v1/gangs/default/${id}`);
      return `\n${options.name}: ${JSON.stringify(why)}`;
    });
    return (await Promise.all(texts)).join('');
  }

  /** Lets the drivers work until something holds. @throws if it does not in time */
  async function until(what: string, apps: readonly SparkApp[], isSo: () => boolean, seconds = 25): Promise<void> {
    const giveUp = Date.now() + seconds * 1000;
    while (!isSo()) {
      if (Date.now() > giveUp) throw new Error(`not within ${seconds} s: ${what}${await explained(apps)}`);
      await Promise.all([runApps(apps, 500), sleep(100)]);
    }
  }

  /** adhoc borrows everything: four apps of 12 cores. */
  async function fill(): Promise<SparkApp[]> {
    const apps: SparkApp[] = [];
    for (let i = 0; i < 4; i++) apps.push(await submit(`adhoc-${i}`, 'adhoc'));
    await until('adhoc holds the cluster', apps, () => apps.every(isWhole));
    return apps;
  }

  test('an idle share is borrowed, comes back when it is needed, and its owners start whole', async () => {
    const adhoc = await fill();
    const ml = await submit('ml', 'ml', { executors: 9 });
    const etl = [await submit('etl-0', 'etl'), await submit('etl-1', 'etl')];
    const owners = [ml, ...etl];
    await until('the guarantees are back', [...adhoc, ...owners], () => owners.every(isWhole));
    // 10 of ml and 24 of etl: as many executors of adhoc went, and no driver, since executors suffice.
    expect(evicted.size).toBe(34);
    for (const name of victims()) expect(name).toMatch(/^adhoc-/);
    expect(drivers()).toEqual([]);
    for (const app of owners) expect(app.partialMs).toBeLessThan(5000);
    expect(await audit(plane.admin)).toEqual([]);
    // Nobody is within its guarantee any more: nothing moves, whoever asks.
    const more = await submit('etl-2', 'etl');
    const all = [...adhoc, ...owners, more];
    await runApps(all, 10_000);
    expect(evicted.size).toBe(34);
    expect(more.driver?.spec.nodeName).toBeUndefined();
    // Once the owners are done, etl has its next app, and what adhoc lost comes back.
    for (const app of owners) app.isFinishing = true;
    await until('etl has its guarantee', all, () => isWhole(more));
    more.isFinishing = true;
    await until('adhoc is whole again', all, () => adhoc.every(isWhole));
    expect(evicted.size).toBe(34);
    expect(more.partialMs).toBeLessThan(5000);
    expect(await audit(plane.admin)).toEqual([]);
  });

  test('executors that Spark asks for again every second are not evicted again and again', async () => {
    // 4 that it needs and 10 more, and 34 cores of another app of the same queue.
    const elastic = await submit('elastic', 'adhoc', { executors: 13, dynamic: { min: 3, max: 13 } });
    const rest = await submit('rest', 'adhoc', { executors: 33 });
    await until('the cluster is full', [elastic, rest], () => running(elastic).length === 13 && isWhole(rest));
    const all = [elastic, rest];
    const begun = Date.now();
    let rounds = 0;
    while (Date.now() < begun + LOOP_S * 1000) {
      const short = await submit(`etl-${rounds++}`, 'etl', { executors: 9, workMs: 3000 });
      all.push(short);
      await until('etl has been there', all, () => short.state === 'done', 90);
      expect(short.partialMs).toBeLessThan(5000);
    }
    const minutes = (Date.now() - begun) / 60_000;
    console.log(`${rounds} apps of etl in ${Math.round(minutes * 60)} s, ${evicted.size} evictions`);
    expect(rounds).toBeGreaterThan(2);
    expect(victims()).toEqual(['elastic']);
    // Ten at once, and not again for 1, then 2, 4, 8 minutes.
    expect(evicted.size).toBeLessThanOrEqual(10 * (1 + Math.floor(Math.log2(1 + minutes))));
    expect(isWhole(elastic)).toBe(true);
    expect(await audit(plane.admin)).toEqual([]);
  });

  test('kill -9 in the middle: those that were chosen go, nobody else, and the gang starts whole', async () => {
    const adhoc = await fill();
    const ml = await submit('ml', 'ml', { executors: 9 });
    await until('an eviction', [], () => evicted.size > 0);
    await pair.muster.kill();
    const plan = JSON.parse(ml.driver!.metadata.annotations![EVICTION]!) as { victims: string[] };
    const chosen = plan.victims.map((victim) => victim.split('/')[2]!).sort();
    console.log(`killed with ${evicted.size} of ${chosen.length} victims on their way`);
    await runApps(adhoc, 3000);
    expect(ml.driver!.spec.nodeName).toBeUndefined();
    pair.muster.start();
    await pair.muster.ready();
    await until('ml is whole', [...adhoc, ml], () => isWhole(ml));
    expect([...evicted.keys()].sort()).toEqual(chosen);
    expect(ml.driver!.metadata.annotations![EVICTION]).toBeUndefined();
    expect(ml.partialMs).toBeLessThan(5000);
    expect(await audit(plane.admin)).toEqual([]);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { audit } from './harness/audit.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, FakeKubelet, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { isOver, podPath, type Pod } from './harness/objects.ts';
import { PodWatch } from './harness/pods.ts';
import { inProject } from './harness/root.ts';
import { runApps, SparkApp, type AppOptions } from './harness/spark.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

/** For how long nothing may move afterwards; docs/preemption.md tells of a run with 300. */
const QUIET_S = Number(process.env['MUSTER_E2E_QUIET_SECONDS'] ?? '30');
const URGENT = { driver: 'spark-driver-urgent', executor: 'spark-executor-urgent' };
const USUAL = { driver: 'spark-driver', executor: 'spark-executor' };
const ADHOC = { driver: 'spark-driver-adhoc', executor: 'spark-executor' };
const EVICTION = 'muster.dev/eviction';

interface GangView {
  readonly phase: string;
  readonly preemption?: { readonly state: string; readonly victims: readonly { pod: string; isNeeded: boolean }[] };
}

describe.skipIf(typeof binaries === 'string')('a more important app on a full cluster', () => {
  let plane: ControlPlane;
  let watch: PodWatch;
  let pair: Pair;
  let policyFile: string;
  /** Every pod that was asked to go, by name, with the condition that says why. */
  let evicted: Map<string, { readonly uid: string; readonly why: string }>;

  const setMode = (mode: 'advise' | 'enforce') => {
    const policy = { name: 'preempt', preemption: { mode, minRuntime: '0s' } };
    writeFileSync(policyFile, JSON.stringify({ policies: [policy] }));
  };

  beforeEach(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 6, { cpu: 8 });
    await applyAccess(plane);
    for (const document of parseAllDocuments(
      readFileSync(inProject('deploy/examples/priority-classes.yaml'), 'utf8'),
    )) {
      const path = '/apis/scheduling.k8s.io/v1/priorityclasses';
      await persist(plane.admin, { method: 'POST', path, body: document.toJS() as object });
    }
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch, { endMs: 1000 });
    evicted = new Map();
    watch.on(({ metadata: { name, uid, deletionTimestamp }, status: { conditions } }) => {
      const why = conditions?.find(({ type }) => type === 'DisruptionTarget');
      if (why && deletionTimestamp !== undefined) evicted.set(name, { uid, why: `${why.reason}: ${why.message}` });
    });
    policyFile = join(plane.folder, 'policy.yaml');
    setMode('advise');
    pair = await startPair(plane, { name: 'muster', env: { MUSTER_POLICY: policyFile } });
  });

  afterEach(async () => {
    await pair?.scheduler.stop();
    await pair?.muster.kill('SIGTERM');
    watch?.stop();
    await plane?.stop();
  });

  async function submit(name: string, options: Partial<AppOptions>): Promise<SparkApp> {
    const usual = { executors: 8, schedulerName: 'muster', workMs: 1e9, classes: USUAL };
    const app = new SparkApp(plane.admin, watch, { name, ...usual, ...options });
    await app.submit();
    return app;
  }

  /** 48 cores: 12 + 12 + 13 + 11, so that not one is left. */
  async function fill(): Promise<SparkApp[]> {
    const apps = [
      await submit('elastic', { executors: 11, dynamic: { min: 3, max: 11 } }),
      await submit('adhoc', { executors: 11, classes: ADHOC }),
      await submit('etl', { executors: 12 }),
      await submit('etl-2', { executors: 10 }),
    ];
    const isFull = () => apps.every((app) => running(app).length === app.options.executors);
    for (let i = 0; i < 40 && !isFull(); i++) await runApps(apps, 1000);
    expect(apps.map((app) => running(app).length)).toEqual([11, 11, 12, 10]);
    return apps;
  }

  const running = (app: SparkApp) =>
    app.executors.filter((pod) => pod.status.phase === 'Running' && pod.metadata.deletionTimestamp === undefined);
  const gangOf = async (app: SparkApp) => (await pair.muster.json(`/v1/gangs/default/${app.id}`)) as GangView;

  async function until(what: string, isSo: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
    const giveUp = Date.now() + seconds * 1000;
    while (!(await isSo())) {
      if (Date.now() > giveUp) throw new Error(`not within ${seconds} s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test('starts whole; exactly those go of whom it was said before; the others go on, and nothing moves afterwards', async () => {
    const others = await fill();
    const urgent = await submit('urgent', { executors: 14, classes: URGENT });
    await until('advice', async () => (await gangOf(urgent)).preemption?.state === 'found');
    const { preemption } = await gangOf(urgent);
    const foretold = preemption!.victims.map(({ pod }) => pod.split('/')[1]!).sort();
    // 15 places: all of the adhoc app's executors, which is of the lowest priority, and four that elastic can spare.
    expect(foretold.filter((name) => name.startsWith('adhoc-x-'))).toHaveLength(11);
    expect(foretold.filter((name) => name.startsWith('elastic-x-'))).toHaveLength(4);
    await runApps([...others, urgent], 3000);
    expect([...evicted.keys()]).toEqual([]);

    setMode('enforce');
    const from = Date.now();
    await until('its driver has a node', () => urgent.driver?.spec.nodeName !== undefined);
    console.log(`the driver was bound ${Date.now() - from} ms after the policy was changed`);
    await runApps([...others, urgent], 8000);
    expect(running(urgent)).toHaveLength(14);
    expect(urgent.partialMs).toBeLessThan(5000);
    expect([...evicted.keys()].sort()).toEqual(foretold);
    for (const { why } of evicted.values())
      expect(why).toBe(`PreemptionByScheduler: muster: evicted to make room for gang default/${urgent.id}`);
    const events = (await persist(plane.admin, { method: 'GET', path: '/apis/events.k8s.io/v1/events' })) as {
      items: { reason: string; note: string; regarding: { name: string } }[];
    };
    const told = events.items.filter(({ reason }) => reason === 'Preempted').map(({ regarding }) => regarding.name);
    expect([...new Set(told)].sort()).toEqual(foretold);

    const places = () =>
      [...watch.pods.values()].flatMap(({ metadata, spec }) => (spec.nodeName === undefined ? [] : [metadata.uid]));
    const before = places().sort();
    await runApps([...others, urgent], QUIET_S * 1000);
    expect(places().sort()).toEqual(before);
    expect(evicted.size).toBe(foretold.length);
    expect(await audit(plane.admin)).toEqual([]);

    // What the others lost comes back when the urgent app is done: its work is short from here on.
    for (const app of [...others, urgent]) Object.assign(app.options, { workMs: 1000 });
    expect(await runApps([...others, urgent], 90_000)).toEqual([]);
    expect(evicted.size).toBe(foretold.length);
  });

  test('kill -9 half way: those that were chosen go, nobody else, and the app starts whole', async () => {
    const others = await fill();
    setMode('enforce');
    const urgent = await submit('urgent', { executors: 14, classes: URGENT });
    // The plan is on the driver before the first eviction; with it in hand, muster is killed at the first one.
    await until('an eviction', () => isAnybodyGoing());
    await pair.muster.kill();
    const plan = JSON.parse(urgent.driver!.metadata.annotations![EVICTION]!) as { victims: string[] };
    const chosen = plan.victims.map((victim) => victim.split('/')[2]!).sort();
    console.log(`killed with ${evicted.size} of ${chosen.length} victims on their way`);
    await runApps(others, 3000);
    expect(urgent.driver!.spec.nodeName).toBeUndefined();
    pair.muster.start();
    await pair.muster.ready();
    await until('its driver has a node', () => urgent.driver?.spec.nodeName !== undefined);
    await runApps([...others, urgent], 8000);
    expect(running(urgent)).toHaveLength(14);
    expect([...evicted.values()].map(({ uid }) => uid).sort()).toEqual(chosen);
    expect(urgent.driver!.metadata.annotations![EVICTION]).toBeUndefined();
    expect(await audit(plane.admin)).toEqual([]);
  });

  const isAnybodyGoing = () =>
    [...watch.pods.values()].some(({ metadata: { deletionTimestamp } }) => deletionTimestamp !== undefined);

  test('a disruption budget is kept, and a single pod takes an executor and no driver', async () => {
    const others = await fill();
    // One adhoc executor may go, no more.
    const selector = { matchLabels: { 'spark-app-name': 'adhoc', 'spark-role': 'executor' } };
    const budget = { metadata: { name: 'adhoc' }, spec: { maxUnavailable: 1, selector } };
    const path = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    await persist(plane.admin, { method: 'POST', path, body: budget });
    const status = {
      disruptionsAllowed: 1,
      currentHealthy: 11,
      desiredHealthy: 10,
      expectedPods: 11,
      observedGeneration: 1,
    };
    const contentType = 'application/merge-patch+json';
    await persist(plane.admin, { method: 'PATCH', path: `${path}/adhoc/status`, body: { status }, contentType });
    await runApps(others, 1000);

    const container = { name: 'web', image: 'web', resources: { requests: { cpu: '1' } } };
    const spec = { schedulerName: 'muster', priorityClassName: 'spark-driver-urgent', containers: [container] };
    const web = { metadata: { name: 'web', namespace: 'default' }, spec };
    await persist(plane.admin, { method: 'POST', path: '/api/v1/namespaces/default/pods', body: web });
    const pod = () => [...watch.pods.values()].find(({ metadata }) => metadata.name === 'web');
    await until('the single pod has a node', () => pod()?.spec.nodeName !== undefined);
    const [first] = [...evicted.keys()];
    expect([...evicted.keys()]).toHaveLength(1);
    expect(first).toMatch(/^(adhoc|elastic|etl|etl-2)-x-exec-/);

    setMode('enforce');
    const urgent = await submit('urgent', { executors: 9, classes: URGENT });
    await until('its driver has a node', () => urgent.driver?.spec.nodeName !== undefined);
    // kube-scheduler deletes, and nobody plays the controller that counts budgets anew: one may still go.
    const byMuster = [...evicted].filter(([, { why }]) => why.includes('make room for gang')).map(([name]) => name);
    expect(byMuster.length).toBeGreaterThanOrEqual(10);
    expect(byMuster.filter((name) => name.startsWith('adhoc-'))).toHaveLength(1);
    expect([...evicted.keys()].filter((name) => name.endsWith('-driver'))).toEqual([]);
    for (const app of others) expect(isOver(app.driver!)).toBe(false);
    const read = (await persist(plane.admin, { method: 'GET', path: podPath(pod()!) })) as Pod;
    expect(read.spec.nodeName).toBeDefined();
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { audit } from './harness/audit.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, FakeKubelet } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { startKubeScheduler } from './harness/kube-scheduler.ts';
import { PodWatch } from './harness/pods.ts';
import { runApps, SparkApp } from './harness/spark.ts';
import { applyAccess, startPair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const APPS = 40;
const EXECUTORS = 8;

/** Room for ten apps of nine cores: 12 nodes of 8 cores. Drivers and executors declare nothing but what Spark does. */
describe.skipIf(typeof binaries === 'string')('40 Spark apps on room for 10', () => {
  let plane: ControlPlane;
  let watch: PodWatch;

  beforeEach(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 12, { cpu: 8 });
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch);
  });

  afterEach(async () => {
    watch?.stop();
    await plane?.stop();
  });

  const submit = (schedulerName: string) =>
    Promise.all(
      Array.from({ length: APPS }, async (_, i) => {
        const app = new SparkApp(plane.admin, watch, {
          name: `app-${i}`,
          executors: EXECUTORS,
          schedulerName,
          workMs: 3000,
        });
        await app.submit();
        return app;
      }),
    );

  test('kube-scheduler alone: drivers take the room that executors need, and apps hang', async () => {
    const scheduler = await startKubeScheduler(plane, { extender: undefined, name: 'default-scheduler' });
    const left = await runApps(await submit('default-scheduler'), 40_000);
    console.log(`kube-scheduler alone: ${APPS - left.length} of ${APPS} apps done, ${left.length} hang`);
    expect(left.length).toBeGreaterThan(APPS / 2);
    await scheduler.stop();
  });

  test('with muster: every app completes, none is ever partial, nothing is overcommitted', async () => {
    await applyAccess(plane);
    const { muster, scheduler } = await startPair(plane, { name: 'muster' });
    const apps = await submit('muster');
    const breaches: string[] = [];
    const from = Date.now();
    const left = await runApps(apps, 240_000, () => void audit(plane.admin).then((found) => breaches.push(...found)));
    const seconds = (Date.now() - from) / 1000;
    const calls = await muster.metric('muster_decision_duration_seconds_count');
    const partial = Math.max(...apps.map(({ partialMs }) => partialMs));
    console.log(
      `with muster: ${APPS - left.length} of ${APPS} apps done in ${seconds} s, ${calls} calls, longest wait of an executor ${partial} ms`,
    );
    expect(left.map(({ options }) => options.name)).toEqual([]);
    expect(breaches).toEqual([]);
    // An executor of an admitted app waits for kube-scheduler's next cycle, and for nobody's room.
    expect(partial).toBeLessThan(5000);
    await scheduler.stop();
    await muster.kill('SIGTERM');
  });
});

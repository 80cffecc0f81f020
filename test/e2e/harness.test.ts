import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit } from './harness/audit.ts';
import { createNodes, FakeKubelet } from './harness/cluster.ts';
import { findBinaries } from './harness/binaries.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { startKubeScheduler } from './harness/kube-scheduler.ts';
import { PodWatch } from './harness/pods.ts';
import type { Started } from './harness/process.ts';
import { runApps, SparkApp } from './harness/spark.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

describe.skipIf(typeof binaries === 'string')('the harness', () => {
  let plane: ControlPlane;
  let scheduler: Started;
  let watch: PodWatch;

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 3, { cpu: 8 });
    scheduler = await startKubeScheduler(plane, { extender: undefined, name: 'default-scheduler' });
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch);
  });

  afterAll(async () => {
    watch?.stop();
    await scheduler?.stop();
    await plane?.stop();
  });

  test('a Spark app with ample room completes, also while the API server is restarted', async () => {
    const app = new SparkApp(plane.admin, watch, {
      name: 'a',
      executors: 6,
      schedulerName: 'default-scheduler',
      workMs: 3000,
    });
    await app.submit();
    setTimeout(() => void plane.killApiServer().then(() => plane.startApiServer()), 2500);
    expect(await runApps([app], 60_000)).toEqual([]);
    expect(app.peak).toBe(6);
    expect(await audit(plane.admin)).toEqual([]);
  });

  test('the audit sees a reservation that is not there', async () => {
    const app = new SparkApp(plane.admin, watch, {
      name: 'b',
      executors: 0,
      schedulerName: 'default-scheduler',
      workMs: 1e9,
    });
    await app.submit();
    await runApps([app], 3000);
    const metadata = { annotations: { 'muster.dev/reservation': '{"v":1,"roles":{"executor":{"node-0001":9}}}' } };
    const path = '/api/v1/namespaces/default/pods/b-driver';
    await plane.admin.request({
      method: 'PATCH',
      path,
      body: { metadata },
      contentType: 'application/merge-patch+json',
    });
    expect((await audit(plane.admin)).join()).toMatch(/^node-0001: \d+ of cpu used or reserved, 8 there/);
  });
});

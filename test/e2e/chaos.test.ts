import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { audit } from './harness/audit.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, FakeKubelet, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { startKubeScheduler } from './harness/kube-scheduler.ts';
import { PodWatch } from './harness/pods.ts';
import { runApps, SparkApp } from './harness/spark.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

/** Short, so that a fail-over is seen in seconds. */
const LEASE = { duration: 4, renew: 3, retry: 1 };
const KILLS = 20;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(typeof binaries === 'string')('kill -9', () => {
  let plane: ControlPlane;
  let watch: PodWatch;

  beforeEach(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 12, { cpu: 8 });
    await applyAccess(plane);
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch);
  });

  afterEach(async () => {
    watch?.stop();
    await plane?.stop();
  });

  const submit = (count: number, workMs: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const app = new SparkApp(plane.admin, watch, {
          name: `app-${i}`,
          executors: 8,
          schedulerName: 'muster',
          workMs,
        });
        await app.submit();
        return app;
      }),
    );

  /** Runs the apps and audits every round. */
  async function finishAll(apps: readonly SparkApp[], patienceMs: number) {
    const breaches: string[] = [];
    let audits = 0;
    const look = () => {
      audit(plane.admin).then(
        (found) => {
          audits++;
          breaches.push(...found);
        },
        () => undefined,
      );
    };
    const left = await runApps(apps, patienceMs, look);
    expect(left.map(({ options }) => options.name)).toEqual([]);
    expect(breaches).toEqual([]);
    expect(audits).toBeGreaterThan(10);
    return Math.max(...apps.map(({ partialMs }) => partialMs));
  }

  test(`the extender, ${KILLS} times at random moments: no slot is lost, nothing booked twice, every app finishes`, async () => {
    const pair = await startPair(plane, { name: 'muster' });
    const apps = await submit(40, 8000);
    const killing = (async () => {
      for (let i = 0; i < KILLS; i++) {
        await sleep(300 + Math.random() * 4000);
        await pair.muster.kill();
        await sleep(Math.random() * 500);
        pair.muster.start();
        if (i % 3 === 0) await pair.muster.ready();
      }
      await pair.muster.ready();
    })();
    const partial = await finishAll(apps, 400_000);
    await killing;
    console.log(`killed ${KILLS} times; longest wait of an executor of a started app: ${partial} ms`);
    await pair.scheduler.stop();
    await pair.muster.kill('SIGTERM');
  });

  const isRoot = process.getuid?.() === 0;
  if (!isRoot) console.log('SKIPPED: only root may give two kube-schedulers on one machine host names of their own');
  test.skipIf(!isRoot)(
    'the active kube-scheduler and its extender, and the API server, with a second replica: every app finishes',
    async () => {
      const first = await startPair(plane, { name: 'a', hostname: 'muster-a', lease: LEASE });
      await sleep(2000);
      const second = await startPair(plane, { name: 'b', hostname: 'muster-b', lease: LEASE });
      const pairs = new Map<string, Pair>([
        ['a', first],
        ['b', second],
      ]);
      const active = async () => {
        const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/muster-scheduler';
        const lease = (await persist(plane.admin, { method: 'GET', path })) as { spec: { holderIdentity: string } };
        return lease.spec.holderIdentity.startsWith('muster-a_') ? 'a' : 'b';
      };
      const restart = async (name: string, pair: Pair) => {
        const options = { name: `${name}-scheduler`, lease: LEASE, hostname: `muster-${name}` };
        pair.scheduler = await startKubeScheduler(plane, { ...options, extender: pair.muster.extenderUrl });
      };
      /** As kubelet does: a kube-scheduler that loses its lease, on a slow machine, ends by itself. */
      const restartEnded = async (except?: string) => {
        for (const [name, pair] of pairs) if (name !== except && !pair.scheduler.isRunning()) await restart(name, pair);
      };
      const takeovers: number[] = [];
      const troubles = (async () => {
        for (let i = 0; i < 4; i++) {
          await sleep(8000);
          await restartEnded();
          if (i === 1) {
            await plane.killApiServer();
            await plane.startApiServer();
            continue;
          }
          const name = await active();
          const pair = pairs.get(name)!;
          await Promise.all([pair.scheduler.stop('SIGKILL'), pair.muster.kill()]);
          const from = Date.now();
          while ((await active()) === name) {
            await restartEnded(name);
            await sleep(50);
          }
          takeovers.push(Date.now() - from);
          pair.muster.start();
          await restart(name, pair);
        }
      })();
      const partial = await finishAll(await submit(40, 4000), 400_000);
      await troubles;
      console.log(
        `take-overs after ${takeovers.join(', ')} ms; longest wait of an executor of a started app: ${partial} ms`,
      );
      expect(takeovers).toHaveLength(3);
      for (const { scheduler, muster } of pairs.values()) {
        await scheduler.stop();
        await muster.kill('SIGTERM');
      }
    },
  );
});

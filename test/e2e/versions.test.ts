import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from './harness/audit.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, FakeKubelet, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { PodWatch } from './harness/pods.ts';
import { runApps, SparkApp, type AppOptions } from './harness/spark.ts';
import { startKubeScheduler } from './harness/kube-scheduler.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const CLASSES = { driver: 'urgent', executor: 'urgent' };

/** What muster needs of any kube-scheduler: with the one of test/control-plane, or MUSTER_E2E_SCHEDULER=1.30. */
describe.skipIf(typeof binaries === 'string')(
  `kube-scheduler 1.${typeof binaries === 'string' ? '?' : binaries.schedulerMinor}`,
  () => {
    let plane: ControlPlane;
    let watch: PodWatch;
    let pair: Pair;

    beforeEach(async () => {
      if (typeof binaries === 'string') return;
      plane = await ControlPlane.start(binaries);
      await createNodes(plane.admin, 3, { cpu: 4 });
      await applyAccess(plane);
      const body = { metadata: { name: 'urgent' }, value: 1000 };
      await persist(plane.admin, { method: 'POST', path: '/apis/scheduling.k8s.io/v1/priorityclasses', body });
      watch = new PodWatch(plane.admin);
      new FakeKubelet(plane.admin, watch);
      const policies = join(plane.folder, 'policy.yaml');
      writeFileSync(
        policies,
        JSON.stringify({ policies: [{ name: 'preempt', preemption: { mode: 'enforce', minRuntime: '0s' } }] }),
      );
      pair = await startPair(plane, { name: 'muster', env: { MUSTER_POLICY: policies } });
    });

    afterEach(async () => {
      await pair?.scheduler.stop();
      await pair?.muster.kill('SIGTERM');
      watch?.stop();
      await plane?.stop();
    });

    async function submit(name: string, options: Partial<AppOptions>): Promise<SparkApp> {
      const app = new SparkApp(plane.admin, watch, {
        name,
        executors: 7,
        schedulerName: 'muster',
        workMs: 1e9,
        ...options,
      });
      await app.submit();
      return app;
    }

    const running = (app: SparkApp) => app.executors.filter(({ status }) => status.phase === 'Running').length;

    test('a gang starts whole, the next one waits whole, and starts after a restart of both programs', async () => {
      const first = await submit('first', {});
      for (let i = 0; i < 60 && running(first) < 7; i++) await runApps([first], 1000);
      expect(running(first)).toBe(7);
      const second = await submit('second', { workMs: 1000 });
      await runApps([first, second], 3000);
      expect(second.driver?.spec.nodeName).toBeUndefined();
      await pair.muster.kill();
      await pair.scheduler.stop('SIGKILL');
      pair.muster.start();
      await pair.muster.ready();
      pair.scheduler = await startKubeScheduler(plane, { extender: pair.muster.extenderUrl, name: 'again' });
      await runApps([first, second], 3000);
      expect(second.driver?.spec.nodeName).toBeUndefined();
      Object.assign(first.options, { workMs: 0 });
      expect(await runApps([first, second], 60_000)).toEqual([]);
      expect(second.peak).toBe(7);
      expect(await audit(plane.admin)).toEqual([]);
    });

    test('a more important gang starts whole in the room of elastic executors, which are evicted', async () => {
      const elastic = await submit('elastic', { executors: 11, dynamic: { min: 2, max: 11 } });
      for (let i = 0; i < 60 && running(elastic) < 11; i++) await runApps([elastic], 1000);
      expect(running(elastic)).toBe(11);
      const urgent = await submit('urgent', { executors: 4, workMs: 1000, classes: CLASSES });
      for (let i = 0; i < 60 && urgent.state !== 'done'; i++) await runApps([elastic, urgent], 1000);
      expect(urgent.state).toBe('done');
      expect(urgent.peak).toBe(4);
      expect(elastic.driver?.status.phase).toBe('Running');
      expect(await audit(plane.admin)).toEqual([]);
    });
  },
);

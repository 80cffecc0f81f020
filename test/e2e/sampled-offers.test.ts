import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { audit } from './harness/audit.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import type { Pod } from './harness/objects.ts';
import { PodWatch } from './harness/pods.ts';
import { waitFor } from './harness/process.ts';
import { driverConf, driverPod, executorPod, type SparkObjectOptions } from './harness/spark-objects.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const NODES = Number(process.env['MUSTER_E2E_NODES'] ?? 1000);
const GANGS = 20;
const EXECUTORS = 20;
const PODS = '/api/v1/namespaces/default/pods';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

/** In use are (1 + 20) x 20 cores of 8 on each node: 52.5 nodes. */
describe.skipIf(typeof binaries === 'string')(`${GANGS} gangs on ${NODES} nodes`, () => {
  let plane: ControlPlane;
  let watch: PodWatch;

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await applyAccess(plane);
    await createNodes(plane.admin, NODES, { cpu: 8 });
    watch = new PodWatch(plane.admin);
  });

  afterAll(async () => {
    watch?.stop();
    await plane?.stop();
  });

  const create = (path: string, body: object) =>
    persist(plane.admin, { method: 'POST', path, body }) as Promise<{ metadata: { uid: string } }>;

  const appOf = (i: number): SparkObjectOptions => {
    const number = String(i).padStart(4, '0');
    return {
      name: `app-${number}`,
      id: `spark-${number.padEnd(32, '0')}`,
      executors: EXECUTORS,
      schedulerName: 'muster',
    };
  };

  const bound = () => [...watch.pods.values()].filter(({ spec }) => spec.nodeName !== undefined);

  async function isBound(count: number, pair: Pair): Promise<void> {
    await waitFor(`${count} bound pods`, async () => Promise.resolve(bound().length >= count), pair.scheduler, 120_000);
  }

  /** Starts all gangs a few at a time, with their executors as soon as their drivers are bound. @returns nodes by pod */
  async function start(inProfile: Readonly<Record<string, unknown>>): Promise<ReadonlyMap<string, string>> {
    const pair = await startPair(plane, { name: 'muster', qps: 1000, inProfile });
    for (let i = 0; i < GANGS; i += 5) {
      const apps = [0, 1, 2, 3, 4].map((j) => appOf(i + j));
      const drivers = await Promise.all(
        apps.map(async (app) => {
          await create(CONFIG_MAPS, driverConf(app));
          return create(PODS, driverPod(app));
        }),
      );
      await isBound(i * (1 + EXECUTORS) + 5, pair);
      for (let n = 1; n <= EXECUTORS; n++)
        await Promise.all(apps.map((app, j) => create(PODS, executorPod(app, drivers[j]!.metadata.uid, n))));
      await isBound((i + 5) * (1 + EXECUTORS), pair);
    }
    expect(await audit(plane.admin)).toEqual([]);
    const places = new Map(bound().map((pod: Pod) => [pod.metadata.name, pod.spec.nodeName!]));
    const nominations = await pair.muster.metric('muster_nominations_total');
    const asks = await pair.muster.metric('muster_decision_duration_seconds_count');
    console.log(`${new Set(places.values()).size} nodes in use, ${nominations} nominations, ${asks} questions`);
    await pair.scheduler.stop();
    await pair.muster.kill('SIGTERM');
    for (const path of [PODS, CONFIG_MAPS])
      await persist(plane.admin, { method: 'DELETE', path, body: { gracePeriodSeconds: 0 }, timeoutMs: 60_000 });
    await waitFor('no pods', async () => Promise.resolve(watch.pods.size === 0));
    return places;
  }

  /** The nodes of a gang's pods, of all gangs together. */
  const nodesOfGangs = (places: ReadonlyMap<string, string>) =>
    new Set([...places].map(([pod, node]) => `${pod.slice(0, 'app-0000'.length)} ${node}`)).size;

  test('by default kube-scheduler offers a part of the nodes: every gang is whole, on as many nodes as with all of them', async () => {
    const whole = await start({ percentageOfNodesToScore: 100 });
    const sampled = await start({ percentageOfNodesToScore: 0 });
    expect(sampled.size).toBe(GANGS * (1 + EXECUTORS));
    const count = (places: ReadonlyMap<string, string>) => new Set(places.values()).size;
    expect(count(sampled)).toBeLessThanOrEqual(1.01 * count(whole));
    console.log(`gangs are on ${nodesOfGangs(sampled)} nodes each by itself, ${nodesOfGangs(whole)} with all offered`);
    expect(nodesOfGangs(sampled)).toBeLessThanOrEqual(1.2 * nodesOfGangs(whole));
  });
});

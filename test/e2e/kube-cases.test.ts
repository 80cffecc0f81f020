import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PodInfo } from '../../src/core/model.ts';
import { KUBE_CASES, type KubeCase } from '../support/kube-cases.ts';
import { clear, createNode, createPriorityClasses, podObject } from './fidelity/cluster-objects.ts';
import { findBinaries } from './harness/binaries.ts';
import { FakeKubelet, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { startKubeScheduler } from './harness/kube-scheduler.ts';
import { podPath, type Pod } from './harness/objects.ts';
import { PodWatch } from './harness/pods.ts';
import { waitFor } from './harness/process.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const NAMESPACE = 'jobs';
/** How often a case is played of which chance decides. */
const TIMES = 8;
/** kube-scheduler filters with so many workers, each of which may have a node in hand when enough are found. */
const WORKERS = 16;
/** Longer than a test: the placed pods have the start times of their case, and the others need not run. */
const NEVER_MS = 60 * 60_000;

const isChance = ({ expected, isNearly }: KubeCase) => isNearly !== true && expected.some(({ length }) => length > 1);

/** test/scenario/kube-scheduler.test.ts plays the same cases to the simulation. */
describe.skipIf(typeof binaries === 'string')('the real kube-scheduler does what the hand-made cases say', () => {
  let plane: ControlPlane;
  let watch: PodWatch;

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    const body = { metadata: { name: NAMESPACE } };
    await persist(plane.admin, { method: 'POST', path: '/api/v1/namespaces', body });
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch, { startMs: NEVER_MS, endMs: 100 });
  });

  afterAll(async () => {
    watch?.stop();
    await plane?.stop();
  });

  test.each(KUBE_CASES)('$name', async (one) => {
    for (const node of one.nodes) await createNode(plane.admin, node);
    const pods = [...one.placed.map(({ pod }) => pod), ...one.waiting];
    await createPriorityClasses(
      plane.admin,
      pods.map(({ priority }) => priority),
    );
    const taken: string[][] = [];
    for (let i = 0; i < (isChance(one) ? TIMES : 1); i++) taken.push(await play(one));
    await clear(plane.admin, NAMESPACE);
    console.log(`${one.name}: ${taken.map((nodes) => nodes.join(' ')).join(', ')}`);
    if (one.evicted && isChance(one)) expect(new Set(taken.flat()).size).toBeGreaterThan(1);
  });

  /** @returns the nodes that the waiting pods took */
  async function play(one: KubeCase): Promise<string[]> {
    for (const placed of one.placed) await place(placed);
    const scheduler = await startKubeScheduler(plane, { extender: undefined, name: 'default', isDefault: true });
    const taken: string[] = [];
    for (const [i, info] of one.waiting.entries()) {
      await create(podObject(info, 'default-scheduler'));
      await waitFor(info.name, () => Promise.resolve(nodeOf(info) !== undefined), scheduler);
      const node = nodeOf(info) ?? '';
      expect(one.isNearly ? widened(one, one.expected[i] ?? []) : one.expected[i]).toContain(node);
      taken.push(node);
    }
    const left = new Set([...watch.pods.values()].map(({ metadata }) => metadata.name));
    const evicted = one.placed.map(({ pod }) => pod.name).filter((name) => !left.has(name));
    expect((one.evicted ?? [[]]).map((names) => names.toSorted())).toContainEqual(evicted.toSorted());
    await scheduler.stop();
    await persist(plane.admin, { method: 'DELETE', path: PODS, body: { gracePeriodSeconds: 0 } });
    await waitFor('the pods to go', () => Promise.resolve(watch.pods.size === 0));
    return taken;
  }

  const nodeOf = ({ name }: PodInfo) =>
    [...watch.pods.values()].find(({ metadata }) => metadata.name === name)?.spec.nodeName;

  const create = (body: object) => persist(plane.admin, { method: 'POST', path: PODS, body }) as Promise<Pod>;

  async function place({ pod, node, startedS }: KubeCase['placed'][number]): Promise<void> {
    const body = podObject({ ...pod, node }, 'default-scheduler');
    const created = await create(body);
    const status = { phase: 'Running', startTime: new Date(startedS * 1000).toISOString() };
    await persist(plane.admin, {
      method: 'PATCH',
      path: `${podPath(created)}/status`,
      body: { status },
      contentType: 'application/strategic-merge-patch+json',
    });
  }
});

const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;

/** With the nodes that are as near to these as kube-scheduler's workers may reach. */
function widened({ nodes }: KubeCase, names: readonly string[]): string[] {
  const places = nodes.flatMap(({ name }, place) => (names.includes(name) ? [place] : []));
  return nodes.filter((_, place) => places.some((one) => Math.abs(one - place) <= WORKERS)).map(({ name }) => name);
}

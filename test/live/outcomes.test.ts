import { afterEach, beforeEach, expect, test } from 'vitest';
import { NO_RUN_TIMES } from '../../src/core/history/no-run-times.ts';
import type { EndedRun, RunIdentity } from '../../src/core/history/run-times.ts';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import { addNodes, executor, leader, LiveMuster, PODS, stopAll } from '../support/live-muster.ts';
import { until } from '../support/live.ts';

const RAN_MS = 42 * 60_000;
/** Kubernetes writes whole seconds. */
const ENDED = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
const STARTED = new Date(Date.parse(ENDED) - RAN_MS).toISOString();

let api: FakeApiServer;
let muster: LiveMuster;
const started: LiveMuster[] = [];
const learned: (Pick<RunIdentity, 'name'> & EndedRun)[] = [];

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
  learned.length = 0;
  const runTimes = {
    ...NO_RUN_TIMES,
    learn: ({ name }: RunIdentity, ended: EndedRun) => void learned.push({ name, ...ended }),
  };
  const history = { runTimes, changes: 0, text: () => '', replace: () => undefined };
  muster = await new LiveMuster(api, { history }).start();
  started.push(muster);
});

afterEach(() => stopAll(started, api));

/** Runs a gang whose members started 42 minutes ago. @returns its leader */
async function run(name: string): Promise<K8sObject> {
  const driver = leader(name, 1);
  for (const pod of [driver, executor(name, 0)]) {
    const created = api.put(PODS, pod);
    const nodeName = await muster.ask(pod);
    const status = { phase: 'Running', startTime: STARTED };
    api.put(PODS, { ...created, spec: { ...created.spec, nodeName }, status });
  }
  await until(() => muster.phase(name) === 'running');
  return driver;
}

function end(pod: K8sObject, phase: string): void {
  const known = api.get(PODS, 'jobs', pod.metadata.name)!;
  const containerStatuses = [{ name: 'main', state: { terminated: { exitCode: 0, finishedAt: ENDED } } }];
  api.put(PODS, { ...known, status: { ...known.status, phase, containerStatuses } });
}

const reads = (pod: K8sObject) =>
  api.calls.filter(({ method, path }) => method === 'GET' && path.endsWith(`/pods/${pod.metadata.name}`)).length;

test.each([
  ['Succeeded', 'succeeded'],
  ['Failed', 'failed'],
])('of a leader that has %s, muster reads once when and how', async (phase, how) => {
  const driver = await run('a');
  end(driver, phase);
  await until(() => learned.length > 0);
  expect(learned).toEqual([{ name: 'a', how, ranMs: RAN_MS }]);
  expect(reads(driver)).toBe(1);
});

test('a leader that is deleted at once, or whose name another pod has by then, ended nobody knows how', async () => {
  const [gone, followed] = [await run('a'), await run('b')];
  // Told and gone at once, as where an operator cleans up: the read comes later than both.
  end(gone, 'Succeeded');
  api.remove(PODS, 'jobs', gone.metadata.name);
  api.remove(PODS, 'jobs', followed.metadata.name);
  api.put(PODS, leader('b', 1));
  await until(() => learned.length === 2);
  expect(learned.map(({ name, how }) => `${name} ${how}`).sort()).toEqual(['a cut', 'b cut']);
});

test('a refused read is no outcome, and is not tried again', async () => {
  const driver = await run('a');
  api.refuse = (method, path) => (method === 'GET' && path.endsWith('a-driver') ? 403 : undefined);
  end(driver, 'Succeeded');
  await until(() => learned.length > 0);
  expect(learned[0]?.how).toBe('cut');
  expect(reads(driver)).toBe(1);
  const { body } = await muster.get('/metrics');
  expect(body).toContain('muster_outcome_reads_total{outcome="failed"} 1');
});

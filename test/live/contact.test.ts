import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explainCommand } from '../../src/cli/explain.ts';
import { Discovery } from '../../src/kube/discovery.ts';
import { Probe } from '../../src/kube/probe.ts';
import { Transport } from '../../src/kube/transport.ts';
import { FakeApiServer, type K8sObject } from '../support/fake-api-server.ts';
import { addNodes, leader, LiveMuster, nodes, PODS } from '../support/live-muster.ts';
import { kubeConfigFor, until } from '../support/live.ts';

const JOB_SETS = '/apis/jobset.x-k8s.io/v1alpha2/jobsets';

let api: FakeApiServer;
let muster: LiveMuster | undefined;

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
});

afterEach(async () => {
  api.wakeUp();
  muster?.scheduler.checkInvariants();
  await muster?.stop();
  muster = undefined;
  await api.stop();
});

const newMuster = async () => (muster = await new LiveMuster(api, { staleAfterMs: 2000 }).start());
const create = (pod: K8sObject) => api.put(PODS, pod);
const wakeOf = (pod: K8sObject) => api.get(PODS, 'jobs', pod.metadata.name)?.metadata.annotations?.['muster.dev/wake'];

async function snapshotAt(one: LiveMuster, path: string) {
  return (JSON.parse((await one.get(path)).body) as { snapshot: { ageSeconds: number; isStale: boolean } }).snapshot;
}

describe('an API server that accepts connections and never answers', () => {
  test('no new gang is admitted, everybody can see why, and it goes on when the server does', async () => {
    const one = await newMuster();
    const late = create(leader('late', 2));
    await one.run(leader('a', 2));
    api.hang();
    await until(() => one.cluster.isStale());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await one.ask(late)).toBe('muster has lost contact with the API server');
    expect((await one.get('/metrics')).body).toContain('muster_snapshot_stale 1');
    for (const path of ['/v1/gangs', '/v1/nodes', '/v1/gangs/jobs/late']) {
      const { ageSeconds, isStale } = await snapshotAt(one, path);
      expect(isStale).toBe(true);
      expect(ageSeconds).toBeGreaterThanOrEqual(2);
    }
    expect(await explained(one, 'late')).toMatch(/as the cluster was at most \d+ s ago; that is too old/);
    api.wakeUp();
    await until(() => wakeOf(late) !== undefined);
    expect(nodes).toContain(await one.ask(late));
    expect((await snapshotAt(one, '/v1/gangs')).isStale).toBe(false);
    expect(await explained(one, 'late')).toMatch(/as the cluster was at most \d s ago$/m);
  });

  test('a server that has lost etcd is no better: it answers watches and reads nothing', async () => {
    const one = await newMuster();
    api.refuse = (_method, path) => (path.endsWith('nodes?limit=1') ? 500 : undefined);
    await until(() => one.cluster.isStale());
    expect(await snapshotAt(one, '/v1/nodes')).toMatchObject({ isStale: true });
    api.refuse = () => undefined;
    await until(() => !one.cluster.isStale());
  });

  async function explained(one: LiveMuster, gang: string): Promise<string> {
    if (!one.server.app.server.listening) await one.server.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = one.server.app.addresses()[0] as { port: number };
    let text = '';
    await explainCommand(gang, { server: `http://127.0.0.1:${port}`, output: 'table' }, (more) => (text += more));
    return text;
  }
});

test('an API server that asks to be left alone for a month is asked again in seconds, and not in milliseconds', async () => {
  const one = await newMuster();
  api.retryAfter = 3_000_000;
  api.refuse = (_method, path) => (path.startsWith(PODS) ? 503 : undefined);
  api.cutWatches();
  const refused = () => api.calls.filter((call) => call.path.startsWith(PODS)).length;
  const before = refused();
  await until(() => refused() > before);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(refused() - before).toBeLessThan(5);
  api.refuse = () => undefined;
  create(leader('a', 2, { gates: [{ name: 'muster.dev/gang' }] }));
  await until(() => one.phase('a') === 'starting');
});

test('watches that went silent while the server answers are opened again, and nothing is lost', async () => {
  const one = await newMuster();
  api.muteWatches();
  create(leader('a', 2, { gates: [{ name: 'muster.dev/gang' }] }));
  await until(() => one.phase('a') === 'starting');
});

test('a quiet cluster is never stale', async () => {
  const one = await newMuster();
  let stale = 0;
  const renewed = () => api.calls.filter(({ path }) => path.startsWith(PODS) && path.includes('watch=true')).length;
  const timer = setInterval(() => (stale += Number(one.cluster.isStale())), 20);
  await until(() => renewed() >= 4);
  clearInterval(timer);
  expect(stale).toBe(0);
});

test('the probe tells once that the server is gone, and once that it is back', async () => {
  const transport = new Transport(kubeConfigFor(api.url));
  const said: string[] = [];
  const probe = new Probe({
    transport,
    nowMs: () => performance.now(),
    everyMs: 500,
    onBack: () => said.push('back'),
    log: (level, _fields, message) => said.push(`${level}: ${message}`),
  });
  void probe.run();
  const asked = () => api.calls.length;
  await until(() => asked() === 2);
  api.hang();
  const from = asked();
  await until(() => asked() > from + 2);
  expect(said).toEqual(['warn: the API server does not answer']);
  api.wakeUp();
  await until(() => said.includes('back'));
  const to = asked();
  await until(() => asked() > to + 2);
  expect(said.slice(1)).toEqual(['info: the API server answers again', 'back']);
  probe.stop();
  transport.close();
});

describe('a CRD that is installed while muster runs', () => {
  test('is read: a gang that it declares starts', async () => {
    api.absent.add(JOB_SETS);
    await newMuster();
    const asked = () => api.calls.filter(({ path }) => path.startsWith(JOB_SETS)).length;
    expect(asked()).toBe(1);
    api.install(JOB_SETS);
    await until(() => asked() > 1);
  });

  test('costs an empty answer while nothing is new, and nothing while nothing is missing', async () => {
    const transport = new Transport(kubeConfigFor(api.url));
    const found: string[] = [];
    const missing = [JOB_SETS].map((path) => ({ path, retryNow: () => void found.push(path) }));
    const discovery = new Discovery(transport, () => missing);
    await discovery.poll();
    expect(found).toEqual([]);
    api.install(JOB_SETS);
    await discovery.poll();
    // Still missing though it is known: the server was too early.
    await discovery.poll();
    expect(found).toEqual([JOB_SETS, JOB_SETS]);
    missing.pop();
    const asked = api.calls.length;
    await discovery.poll();
    expect(api.calls).toHaveLength(asked);
    transport.close();
  });

  test('an older server that tells of groups alone is asked for its resources', async () => {
    const found: string[] = [];
    const body = { kind: 'APIGroupList', groups: [{ versions: [{ groupVersion: 'jobset.x-k8s.io/v1alpha2' }] }] };
    const transport = { requestChanged: () => Promise.resolve({ body, etag: '' }) };
    const missing = [JOB_SETS, '/apis/spark.apache.org/v1/sparkapplications'];
    const all = missing.map((path) => ({ path, retryNow: () => void found.push(path) }));
    await new Discovery(transport, () => all).poll();
    expect(found).toEqual([JOB_SETS]);
  });
});

import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { node, spark } from '../support/builders.ts';
import { startServer } from './server.ts';

const folder = new URL('./recordings/', import.meta.url);

interface Recording {
  readonly nodeCacheCapable?: boolean;
  readonly request?: { readonly path: string; readonly body: Record<string, unknown> };
  readonly calls?: readonly { readonly verb: string }[];
}

const recordings = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, recording: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recording }));

const verbOf = ({ request }: Recording) => request!.path.split('/').at(-1)!;
/** Five nodes as the recorder had them; 16 cpu each, of which muster holds none. */
const nodes = () => Array.from({ length: 5 }, (_, i) => node(`node-000${i}`, { cpu: 16, memoryGib: 64 }));

describe('what real kube-schedulers sent', () => {
  const asked = recordings.filter(({ recording }) => recording.request && verbOf(recording) !== 'bind');
  test.each(asked)('$file is answered as written down', async ({ file, recording }) => {
    const server = await startServer(nodes());
    const { status, text } = await server.post(verbOf(recording), JSON.stringify(recording.request!.body));
    await server.close();
    expect(status).toBe(200);
    await expect(`${text}\n`).toMatchFileSnapshot(`./golden/${file}`);
  });

  test.each(asked)('$file in lower-case keys means the same', async ({ recording }) => {
    const server = await startServer(nodes());
    const { body } = recording.request!;
    const lower = Object.fromEntries(Object.entries(body).map(([key, value]) => [key.toLowerCase(), value]));
    const answers = [
      await server.post(verbOf(recording), JSON.stringify(body)),
      await server.post(verbOf(recording), JSON.stringify(lower)),
    ];
    await server.close();
    expect(answers[1]).toEqual(answers[0]);
  });

  test('bind is not served: kube-scheduler binds by itself', async () => {
    const server = await startServer(nodes());
    for (const { recording } of recordings.filter((one) => one.recording.request && verbOf(one.recording) === 'bind')) {
      expect((await server.post('bind', JSON.stringify(recording.request!.body))).status).toBe(404);
    }
    await server.close();
  });

  test('the recorded orders of calls use only verbs that are served, and bind', () => {
    const verbs = new Set(recordings.flatMap(({ recording }) => (recording.calls ?? []).map(({ verb }) => verb)));
    expect([...verbs].sort()).toEqual(['bind', 'filter', 'preempt', 'prioritize']);
  });
});

describe('a gang over the wire', () => {
  const app = spark('etl', 3);
  const pod = (name: string, labels: object, annotations: object = {}) => ({
    metadata: { name, namespace: 'jobs', uid: name, labels: { 'muster.dev/gang': 'etl', ...labels }, annotations },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
  });
  const roles = JSON.stringify(app.spec.roles.map(({ name, count }) => ({ name, count, requests: { cpu: '1' } })));
  const leader = pod('etl-driver', { 'muster.dev/role': 'driver' }, { 'muster.dev/roles': roles });
  const NodeNames = ['n1', 'n2'];

  test.each([
    {
      name: 'a leader that fits gets one name and nothing else',
      cpu: 2,
      Pod: leader,
      want: '{"NodeNames":["n1"]}',
    },
    {
      name: 'a gang that waits is told why on one node, for which evicting others would not help',
      cpu: 1,
      Pod: leader,
      want: '{"NodeNames":[],"FailedAndUnresolvableNodes":{"n1":"muster: cannot start on this cluster: even the empty cluster has too little room for role executor"}}',
    },
    {
      name: 'a member before its leader waits',
      cpu: 2,
      Pod: pod('etl-exec-1', { 'muster.dev/role': 'executor' }),
      want: '{"NodeNames":[],"FailedAndUnresolvableNodes":{"n1":"muster: gang waits for its leader"}}',
    },
    {
      name: 'a declaration that is wrong is the reason for waiting',
      cpu: 2,
      Pod: pod('etl-driver', { 'muster.dev/role': 'driver' }, { 'muster.dev/roles': '[{"name":"driver","count":0}]' }),
      want: '{"NodeNames":[],"FailedAndUnresolvableNodes":{"n1":"muster: annotation muster.dev/roles[0].count: must be between 1 and 10000, got 0"}}',
    },
  ])('$name', async ({ cpu, Pod, want }) => {
    const server = await startServer([node('n1', { cpu }), node('n2', { cpu })]);
    const { status, text } = await server.post('filter', JSON.stringify({ Pod, Nodes: null, NodeNames }));
    await server.close();
    expect([status, text]).toEqual([200, want]);
  });

  test('whole nodes are answered with nodes', async () => {
    const server = await startServer([node('n1', { cpu: 2 }), node('n2', { cpu: 2 })]);
    const items = NodeNames.map((name) => ({ metadata: { name } }));
    const { text } = await server.post(
      'filter',
      JSON.stringify({ Pod: leader, Nodes: { metadata: {}, items }, NodeNames: null }),
    );
    await server.close();
    expect(text).toBe('{"Nodes":{"items":[{"metadata":{"name":"n1"}}]}}');
  });

  test('reasons: all names every node', async () => {
    const server = await startServer([node('n1', { cpu: 2 })], { reasons: 'all' });
    const member = pod('etl-exec-1', { 'muster.dev/role': 'executor' });
    const { text } = await server.post('filter', JSON.stringify({ Pod: member, NodeNames }));
    await server.close();
    expect(
      Object.keys((JSON.parse(text) as { FailedAndUnresolvableNodes: object }).FailedAndUnresolvableNodes),
    ).toEqual(NodeNames);
  });

  test('nobody is evicted for a gang, and never is there a null', async () => {
    const server = await startServer([node('n1', { cpu: 2 })]);
    const victims = { n1: { Pods: [{ UID: 'u' }], NumPDBViolations: 0 }, n2: null };
    const { text } = await server.post('preempt', JSON.stringify({ Pod: leader, NodeNameToMetaVictims: victims }));
    const foreign = { metadata: { name: 'x', uid: 'x' } };
    const echo = await server.post(
      'preempt',
      JSON.stringify({ Pod: foreign, NodeNameToVictims: null, NodeNameToMetaVictims: victims }),
    );
    await server.close();
    expect(text).toBe('{"NodeNameToMetaVictims":{}}');
    expect(echo.text).toBe('{"NodeNameToMetaVictims":{"n1":{"Pods":[{"UID":"u"}],"NumPDBViolations":0}}}');
  });

  test('before the cluster has been read a gang gets no answer that counts, and a foreign pod passes', async () => {
    const server = await startServer([node('n1', { cpu: 2 })], { synced: false });
    expect((await server.post('filter', JSON.stringify({ Pod: leader, NodeNames }))).status).toBe(503);
    const foreign = { metadata: { name: 'x', uid: 'x' } };
    expect((await server.post('filter', JSON.stringify({ Pod: foreign, NodeNames }))).text).toBe(
      '{"NodeNames":["n1","n2"]}',
    );
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    await server.close();
  });
});

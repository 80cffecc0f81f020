import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { buildServer } from '../../src/server/app.ts';
import { node, spark } from '../support/builders.ts';
import { ratesWith } from '../support/tenancies.ts';
import { inNamespace } from '../support/tenants.ts';
import { toKubernetesPod } from '../../src/replay/kubernetes-pod.ts';

const tenancy = ratesWith({
  pods: { perSecond: 10, burst: 20 },
  namespaces: { perSecond: 1, burst: 8, match: ['team-*'] },
  registries: [{ match: 'docker.io', perSecond: 5, burst: 50 }],
});
const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'], tenancy });
let nowMs = 0;
const { app } = buildServer({
  scheduler,
  nowMs: () => nowMs,
  logger: pino({ level: 'silent' }),
  reasons: 'one',
  maxBodyBytes: 2 ** 20,
});
let url = '';

beforeAll(async () => {
  for (let i = 0; i < 10; i++) scheduler.observe({ kind: 'node', node: node(`n${i}`, { cpu: 32 }) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());

/** kube-scheduler's question about the leader of a gang of so many pods. */
async function ask(name: string, namespace: string, pods: number): Promise<string> {
  const pod = toKubernetesPod(inNamespace(spark(name, pods - 1), namespace).leader());
  const response = await fetch(`${url}/filter`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ Pod: pod, Nodes: null, NodeNames: Array.from({ length: 10 }, (_, i) => `n${i}`) }),
  });
  return response.text();
}

const rates = async () =>
  (await (await fetch(`${url}/metrics`)).text()).split('\n').filter((line) => line.startsWith('muster_rate_'));

test('the server tells the tokens of each bucket, and how many gangs wait for it', async () => {
  await ask('a', 'team-a', 10);
  expect(await ask('b', 'team-a', 4)).toContain('gang waits for the pod rate of namespace team-a');
  expect(await ask('c', 'other', 12)).not.toContain('rate');
  expect(await ask('d', 'other', 1 + 1)).toContain('gang waits for the pod rate of the cluster');
  expect(await rates()).toEqual([
    'muster_rate_tokens{bucket="cluster"} -2',
    'muster_rate_tokens{bucket="namespaces"} -2',
    // Both gangs run the same image on one node.
    'muster_rate_tokens{bucket="registry docker.io"} 49',
    'muster_rate_waiting{bucket="cluster"} 1',
    'muster_rate_waiting{bucket="namespaces"} 1',
    'muster_rate_waiting{bucket="registry docker.io"} 0',
    'muster_rate_waits_total{bucket="cluster"} 1',
    'muster_rate_waits_total{bucket="namespaces"} 1',
    'muster_rate_waits_total{bucket="registry docker.io"} 0',
  ]);
  nowMs = 3100;
  scheduler.admitWaiting(nowMs);
  const later = await rates();
  expect(later).toContain('muster_rate_waiting{bucket="cluster"} 0');
  expect(later).toContain('muster_rate_waiting{bucket="namespaces"} 0');
  expect(later).toContain('muster_rate_waits_total{bucket="cluster"} 1');
});

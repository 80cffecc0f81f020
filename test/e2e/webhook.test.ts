import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, deletePod, FakeKubelet, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import type { Pod } from './harness/objects.ts';
import { PodWatch } from './harness/pods.ts';
import { freePort } from './harness/process.ts';
import { runApps, SparkApp } from './harness/spark.ts';
import { applyAccess, startPair, type Pair } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
const OPENSSL = '/usr/bin/openssl';
const why =
  typeof binaries === 'string'
    ? binaries
    : existsSync(OPENSSL)
      ? undefined
      : 'there is no openssl to make a certificate with';
if (why !== undefined) console.log(`SKIPPED: ${why}`);
const RULES = fileURLToPath(new URL('./webhook.yaml', import.meta.url));

describe.skipIf(why !== undefined)('the webhook, called by the real API server', () => {
  let plane: ControlPlane;
  let watch: PodWatch;
  let pair: Pair;

  beforeAll(async () => {
    if (typeof binaries === 'string' || why !== undefined) return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 2, { cpu: 8 });
    await applyAccess(plane);
    const [cert, key] = [join(plane.folder, 'webhook.crt'), join(plane.folder, 'webhook.key')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      OPENSSL,
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', key, '-out', cert, ...subject],
      { stdio: 'ignore' },
    );
    const port = String(await freePort());
    const env = {
      MUSTER_WEBHOOK: RULES,
      MUSTER_WEBHOOK_PORT: port,
      MUSTER_WEBHOOK_CERT_FILE: cert,
      MUSTER_WEBHOOK_KEY_FILE: key,
    };
    pair = await startPair(plane, { name: 'muster', env });
    const webhook = {
      name: 'spark.muster.dev',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      timeoutSeconds: 2,
      reinvocationPolicy: 'Never',
      clientConfig: { url: `https://127.0.0.1:${port}/mutate`, caBundle: readFileSync(cert).toString('base64') },
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
      ],
    };
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
    await persist(plane.admin, { method: 'POST', path, body: { metadata: { name: 'muster' }, webhooks: [webhook] } });
    for (const [name, value] of [
      ['spark-driver', 1000],
      ['spark-executor', 500],
    ] as const) {
      await persist(plane.admin, {
        method: 'POST',
        path: '/apis/scheduling.k8s.io/v1/priorityclasses',
        body: { metadata: { name }, value },
      });
    }
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch);
    await new Promise((resolve) => setTimeout(resolve, 3000));
  });

  afterAll(async () => {
    await pair?.scheduler.stop();
    await pair?.muster.kill('SIGTERM');
    watch?.stop();
    await plane?.stop();
  });

  const spec = (pod: Pod | undefined) => pod?.spec as unknown as Record<string, unknown>;

  test('a Spark app that says nothing of muster starts whole, with classes, while another waits behind its gate', async () => {
    const submit = async (name: string, workMs: number) => {
      const app = new SparkApp(plane.admin, watch, { name, executors: 12, schedulerName: 'default-scheduler', workMs });
      await app.submit();
      return app;
    };
    const first = await submit('first', 1e9);
    await runApps([first], 8000);
    expect(first.executors.filter((pod) => pod.spec.nodeName !== undefined)).toHaveLength(12);
    expect(spec(first.driver)).toMatchObject({
      schedulerName: 'muster',
      priorityClassName: 'spark-driver',
      priority: 1000,
    });
    expect(spec(first.executors[0])).toMatchObject({
      schedulerName: 'muster',
      priorityClassName: 'spark-executor',
      priority: 500,
    });

    const second = await submit('second', 2000);
    const asked = await pair.muster.metric('muster_decision_duration_seconds_count');
    await runApps([second], 5000);
    expect(spec(second.driver)['schedulingGates']).toEqual([{ name: 'muster.dev/gang' }]);
    expect(await pair.muster.metric('muster_decision_duration_seconds_count')).toBe(asked);
    for (const pod of [...first.executors, first.driver!]) await deletePod(plane.admin, pod);
    expect(await runApps([second], 30_000)).toEqual([]);
    expect(spec(second.driver)['schedulingGates']).toBeUndefined();
  });

  test('with the webhook away, pods are created as they are', async () => {
    await pair.muster.kill();
    const body = {
      metadata: { name: 'lone', labels: { 'spark-role': 'driver' } },
      spec: { containers: [{ name: 'c', image: 'c' }] },
    };
    const pod = (await persist(plane.admin, { method: 'POST', path: '/api/v1/namespaces/default/pods', body })) as Pod;
    expect(spec(pod)['schedulerName']).toBe('default-scheduler');
  });
});

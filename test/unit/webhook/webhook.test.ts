import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../../src/intake/field.ts';
import { mutate } from '../../../src/webhook/mutate.ts';
import type { PatchOperation } from '../../../src/webhook/patch.ts';
import { webhookRoutes } from '../../../src/webhook/routes.ts';
import { parseWebhookConfig, type WebhookConfig } from '../../../src/webhook/rules.ts';

const RULES = `
rules:
  - namespaces: [spark-*, etl]
    driver:
      priorityClassName: spark-driver
      gate: true
      nodeSelector: {pool: drivers}
      tolerations: [{key: spark, operator: Exists}]
    executor: {priorityClassName: spark-executor}
  - namespaces: ['*-dev']
    labels: {team: data}
    schedulerName: muster-dev
`;
const rules = parseWebhookConfig(RULES, 'f');

interface Pod {
  metadata: { labels: Record<string, string> };
  spec: Record<string, unknown>;
}

const pod = (
  role: string | undefined,
  spec: Record<string, unknown> = {},
  labels: Record<string, string> = {},
): Pod => ({
  metadata: { labels: { ...(role === undefined ? {} : { 'spark-role': role }), ...labels } },
  spec: { containers: [{ name: 'c' }], ...spec },
});

/** RFC 6902 for what the webhook uses: one level below /spec. */
function apply(object: Pod, patch: readonly PatchOperation[]): Pod {
  const out = structuredClone(object);
  for (const { op, path, value } of patch) {
    const key = /^\/spec\/([a-zA-Z]+)$/.exec(path)![1]!;
    if (op === 'remove') {
      expect(out.spec).toHaveProperty(key);
      delete out.spec[key];
    } else out.spec[key] = structuredClone(value);
  }
  return out;
}

const changed = (object: Pod, namespace: string, by: WebhookConfig = rules) =>
  apply(object, mutate(object as unknown as Json, { namespace }, by)).spec;

describe('what is changed', () => {
  test('a driver gets scheduler, class, gate, pool and toleration', () => {
    expect(
      changed(pod('driver', { schedulerName: 'default-scheduler', priority: 0, preemptionPolicy: 'Never' }), 'etl'),
    ).toEqual({
      containers: [{ name: 'c' }],
      schedulerName: 'muster',
      priorityClassName: 'spark-driver',
      nodeSelector: { pool: 'drivers' },
      tolerations: [{ key: 'spark', operator: 'Exists' }],
      schedulingGates: [{ name: 'muster.dev/gang' }],
    });
  });

  test('an executor gets its own class and no gate', () => {
    expect(changed(pod('executor'), 'spark-prod')).toEqual({
      containers: [{ name: 'c' }],
      schedulerName: 'muster',
      priorityClassName: 'spark-executor',
    });
  });

  test('what the pod says itself stands', () => {
    const own = {
      schedulerName: 'muster',
      priorityClassName: 'mine',
      priority: 7,
      nodeSelector: { pool: 'mine' },
      tolerations: [{ key: 'spark', operator: 'Exists' }],
      schedulingGates: [{ name: 'muster.dev/gang' }],
    };
    expect(mutate(pod('driver', own) as unknown as Json, { namespace: 'etl' }, rules)).toEqual([]);
  });

  test('what it says of other things is kept beside', () => {
    const found = changed(
      pod('driver', {
        nodeSelector: { zone: 'a' },
        tolerations: [{ key: 'gpu' }],
        schedulingGates: [{ name: 'example.com/quota' }],
      }),
      'etl',
    );
    expect(found).toMatchObject({
      nodeSelector: { zone: 'a', pool: 'drivers' },
      tolerations: [{ key: 'gpu' }, { key: 'spark' }],
      schedulingGates: [{ name: 'example.com/quota' }, { name: 'muster.dev/gang' }],
    });
  });

  test('the first rule that matches, by namespace and labels', () => {
    expect(changed(pod('driver', {}, { team: 'data' }), 'ads-dev')['schedulerName']).toBe('muster-dev');
    expect(changed(pod('driver'), 'ads-dev')['schedulerName']).toBeUndefined();
  });
});

describe('what is never touched', () => {
  test.each<[string, Pod, string]>([
    ['a pod of no Spark app', pod(undefined), 'etl'],
    ['another role', pod('connect-server'), 'etl'],
    ['another namespace', pod('driver'), 'web'],
    ['a namespace that only looks like it', pod('driver'), 'my-spark-x'],
    ["another scheduler's pod", pod('driver', { schedulerName: 'volcano' }), 'etl'],
    ['a bound pod', pod('driver', { nodeName: 'n' }), 'etl'],
    ["a pod of Kubernetes' own gang", pod('driver', { schedulingGroup: { podGroupName: 'g' } }), 'etl'],
    ['the same in 1.35', pod('driver', { workloadRef: { name: 'w' } }), 'etl'],
  ])('%s', (_what, object, namespace) => {
    expect(mutate(object as unknown as Json, { namespace }, rules)).toEqual([]);
  });

  test('any pod: only documented fields change, and the second time nothing does', () => {
    const text = fc.constantFrom('', 'muster', 'default-scheduler', 'mine', 'spark', 'pool');
    const spec = fc.record(
      {
        schedulerName: text,
        priorityClassName: text,
        priority: fc.integer(),
        preemptionPolicy: text,
        nodeName: fc.constantFrom('', 'n'),
        nodeSelector: fc.dictionary(text, text),
        tolerations: fc.array(
          fc.record({ key: text, operator: fc.constantFrom('Exists', 'Equal') }, { requiredKeys: [] }),
        ),
        schedulingGates: fc.array(fc.record({ name: fc.constantFrom('muster.dev/gang', 'x') })),
        hostNetwork: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const documented = [
      'schedulerName',
      'priorityClassName',
      'priority',
      'preemptionPolicy',
      'nodeSelector',
      'tolerations',
      'schedulingGates',
    ];
    fc.assert(
      fc.property(
        spec,
        fc.constantFrom('driver', 'executor', 'x'),
        fc.constantFrom('etl', 'spark-1', 'web'),
        (fields, role, namespace) => {
          const before = pod(role, fields);
          const after = apply(before, mutate(before as unknown as Json, { namespace }, rules));
          const strip = ({ spec: all }: Pod) =>
            Object.fromEntries(Object.entries(all).filter(([key]) => !documented.includes(key)));
          expect(strip(after)).toEqual(strip(before));
          expect(mutate(after as unknown as Json, { namespace }, rules)).toEqual([]);
          if (role === 'executor') expect(after.spec['schedulingGates']).toEqual(before.spec['schedulingGates']);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the file', () => {
  test('the example that is shipped is valid', () => {
    const path = fileURLToPath(new URL('../../../scheduler-config/webhook.example.yaml', import.meta.url));
    expect(parseWebhookConfig(readFileSync(path, 'utf8'), path).rules).toHaveLength(1);
  });

  test.each<[string, string, RegExp]>([
    ['empty', '', /^f: file: /],
    ['no rules', 'rules: []', /^f: rules: /],
    ['an unknown key', 'rules: [{namespaces: [a], gate: true}]', /^f: rules\.0: .*gate/],
    ['no namespaces', 'rules: [{}]', /^f: rules\.0\.namespaces: /],
    ['a gate for executors', 'rules: [{namespaces: [a], executor: {gate: true}}]', /^f: rules\.0\.executor: /],
    [
      'a bad effect',
      'rules: [{namespaces: [a], driver: {tolerations: [{effect: Nope}]}}]',
      /^f: rules\.0\.driver\.tolerations\.0\.effect: /,
    ],
    ['no YAML', 'rules: [', /^f: /],
    ['aliases without end', `a: &a [x,x]\nb: &b [${'*a,'.repeat(200)}]\nrules: []`, /^f: /],
  ])('%s is refused with file and field', (_what, text, says) => {
    expect(() => parseWebhookConfig(text, 'f')).toThrow(says);
  });
});

describe('POST /mutate', () => {
  const app = Fastify({ onProtoPoisoning: 'remove', onConstructorPoisoning: 'remove' });
  const outcomes: string[] = [];
  let url = '';

  beforeAll(async () => {
    await app.register(webhookRoutes, {
      config: () => rules,
      hasQueues: () => false,
      onOutcome: (outcome) => outcomes.push(outcome),
    });
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => app.close());

  async function post(
    body: string,
  ): Promise<{ status: number; body: { response?: { uid: string; allowed: boolean; patch?: string } } }> {
    const response = await fetch(`${url}/mutate`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    return { status: response.status, body: (await response.json()) as never };
  }

  const review = (request: object) =>
    post(
      JSON.stringify({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        request: {
          uid: 'u',
          kind: { group: '', version: 'v1', kind: 'Pod' },
          operation: 'CREATE',
          namespace: 'etl',
          ...request,
        },
      }),
    );

  test('answers with a patch that the API server can apply', async () => {
    const { status, body } = await review({ object: pod('driver') });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: 'AdmissionReview',
      response: { uid: 'u', allowed: true, patchType: 'JSONPatch' },
    });
    const patch = JSON.parse(Buffer.from(body.response!.patch!, 'base64').toString()) as PatchOperation[];
    expect(patch).toEqual(mutate(pod('driver') as unknown as Json, { namespace: 'etl' }, rules));
  });

  test.each<[string, object]>([
    ['an update', { operation: 'UPDATE', object: pod('driver') }],
    ['a sub-resource', { subResource: 'status', object: pod('driver') }],
    ['another kind', { kind: { group: 'apps', kind: 'Deployment' }, object: pod('driver') }],
    ['no object', {}],
    ['a null object', { object: null }],
    ['an object that is a text', { object: 'x' }],
    ['labels that are a list', { object: { metadata: { labels: [] }, spec: {} } }],
    ['a label that is a number', { object: { metadata: { labels: { 'spark-role': 3 } }, spec: {} } }],
    ['a selector that is a text', { object: pod('driver', { nodeSelector: 'x' }) }],
    ['gates that are a map', { object: pod('driver', { schedulingGates: {} }) }],
    ['a namespace that is a number', { namespace: 3, object: pod('driver') }],
    ['a hostile key', { object: JSON.parse('{"__proto__":{"x":1},"spec":{"__proto__":{"nodeName":"n"}}}') as object }],
  ])('%s passes as it is', async (_what, request) => {
    const { status, body } = await review(request);
    expect(status).toBe(200);
    expect(body.response).toEqual({ uid: 'u', allowed: true });
  });

  test.each([
    '',
    '{',
    '[]',
    'null',
    '{}',
    '{"request":null}',
    '{"request":{"uid":3}}',
    `{"request":{"uid":"${'x'.repeat(5_000_000)}"}}`,
  ])('a body that is no review is refused: %.20s', async (body) => {
    const { status } = await post(body);
    expect([400, 413]).toContain(status);
  });

  test('every review is counted', () => {
    expect(outcomes).toContain('changed');
    expect(outcomes).toContain('failed');
  });
});

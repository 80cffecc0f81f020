import Fastify from 'fastify';
import { expect, test } from 'vitest';
import type { PatchOperation } from '../../../src/webhook/patch.ts';
import { webhookRoutes } from '../../../src/webhook/routes.ts';
import { parseWebhookConfig } from '../../../src/webhook/rules.ts';

const LABEL = { op: 'remove', path: '/metadata/labels/muster.dev~1user' };
const ANNOTATION = '/metadata/annotations/muster.dev~1user';

interface Metadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const USER = { 'muster.dev/user': 'mallory' };

interface Asked {
  readonly file?: string;
  readonly operation?: string;
  readonly metadata?: Metadata;
  readonly before?: Metadata;
  readonly username?: string;
  readonly hasQueues?: boolean;
}

/** The patch for a pod of namespace etl. */
async function patchFor({ file = 'rules: [{namespaces: [etl]}]\nuser: true', ...asked }: Asked): Promise<unknown> {
  const app = Fastify();
  const config = parseWebhookConfig(file, 'f');
  const hasQueues = () => asked.hasQueues ?? false;
  await app.register(webhookRoutes, { config: () => config, hasQueues, onOutcome: () => undefined });
  const podOf = (metadata: Metadata) => ({ metadata, spec: { containers: [] } });
  const request = {
    uid: 'u',
    kind: { kind: 'Pod' },
    namespace: 'etl',
    operation: asked.operation ?? 'CREATE',
    object: podOf(asked.metadata ?? {}),
    oldObject: asked.before && podOf(asked.before),
    ...(asked.username === undefined ? {} : { userInfo: { username: asked.username } }),
  };
  const { body } = await app.inject({ method: 'POST', url: '/mutate', payload: { request } });
  const { patch } = (JSON.parse(body) as { response: { patch?: string } }).response;
  await app.close();
  return patch === undefined ? [] : (JSON.parse(Buffer.from(patch, 'base64').toString()) as PatchOperation[]);
}

test('user: true writes who creates a pod, whatever the pod says', async () => {
  expect(await patchFor({ username: 'alice' })).toEqual([
    { op: 'add', path: '/metadata/annotations', value: { 'muster.dev/user': 'alice' } },
  ]);
  expect(await patchFor({ username: 'alice', metadata: { labels: USER, annotations: USER } })).toEqual([
    LABEL,
    { op: 'add', path: ANNOTATION, value: 'alice' },
  ]);
  expect(await patchFor({ metadata: { labels: USER, annotations: USER } })).toEqual([
    LABEL,
    { op: 'remove', path: ANNOTATION },
  ]);
});

test('user: true takes back what a later change makes of the user', async () => {
  const operation = 'UPDATE';
  const before = { annotations: { 'muster.dev/user': 'alice' } };
  expect(await patchFor({ operation, before, metadata: { labels: USER, annotations: USER } })).toEqual([
    LABEL,
    { op: 'add', path: ANNOTATION, value: 'alice' },
  ]);
  expect(await patchFor({ operation, before, metadata: {} })).toEqual([
    { op: 'add', path: '/metadata/annotations', value: { 'muster.dev/user': 'alice' } },
  ]);
  expect(await patchFor({ operation, before: {}, metadata: { annotations: USER } })).toEqual([
    { op: 'remove', path: ANNOTATION },
  ]);
  expect(await patchFor({ operation, before, metadata: before })).toEqual([]);
});

test('without it, and in other namespaces, the user is left alone', async () => {
  const metadata = { labels: USER, annotations: USER };
  expect(await patchFor({ file: 'rules: [{namespaces: [etl]}]', username: 'alice', metadata })).toEqual([]);
  expect(await patchFor({ file: 'rules: [{namespaces: [x]}]\nuser: true', username: 'alice', metadata })).toEqual([]);
  expect(await patchFor({ file: 'rules: [{namespaces: [etl]}]', operation: 'UPDATE', before: {}, metadata })).toEqual(
    [],
  );
});

test('drivers get the gate where there are queues, unless their rule says otherwise', async () => {
  const metadata = { labels: { 'spark-role': 'driver' } };
  const isGated = async (file: string, hasQueues: boolean) =>
    JSON.stringify(await patchFor({ file, hasQueues, metadata })).includes('muster.dev/gang');
  const rule = (driver: string) => `rules: [{namespaces: [etl], driver: ${driver}}]`;
  expect(await isGated(rule('{}'), false)).toBe(false);
  expect(await isGated(rule('{}'), true)).toBe(true);
  expect(await isGated('rules: [{namespaces: [etl]}]', true)).toBe(true);
  expect(await isGated(rule('{gate: false}'), true)).toBe(false);
  expect(await isGated(rule('{gate: true}'), false)).toBe(true);
});

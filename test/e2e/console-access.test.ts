import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { accessReviews, type UserInfo } from '../../src/kube/access-reviews.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { MusterProcess } from './harness/muster.ts';
import { freePort, waitFor } from './harness/process.ts';
import { inProject } from './harness/root.ts';
import { applyAccess } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const LIST_PODS = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
const LIST_NODES = [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }];
interface Rows {
  readonly items: readonly { readonly gang: string }[];
}

/** Of a gang that the only node has no room for. */
const driverOf = (namespace: string) => ({
  metadata: {
    name: 'app-driver',
    namespace,
    labels: { 'muster.dev/gang': 'app', 'muster.dev/role': 'driver' },
    annotations: {
      'muster.dev/roles': JSON.stringify([{ name: 'driver' }, { name: 'executor', count: 20, requests: { cpu: '1' } }]),
    },
  },
  spec: {
    schedulerName: 'muster',
    containers: [{ name: 'main', image: 'none', resources: { requests: { cpu: '1' } } }],
  },
});

/** What muster keeps of an answer, and some more. */
const FORGOTTEN_MS = 75_000;

describe.skipIf(typeof binaries === 'string')('readers by their rights, with the real API server', () => {
  let plane: ControlPlane;
  let muster: MusterProcess;
  let own: Transport;
  const tokens = new Map<string, string>();

  const create = (path: string, body: object) => persist(plane.admin, { method: 'POST', path, body });

  async function account(name: string): Promise<void> {
    await create('/api/v1/namespaces/people/serviceaccounts', { metadata: { name } });
    const spec = { spec: { expirationSeconds: 3600 } };
    const made = await create(`/api/v1/namespaces/people/serviceaccounts/${name}/token`, spec);
    tokens.set(name, (made as { status: { token: string } }).status.token);
  }

  /** @param namespace absent: in the whole cluster */
  async function grant(name: string, rules: object[], namespace?: string): Promise<void> {
    const [kind, at] = namespace === undefined ? ['ClusterRole', RBAC] : ['Role', `${RBAC}/namespaces/${namespace}`];
    const of = kind.toLowerCase();
    const metadata = { name: `${name}-${namespace ?? 'all'}-${JSON.stringify(rules).includes('nodes') ? 'n' : 'p'}` };
    await create(`${at}/${of}s`, { metadata, rules });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name };
    const subjects = [{ kind: 'ServiceAccount', name, namespace: 'people' }];
    await create(`${at}/${of}bindings`, { metadata, roleRef, subjects });
  }

  const status = async (path: string, token?: string): Promise<number> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await fetch(muster.url + path, { headers })).status;
  };

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 1, { cpu: 8 });
    await applyAccess(plane);
    for (const name of ['people', 'team-a', 'team-b']) await create('/api/v1/namespaces', { metadata: { name } });
    for (const name of ['all', 'team-a-only', 'nobody', 'leaver']) await account(name);
    await grant('all', LIST_PODS);
    await grant('all', LIST_NODES);
    await grant('team-a-only', LIST_PODS, 'team-a');
    own = plane.transportFor('muster');
    muster = new MusterProcess(plane, {
      name: 'muster',
      port: await freePort(),
      extenderPort: await freePort(),
      env: { MUSTER_READ_ACCESS: 'kubernetes' },
    });
    muster.start();
    await muster.ready();
  });

  afterAll(async () => {
    own?.close();
    await muster?.kill('SIGTERM');
    await plane?.stop();
  });

  test('without the rights of deploy/components/console-rbac, nobody reads, and the answer names them', async () => {
    const answer = await fetch(`${muster.url}/v1/gangs`, { headers: { authorization: `Bearer ${tokens.get('all')}` } });
    expect(answer.status).toBe(503);
    const { error } = (await answer.json()) as { error: string };
    expect(error).toContain('cannot create resource "tokenreviews"');
    expect(error).toContain('deploy/components/console-rbac');
    expect(error).not.toContain(tokens.get('all'));
    for (const document of parseAllDocuments(
      readFileSync(inProject('deploy/components/console-rbac/rbac.yaml'), 'utf8'),
    )) {
      const object = document.toJS() as { kind: string };
      await create(`${RBAC}/${object.kind.toLowerCase()}s`, object);
    }
    await waitFor('the rights', async () => (await status('/v1/gangs', tokens.get('all'))) === 200);
  });

  test('the component grants what muster asks, as the API server answers it', async () => {
    const reviews = accessReviews(own);
    const whose = async (name: string) => (await reviews.whoIs(tokens.get(name)!)) as UserInfo;
    const [all, some, none] = [await whose('all'), await whose('team-a-only'), await whose('nobody')];
    expect(all.username).toBe('system:serviceaccount:people:all');
    expect(all.groups).toContain('system:serviceaccounts:people');
    expect(await reviews.whoIs('no-token')).toBeUndefined();
    expect(await reviews.whoIs(`${tokens.get('all')!.slice(0, -8)}AAAAAAAA`)).toBeUndefined();
    const may = async (user: UserInfo) => [
      await reviews.mayList(user, { resource: 'pods' }),
      await reviews.mayList(user, { resource: 'nodes' }),
      await reviews.mayList(user, { resource: 'pods', namespace: 'team-a' }),
      await reviews.mayList(user, { resource: 'pods', namespace: 'team-b' }),
    ];
    expect(await may(all)).toEqual([true, true, true, true]);
    expect(await may(some)).toEqual([false, false, true, false]);
    expect(await may(none)).toEqual([false, false, false, false]);
  });

  test('whoever the API server knows is let in, and nobody else; metrics and health are as they were', async () => {
    for (const name of ['all', 'team-a-only', 'nobody']) expect(await status('/v1/gangs', tokens.get(name))).toBe(200);
    expect(await status('/v1/gangs')).toBe(401);
    expect(await status('/v1/gangs', 'no-token')).toBe(401);
    for (const path of ['/metrics', '/healthz', '/readyz', '/']) expect(await status(path)).toBe(200);
  });

  test('each sees the gangs of the namespaces whose pods he may list, and others without names', async () => {
    for (const namespace of ['team-a', 'team-b']) {
      const pod = await create(`/api/v1/namespaces/${namespace}/pods`, driverOf(namespace));
      const body = JSON.stringify({ Pod: pod, NodeNames: ['node-0000'] });
      const headers = { 'content-type': 'application/json' };
      const asks = () => fetch(`${muster.extenderUrl}/filter`, { method: 'POST', headers, body });
      await waitFor('an answer', async () => (await asks()).ok);
    }
    const seen = async (name: string) => {
      const headers = { authorization: `Bearer ${tokens.get(name)}` };
      const { items } = (await (await fetch(`${muster.url}/v1/board/gangs`, { headers })).json()) as Rows;
      return items.map(({ gang }) => gang).sort();
    };
    await waitFor('both gangs', async () => (await seen('all')).length === 2);
    expect(await seen('all')).toEqual(['team-a/app', 'team-b/app']);
    expect(await seen('team-a-only')).toEqual(['(hidden)', 'team-a/app']);
    expect(await seen('nobody')).toEqual(['(hidden)', '(hidden)']);
    expect(await status('/v1/gangs/team-b/app', tokens.get('team-a-only'))).toBe(404);
    expect(await status('/v1/gangs/team-a/app', tokens.get('team-a-only'))).toBe(200);
  });

  test('a token whose account is deleted reads no longer than muster remembers', async () => {
    const token = tokens.get('leaver');
    expect(await status('/v1/gangs', token)).toBe(200);
    await persist(plane.admin, { method: 'DELETE', path: '/api/v1/namespaces/people/serviceaccounts/leaver' });
    await waitFor('the end', async () => (await status('/v1/gangs', token)) === 401, undefined, FORGOTTEN_MS);
  });

  test('while the API server is away, known readers read for a minute, and new ones get 503', async () => {
    await account('late');
    expect(await status('/v1/gangs', tokens.get('all'))).toBe(200);
    await plane.killApiServer();
    expect(await status('/v1/gangs', tokens.get('late'))).toBe(503);
    await plane.startApiServer();
    await waitFor('answers', async () => (await status('/v1/gangs', tokens.get('late'))) === 200);
  });
});

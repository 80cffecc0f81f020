import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HistoryStore } from '../../src/kube/history-store.ts';
import type { Transport } from '../../src/kube/transport.ts';
import { hasKubectl } from '../support/kustomize.ts';
import { findBinaries } from './harness/binaries.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { inProject } from './harness/root.ts';
import { applyAccess } from './harness/world.ts';

const binaries = await findBinaries((line) => console.log(line));
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const SPACE = 'muster-system';
const CONFIG_MAPS = `/api/v1/namespaces/${SPACE}/configmaps`;
const FORBIDDEN = expect.objectContaining({ status: 403 }) as unknown;

describe.skipIf(typeof binaries === 'string')('the history, on the real API server', () => {
  let plane: ControlPlane;
  let muster: Transport;
  const newStore = () => new HistoryStore(muster, SPACE);

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await applyAccess(plane);
    muster = plane.transportFor('muster');
    // RBAC is heard of a moment later.
    for (let tries = 0; tries < 100; tries++) {
      const read = await newStore()
        .read()
        .catch(() => undefined);
      if (read) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  afterAll(() => plane?.stop());

  test('a large one is written in parts and read again, and of two writers the second is told', async () => {
    const text = randomBytes(2_200_000).toString('latin1');
    const [one, two] = [newStore(), newStore()];
    expect(await one.read()).toEqual({ text: undefined });
    await two.read();
    await one.write(text);
    await expect(two.write('late')).rejects.toMatchObject({ status: 409 });
    expect(await newStore().read()).toEqual({ text });
    expect(await one.read()).toBe('unchanged');
  });

  test.skipIf(!hasKubectl)('kubectl apply of the manifests leaves it as it is', async () => {
    const store = newStore();
    await store.read();
    await store.write('learned');
    const apply = ['apply', '-f', inProject('deploy/access/history.yaml')];
    const kubectl = ['--kubeconfig', plane.kubeconfig('admin'), ...apply];
    for (const more of [[], ['--server-side', '--force-conflicts']]) {
      execFileSync('kubectl', [...kubectl, ...more], { stdio: 'pipe' });
      expect(await newStore().read()).toEqual({ text: 'learned' });
    }
  });

  test('muster may touch no other ConfigMap, and create none', async () => {
    const of = (method: 'GET' | 'PATCH' | 'DELETE', name: string) =>
      muster.request({
        method,
        path: `${CONFIG_MAPS}/${name}`,
        ...(method === 'PATCH' ? { body: { data: { a: 'b' } }, contentType: 'application/merge-patch+json' } : {}),
      });
    const metadata = { name: 'other' };
    await plane.admin.request({ method: 'POST', path: CONFIG_MAPS, body: { metadata } });
    for (const method of ['GET', 'PATCH'] as const) await expect(of(method, 'other')).rejects.toEqual(FORBIDDEN);
    await expect(of('DELETE', 'muster-history')).rejects.toEqual(FORBIDDEN);
    const create = { method: 'POST', path: CONFIG_MAPS, body: { metadata: { name: 'new' } } } as const;
    await expect(muster.request(create)).rejects.toEqual(FORBIDDEN);
  });
});

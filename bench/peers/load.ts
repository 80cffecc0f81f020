import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../../src/kube/transport.ts';
import { persist } from '../../test/e2e/harness/cluster.ts';
import type { Pod } from '../../test/e2e/harness/objects.ts';
import { PODS, type Gang, type GangObjects } from './objects.ts';

const PARALLEL = 16;
const STUCK_MS = 60_000;
const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';

export interface Load {
  readonly admin: Transport;
  readonly objects: GangObjects;
  /** Undefined: all pods of a gang are created one after the other. Otherwise executors wait for their driver. */
  readonly isBound: ((pod: string) => boolean) | undefined;
}

/** Creates gangs, several at a time. @returns performance.now() before the creation of each gang's first pod */
export async function createGangs(
  { admin, objects, isBound }: Load,
  gangs: readonly Gang[],
): Promise<Map<string, number>> {
  const createdMs = new Map<string, number>();
  const post = (path: string, body: object) => persist(admin, { method: 'POST', path, body, timeoutMs: 30_000 });
  const create = async (gang: Gang) => {
    for (const [path, body] of objects.before(gang)) await post(path, body);
    createdMs.set(gang.name, performance.now());
    const { metadata } = (await post(PODS, objects.pod(gang, 0, ''))) as Pod;
    if (isBound) await until(() => isBound(metadata.name), `${metadata.name} was not bound for a minute`);
    for (let member = 1; member <= gang.executors; member++) {
      await post(PODS, objects.pod(gang, member, metadata.uid));
    }
  };
  let next = 0;
  const work = async () => {
    while (next < gangs.length) await create(gangs[next++]!);
  };
  // Gangs that wait for their drivers hold nobody up.
  await Promise.all(Array.from({ length: isBound ? gangs.length : PARALLEL }, work));
  return createdMs;
}

async function until(holds: () => boolean, problem: string): Promise<void> {
  const giveUpMs = performance.now() + STUCK_MS;
  while (!holds()) {
    if (performance.now() > giveUpMs) throw new Error(problem);
    await sleep(5);
  }
}

/** Deletes all pods, bound or not, their Events and what else belongs to gangs, and waits until the pods are gone. */
export async function clear(admin: Transport, collections: readonly string[]): Promise<void> {
  const now = { gracePeriodSeconds: 0 };
  const remove = (path: string) => persist(admin, { method: 'DELETE', path, body: now, timeoutMs: 120_000 });
  for (;;) {
    await remove(PODS);
    const { items } = (await persist(admin, { method: 'GET', path: `${PODS}?limit=1` })) as { items: readonly Pod[] };
    if (items.length === 0) break;
    await sleep(500);
  }
  for (const path of [EVENTS, ...collections]) await remove(path);
}

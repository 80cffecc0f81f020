import type { Membership, PodInfo } from '../../../../src/core/model.ts';
import type { GangObjectKind, GangObjectRecords, GangObjects } from '../../../../src/intake/gang-objects.ts';
import { GANG_OBJECT_SOURCES } from '../../../../src/intake/gang-object-sources.ts';
import type { Json } from '../../../../src/intake/field.ts';
import { DAEMON_SETS_AS_WRITTEN } from '../../../../src/intake/pinned.ts';
import { toPodInfo } from '../../../../src/intake/pod.ts';

/** Gang object records of namespace `jobs`, by kind and name. */
export type GangObjectStore = { readonly [K in GangObjectKind]?: Readonly<Record<string, GangObjectRecords[K]>> };

export interface Shape {
  readonly name?: string;
  readonly cpu?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owners?: readonly object[];
  readonly schedulerName?: string;
}

/** A pod of namespace `jobs` that asks 2 cpu on pool x, read as the feed reads it. */
export function podOf(shape: Shape, shelf: GangObjectStore = {}): PodInfo {
  const { name = 'p-0', cpu = '2', labels = {}, annotations = {}, owners = [], schedulerName = 'muster' } = shape;
  const gangObjects: GangObjects = {
    get: (kind, namespace, of) => {
      const records: Readonly<Record<string, unknown>> = shelf[kind] ?? {};
      return (namespace === 'jobs' && Object.hasOwn(records, of) ? records[of] : undefined) as never;
    },
  };
  const metadata = { name, namespace: 'jobs', uid: name, labels, annotations, ownerReferences: owners };
  const containers = [{ name: 'c', resources: { requests: { cpu } } }];
  const spec = { schedulerName, nodeSelector: { pool: 'x' }, containers };
  return toPodInfo({ metadata, spec }, 'Pod', {
    gangObjects,
    schedulerNames: new Set(['muster']),
    daemonSets: DAEMON_SETS_AS_WRITTEN,
  });
}

export const read = (shape: Shape, shelf?: GangObjectStore): Membership | undefined => podOf(shape, shelf).membership;

/** `member 2/4 cpu 2000`: minimum, count and millicores of every role. */
export const rolesOf = (found: Membership | undefined) =>
  found?.spec?.roles.map(({ name, min, count, request }) => `${name} ${min}/${count} cpu ${request.get('cpu') ?? 0}`);

/** The record that the feed keeps of an object as the API server sends it. */
export function record<K extends GangObjectKind>(kind: K, object: object): GangObjectRecords[K] {
  const source = GANG_OBJECT_SOURCES.find(({ kinds }) => kinds.includes(kind))!;
  return source.read(JSON.parse(JSON.stringify(object)) as Json)[kind]!;
}

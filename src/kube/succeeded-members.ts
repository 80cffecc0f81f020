import { KUEUE_GROUP_LABEL } from '../intake/dialects/kueue.ts';
import { POD_GROUP_LABELS } from '../intake/dialects/pod-group.ts';
import { nameAt, objectAt, textAt, type Json } from '../intake/field.ts';
import { POD } from './decode/pod.ts';
import type { GangObjectStore, Place } from './gang-object-store.ts';
import type { Mirror } from './reflector.ts';

type Kind = 'succeeded-in-pod-group' | 'succeeded-in-kueue-group';

/**
 * Counts the pods that have succeeded, by the group that their label names: one that is created again after them needs no
 * room for theirs. One collection per label, because a selector cannot say "or"; the API server sends no other finished
 * pods. Pods that are deleted no longer count.
 */
export const succeededMembers = (store: GangObjectStore): readonly Mirror<Place>[] => [
  ...POD_GROUP_LABELS.map((label) => succeededWith(label, 'succeeded-in-pod-group', store)),
  succeededWith(KUEUE_GROUP_LABEL, 'succeeded-in-kueue-group', store),
];

function succeededWith(label: string, kind: Kind, store: GangObjectStore): Mirror<Place> {
  const groups = new Map<string, Place>();
  const add = (group: Place, change: 1 | -1) => {
    const count = (store.get(kind, group.namespace, group.name) ?? 0) + change;
    store.put(kind, group, count === 0 ? undefined : count);
  };
  const onGone = (uid: string) => {
    const group = groups.get(uid);
    if (group) add(group, -1);
    groups.delete(uid);
  };
  return {
    kind: `succeeded pods with label ${label}`,
    path: `/api/v1/pods?fieldSelector=status.phase%3DSucceeded&labelSelector=${encodeURIComponent(label)}`,
    resource: POD,
    keyOf: (pod) => nameAt(metadataOf(pod), 'uid', 'Pod.metadata'),
    project: (pod) => groupOf(metadataOf(pod), label),
    onPut: (uid, group) => {
      onGone(uid);
      groups.set(uid, group);
      add(group, 1);
    },
    onGone,
  };
}

const metadataOf = (pod: Json): Json => objectAt(pod, 'metadata', 'Pod') ?? {};

function groupOf(metadata: Json, label: string): Place {
  const labels = objectAt(metadata, 'labels', 'Pod.metadata') ?? {};
  const namespace = textAt(metadata, 'namespace', 'Pod.metadata') || 'default';
  return { namespace, name: textAt(labels, label, 'Pod.metadata.labels') ?? '' };
}

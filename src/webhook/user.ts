import { objectAt, textMapAt, type Json } from '../intake/field.ts';
import type { PatchOperation } from './patch.ts';

const KEY = 'muster.dev/user';
const ESCAPED = KEY.replace('/', '~1');

/**
 * Writes who creates the pod into its annotation, over what the pod says of that.
 * @param user undefined: it is not known, and what the pod says goes all the same
 * @throws MusterError MUSTER_OBJECT_INVALID for a pod that cannot be read
 */
export function userPatch(metadata: Json, user: string | undefined): readonly PatchOperation[] {
  const said = textMapAt(metadata, 'annotations', 'Pod.metadata').get(KEY);
  return [...withoutLabel(metadata), ...annotated(metadata, said, user)];
}

/**
 * Takes back what a change of a pod makes of its user.
 * @throws MusterError MUSTER_OBJECT_INVALID for a pod that cannot be read
 */
export function keptUserPatch(pod: Json, before: Json): readonly PatchOperation[] {
  const [metadata, old] = [pod, before].map((one) => objectAt(one, 'metadata', 'Pod') ?? {}) as [Json, Json];
  const [said, was] = [metadata, old].map((one) => textMapAt(one, 'annotations', 'Pod.metadata').get(KEY));
  const hadLabel = textMapAt(old, 'labels', 'Pod.metadata').has(KEY);
  return [...(hadLabel ? [] : withoutLabel(metadata)), ...annotated(metadata, said, was)];
}

const withoutLabel = (metadata: Json): readonly PatchOperation[] =>
  textMapAt(metadata, 'labels', 'Pod.metadata').has(KEY) ? [{ op: 'remove', path: `/metadata/labels/${ESCAPED}` }] : [];

function annotated(metadata: Json, said: string | undefined, wanted: string | undefined): readonly PatchOperation[] {
  if (said === wanted) return [];
  if (wanted === undefined) return [{ op: 'remove', path: `/metadata/annotations/${ESCAPED}` }];
  if (!objectAt(metadata, 'annotations', 'Pod.metadata'))
    return [{ op: 'add', path: '/metadata/annotations', value: { [KEY]: wanted } }];
  return [{ op: 'add', path: `/metadata/annotations/${ESCAPED}`, value: wanted }];
}

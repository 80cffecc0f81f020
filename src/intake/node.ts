import type { NodeInfo } from '../core/model.ts';
import { taintsAt } from './constraints.ts';
import { asObject, flagAt, nameAt, objectAt, objectsAt, textMapAt, textsAt } from './field.ts';
import { amountsAt } from './pod-request.ts';

/**
 * Reads a core/v1 Node: allocatable (not capacity), labels, taints, cordon, images.
 * @param where the node's place for errors
 * @throws MusterError MUSTER_OBJECT_INVALID, MUSTER_QUANTITY_INVALID
 */
export function toNodeInfo(value: unknown, where: string): NodeInfo {
  const node = asObject(value, where);
  const metadata = objectAt(node, 'metadata', where) ?? {};
  const spec = objectAt(node, 'spec', where) ?? {};
  const status = objectAt(node, 'status', where) ?? {};
  const images = new Set<string>();
  objectsAt(status, 'images', `${where}.status`).forEach((image, i) => {
    for (const name of textsAt(image, 'names', `${where}.status.images[${i}]`)) images.add(name);
  });
  return {
    name: nameAt(metadata, 'name', `${where}.metadata`),
    labels: textMapAt(metadata, 'labels', `${where}.metadata`),
    taints: taintsAt(spec, `${where}.spec`),
    unschedulable: flagAt(spec, 'unschedulable', `${where}.spec`),
    allocatable: amountsAt(status, 'allocatable', `${where}.status`),
    images,
  };
}

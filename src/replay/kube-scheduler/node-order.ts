import type { NodeInfo } from '../../core/model.ts';

const REGION = 'topology.kubernetes.io/region';
const ZONE = 'topology.kubernetes.io/zone';

/**
 * The order in which kube-scheduler looks at the nodes: one of each zone in turn, so that a sample of them holds nodes
 * of all zones (nodeTree in pkg/scheduler/backend/cache/node_tree.go, v1.36). Within a zone the order stays.
 */
export function zonesInTurn<T extends Pick<NodeInfo, 'labels'>>(nodes: readonly T[]): readonly T[] {
  const zones = new Map<string, T[]>();
  for (const node of nodes) {
    const key = `${node.labels.get(REGION) ?? ''}:${node.labels.get(ZONE) ?? ''}`;
    const known = zones.get(key);
    if (known) known.push(node);
    else zones.set(key, [node]);
  }
  const order: T[] = [];
  for (let i = 0; order.length < nodes.length; i++)
    for (const zone of zones.values()) order.push(...zone.slice(i, i + 1));
  return order;
}

import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import type { NodeView } from './explanation.ts';

/** Every node with its free room and the room that gangs hold on it. */
export function nodeViews({ cluster, ledger }: PreemptionContextView): readonly NodeView[] {
  const { table, columns } = cluster;
  const out: NodeView[] = [];
  for (let row = 0; row < table.rows; row++) {
    const node = table.nodeAt(row);
    if (!node) continue;
    const held = new Float64Array(columns.size);
    const add = (vector: Float64Array) => vector.forEach((amount, c) => (held[c]! += amount));
    const slots = [...ledger.slotsAt(node.name)].filter(({ state }) => state !== 'bound');
    for (const { vector } of slots) add(vector);
    for (const { vector, node: at } of ledger.podHolds.values()) if (at === node.name) add(vector);
    out.push({
      node: node.name,
      unschedulable: node.unschedulable,
      allocatable: node.allocatable,
      free: columns.amounts(Float64Array.from(table.free, (column) => column[row]!)),
      held: columns.amounts(held),
      slots: slots.length,
    });
  }
  return out;
}

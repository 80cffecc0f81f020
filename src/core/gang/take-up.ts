import { minToStart } from '../model.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import { needOf } from './needs.ts';

/** Gives slots of a gang that is being admitted to its running members, which an earlier leader left behind. */
export function takeUpRunning({ cluster, ledger }: Pick<GangContext, 'cluster' | 'ledger'>, gang: Gang): void {
  for (const role of gang.spec.roles) {
    const missing = minToStart(gang.spec, role) - gang.slots.filter((slot) => slot.role === role.name).length;
    const { vector } = needOf(cluster, gang, { role: role.name, count: 1 });
    for (const { pod, node } of cluster.runningMembers(gang.key, role.name).slice(0, Math.max(0, missing))) {
      ledger.confirm(ledger.add(gang, role.name, vector), pod.uid, node);
    }
  }
}

import { minToStart } from '../model.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import { needOf } from './needs.ts';

/** Adds slots for the running members of a gang that is being admitted, as many as it needs. */
export function takeUpRunning({ cluster, ledger }: Pick<GangContext, 'cluster' | 'ledger'>, gang: Gang): void {
  for (const role of gang.spec.roles) {
    const missing = minToStart(gang.spec, role) - gang.slots.filter((slot) => slot.role === role.name).length;
    const { vector } = needOf(cluster, gang, { role: role.name, count: 1 });
    if (missing <= 0) continue;
    const running = cluster.runningMembers(gang.key, role.name).filter(({ pod }) => !ledger.slotOf(pod.uid));
    for (const { pod, node } of running.slice(0, missing)) {
      ledger.confirm(ledger.add(gang, role.name, vector), pod.uid, node);
    }
  }
}

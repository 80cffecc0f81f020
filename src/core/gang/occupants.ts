import { staysWithNode } from '../cluster/cluster.ts';
import type { Occupant } from '../cluster/occupancy.ts';
import type { QueueSpec, Tenancy } from '../policy/tenancy.ts';
import type { GangContextView } from './context.ts';

/** Whether it must be known who occupies which node. */
export const watchesNodes = ({ queues, addresses }: Tenancy): boolean =>
  addresses.length > 0 || queues.some(sharesNoNode);

const sharesNoNode = ({ exclusive, queues, each }: QueueSpec): boolean =>
  exclusive === 'namespace' || queues.some(sharesNoNode) || (each !== undefined && sharesNoNode(each));

/** Who occupies a node: its bound pods, and those for which the ledger holds room there. */
export function* occupantsOf(
  { cluster, ledger, gangs }: Pick<GangContextView, 'cluster' | 'ledger' | 'gangs'>,
  node: string,
): Generator<Occupant> {
  const isExclusive = (key: string | undefined) => gangs.get(key ?? '')?.queue.isExclusive ?? false;
  for (const bound of cluster.podsAt(node)) {
    const { pod, isLeaving } = bound;
    const { namespace, membership, hostNetwork } = pod;
    const isPassive = isLeaving || staysWithNode(bound);
    yield { namespace, isExclusive: isExclusive(membership?.gang), isPassive, hasAddress: hostNetwork !== true };
  }
  const held = ({ gang }: { readonly gang: string }): Occupant => {
    const namespace = gang.slice(0, Math.max(0, gang.indexOf('/')));
    return { namespace, isExclusive: isExclusive(gang), isPassive: false, hasAddress: true };
  };
  for (const slot of ledger.slotsAt(node)) if (slot.state !== 'bound') yield held(slot);
  for (const hold of ledger.podHolds.values()) if (hold.node === node) yield held(hold);
}

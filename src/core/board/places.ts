import type { Gang } from '../gang/gang.ts';
import type { BoardContext } from './context.ts';

/** Where a member of a gang is, or will be. */
export interface Place {
  readonly role: string;
  /** '' while it has no place. */
  readonly node: string;
  readonly state: 'unplaced' | 'reserved' | 'assumed' | 'bound' | 'elastic';
  /** The name of the pod; '' while none has come. */
  readonly pod: string;
}

/** The places of a gang: its slots in their order, then its elastic members. O(slots + members). */
export function placesOf({ cluster, ledger, gangs }: BoardContext, key: string): readonly Place[] {
  const gang: Gang | undefined = gangs.get(key);
  if (!gang) return [];
  const bound = cluster.boundMembers(key);
  const nameOf = new Map<string, string>([[gang.leader.uid, gang.leader.name]]);
  const places = gang.slots.map(({ role, node, state, podUid }): Place => {
    const pod = bound.get(podUid)?.pod.name ?? nameOf.get(podUid) ?? '';
    return { role, node, state, pod };
  });
  for (const { pod, node } of bound.values()) {
    if (ledger.slotOf(pod.uid)) continue;
    places.push({ role: pod.membership.role, node, state: 'elastic', pod: pod.name });
  }
  return places;
}

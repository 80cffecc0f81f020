import type { ClusterView } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { Need, Room } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';

/** How many places one domain has for one role. */
export interface Places {
  readonly domain: string;
  readonly need: Need;
  readonly places: number;
}

/** The share of the role's members that the domain has places for, 0..1. */
export const share = ({ places, need: { count } }: Places): number => Math.min(1, places / count);

/** For each domain of the key that has a node: its places for each need. */
export function placesByDomain(cluster: ClusterView, room: Room, needs: readonly Need[], key: string): Places[][] {
  const { of, names } = cluster.domains.indexFor(key);
  const out = new Map<number, Float64Array>();
  for (let row = 0; row < cluster.table.rows; row++) {
    const domain = of[row]!;
    if (domain < 0) continue;
    const places = out.get(domain) ?? new Float64Array(needs.length);
    out.set(domain, places);
    needs.forEach(({ eligible, vector, count }, i) => {
      if (hasBit(eligible, row)) places[i]! += capacityAt(room, row, vector, count);
    });
  }
  return [...out].map(([domain, places]) =>
    needs.map((need, i) => ({ domain: names[domain]!, need, places: places[i]! })),
  );
}

import type { ClusterView } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import { emptyRoom, missingResource, type Obstacle } from '../gang/feasibility.ts';
import type { Gang } from '../gang/gang.ts';
import type { Need, Room } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';
import { counted } from '../wording.ts';
import { amountOf } from './amounts.ts';
import type { RoleExplanation } from './explanation.ts';
import { nobodyEligible, placesIn } from './shortage.ts';

interface Case {
  readonly cluster: ClusterView;
  readonly gang: Gang;
  readonly needs: readonly Need[];
  readonly roles: readonly RoleExplanation[];
}

/** The gang that the empty cluster could not hold, and why, in figures. */
export function cannotStart(of: Case, obstacle: Obstacle): string {
  return `Cannot start on this cluster: ${because(of, obstacle)}.`;
}

function because({ cluster, gang, needs, roles }: Case, obstacle: Obstacle): string {
  const room = emptyRoom(cluster, gang);
  switch (obstacle.kind) {
    case 'no node':
    case 'role': {
      const need = needs[obstacle.need]!;
      const role = roles.find((one) => one.role === need.role)!;
      if (obstacle.kind === 'no node') return nobodyEligible(role);
      const missing = missingResource(cluster, gang, need);
      if (missing !== undefined) {
        const nodes = counted(role.nodes.eligible, 'node');
        return `role ${need.role} requests ${missing}, and none of its ${nodes} has any. If kube-scheduler is told to ignore it, name it in ignoredResources (docs/config.md)`;
      }
      const places = `role ${need.role} needs ${counted(need.count, 'place')}`;
      const nodes = `its ${counted(role.nodes.eligible, 'node')} would have ${placesIn(cluster, room, need)}`;
      return `${places}, and with no pod there but those of DaemonSets ${nodes}: add nodes, or request less`;
    }
    case 'topology':
      return byDomain({ cluster, gang, needs }, room);
    case 'together':
      return `${together(cluster, needs, room)}: add nodes, or request less`;
  }
}

/** The first resource of which there is too little in total; if there is none, the room is in the wrong pieces. */
function together({ table, columns }: ClusterView, needs: readonly Need[], room: Room): string {
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  const usable = rows.filter((row) => needs.some(({ eligible }) => hasBit(eligible, row)));
  for (const [c, name] of columns.names.entries()) {
    const needed = needs.reduce((sum, { vector, count }) => sum + (vector[c] ?? 0) * count, 0);
    const there = usable.reduce((sum, row) => sum + Math.max(0, room[c]![row]!), 0);
    if (needed > there)
      return `all its members together need ${amountOf(name, needed)}, and the nodes for them have ${amountOf(name, there)} with no pod there but those of DaemonSets`;
  }
  return 'its roles fit one by one, but muster finds no place for all of them together, even with no pod there but those of DaemonSets';
}

/** How many places one domain has for one role. */
interface Places {
  readonly domain: string;
  readonly need: Need;
  readonly places: number;
}

/** Names the domain that comes nearest: the one with the greatest share of places for the role that it holds worst. */
function byDomain({ cluster, gang, needs }: Omit<Case, 'roles'>, room: Room): string {
  const { keys, leader } = gang.policy.topology;
  const bound = needs.filter(({ isLeader }) => leader || !isLeader);
  const domains = keys.flatMap((key) => placesByDomain(cluster, room, bound, key));
  const nearest = domains.map((places) => places.reduce(lesser)).reduce(greater, undefined);
  const rule = `policy ${gang.policy.name} requires one ${keys.join(' or ')} for the whole gang`;
  if (!nearest) return `${rule}, and no node has that label`;
  const { domain, need, places } = nearest;
  const most =
    places < need.count
      ? `has ${counted(places, 'place')} for role ${need.role}, which needs ${need.count}`
      : 'holds each role alone, but not all of them';
  return `${rule}, and none of ${domains.length} has room for it: ${domain}, the roomiest, ${most}`;
}

const share = ({ places, need: { count } }: Places): number => Math.min(1, places / count);
const lesser = (a: Places, b: Places): Places => (share(b) < share(a) ? b : a);
const greater = (a: Places | undefined, b: Places): Places => (!a || share(b) > share(a) ? b : a);

/** For each domain of the key that has a node: its places for each need. */
function placesByDomain(cluster: ClusterView, room: Room, needs: readonly Need[], key: string): Places[][] {
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

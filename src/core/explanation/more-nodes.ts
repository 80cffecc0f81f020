import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import { hasBit } from '../cluster/eligibility.ts';
import { emptyRoom } from '../gang/feasibility.ts';
import { isAdmitted, type Gang } from '../gang/gang.ts';
import { leaderNeeds, siblingRows } from '../gang/needs.ts';
import type { NodeInfo } from '../model.ts';
import type { Need, Room } from '../placement/need.ts';
import { capacityAt } from '../placement/room.ts';
import type { Vector } from '../resources.ts';
import type { Slices } from '../work.ts';
import { counted } from '../wording.ts';
import { placesByDomain, share } from './by-domain.ts';
import { amountsAt, ClusterCopy } from './cluster-copy.ts';

/** So many new nodes that have only the pods that stay with every node would do; the planner has placed the gang. */
export interface MoreNodes {
  readonly count: number;
  /** A node of the cluster: the new ones have its labels, its taints and its allocatable. */
  readonly like: NodeInfo;
  /** The gang could then start on the empty cluster; otherwise it would start now. */
  readonly isForEmpty: boolean;
}

/** More nodes than this are no advice. */
const MOST_NODES = 1000;
/** How many kinds of nodes are tried. Each takes at most 11 plans. */
const MOST_KINDS = 3;

/** Nodes that have room for the same numbers of members. */
interface Kind {
  /** Its first node, and what is free on a new one. */
  readonly like: NodeInfo;
  readonly free: Vector;
  nodes: number;
  /** For each need, how many of its pods fit on an empty one. */
  readonly places: readonly number[];
  /** Where one domain is required: the share of the gang that its domain has room for now. */
  readonly share: number;
}

/**
 * The fewest nodes like one of the cluster with which a waiting gang would start, found by bisection: the planner
 * places the gang with so many of them, and not with one less. Counts on a copy of the cluster.
 * @returns undefined if the gang does not lack room, or if up to MOST_NODES of the commonest kinds do not help
 */
export function* moreNodes(ctx: PreemptionContextView, gang: Gang): Slices<MoreNodes | undefined> {
  if (isAdmitted(gang)) return undefined;
  const { cluster, inFlight } = ctx;
  const current = leaderNeeds(cluster, gang);
  const siblings = siblingRows(cluster, gang);
  if (ctx.planner.plan({ needs: current, policy: gang.policy, siblings }).kind === 'placed') return undefined;
  const isForEmpty = ctx.feasibility.obstacle(gang, current) !== undefined;
  // Pods in flight may be on any node, new ones included.
  const leave = isForEmpty ? undefined : inFlight.total;
  const room = without(isForEmpty ? emptyRoom(cluster, gang) : cluster.table.free, leave);
  const fresh = without(cluster.table.empty, leave);
  // Room, masks and rows change with the next event, which may come during a pause: all is copied before.
  const needs = current.map((need) => ({ ...need, eligible: need.eligible.slice() }));
  const kinds = commonest(ctx, gang, needs, { room, fresh });
  const copy = yield* ClusterCopy.of(cluster, room);
  let best: MoreNodes | undefined;
  for (const { like, free, places } of kinds) {
    // With a node for every member that fits on one, more of them change nothing.
    const all = needs.reduce((sum, { count }, i) => sum + (places[i] ? Math.ceil(count / places[i]) : 0), 0);
    let [low, high] = [0, Math.min(all, MOST_NODES, best ? best.count - 1 : Infinity)];
    const rows = yield* copy.add(like, free, high);
    const fits = (count: number) => copy.fits(gang, { needs, siblings, added: rows.slice(0, count) });
    if (high === 0 || !fits(high)) continue;
    yield;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (fits(middle)) high = middle;
      else low = middle;
      yield;
    }
    best = { count: high, like, isForEmpty };
  }
  return best;
}

/** The same in a sentence. */
export function moreNodesAdvice({ count, like, isForEmpty }: MoreNodes, { policy }: Gang): string {
  const { mode, keys } = policy.topology;
  const labels = mode === 'require' ? keys.map((key) => `${key}=${like.labels.get(key) ?? ''}`).join(', ') : '';
  const name = labels === '' ? like.name : `${like.name} (${labels})`;
  return `With ${counted(count, 'more node')} like ${name} it ${isForEmpty ? 'could start' : 'would start now'}.`;
}

const without = (room: Room, vector: Vector | undefined): Room =>
  vector ? room.map((column, c) => column.map((amount) => amount - (vector[c] ?? 0))) : room;

/** The kinds of nodes that could hold a member, those of the roomiest domains first, then the commonest. */
function commonest(
  { cluster }: PreemptionContextView,
  { policy }: Gang,
  needs: readonly Need[],
  { room, fresh }: { readonly room: Room; readonly fresh: Room },
): Kind[] {
  const { mode, keys, leader } = policy.topology;
  const bound = needs.filter(({ isLeader }) => leader || !isLeader);
  const shares = new Map<string, number>();
  if (mode === 'require' && bound.length > 0)
    for (const key of keys)
      for (const places of placesByDomain(cluster, room, bound, key))
        shares.set(`${key}=${places[0]!.domain}`, Math.min(...places.map(share)));
  const kinds = new Map<string, Kind>();
  for (let row = 0; row < cluster.table.rows; row++) {
    const node = cluster.table.nodeAt(row);
    const places = needs.map(({ eligible, vector, count }) =>
      node && hasBit(eligible, row) ? capacityAt(fresh, row, vector, count) : 0,
    );
    if (!node || places.every((one) => one === 0)) continue;
    const domains = shares.size === 0 ? [] : keys.map((key) => `${key}=${node.labels.get(key) ?? ''}`);
    const key = `${places.join(' ')} ${domains.join(' ')}`;
    const known = kinds.get(key);
    if (known) {
      known.nodes++;
      continue;
    }
    const free = amountsAt(fresh, row);
    const held = Math.max(0, ...domains.map((one) => shares.get(one) ?? 0));
    kinds.set(key, { like: node, free, nodes: 1, places, share: held });
  }
  return [...kinds.values()].sort((a, b) => b.share - a.share || b.nodes - a.nodes).slice(0, MOST_KINDS);
}

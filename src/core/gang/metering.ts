import { priceOf, weightOf } from '../account/prices.ts';
import type { BoundPod } from '../cluster/cluster.ts';
import type { NodeInfo } from '../model.ts';
import { sameAmounts } from '../resources.ts';
import type { GangContext } from './context.ts';
import type { Gang } from './gang.ts';
import { isBelowMinimum } from './needs.ts';

type Metered = Pick<GangContext, 'cluster' | 'meter' | 'usage' | 'ledger' | 'tree'>;

/** Brings a node into the cluster, or a new version of it, and tells the meter if its room or its price is another. @returns its row */
export function changeNode(ctx: Metered, node: NodeInfo): number {
  const { cluster } = ctx;
  if (isAsBefore(ctx, node)) return cluster.putNode(node);
  meterAll(ctx, node.name, -1);
  const row = cluster.putNode(node);
  meterNode(ctx, node, row);
  meterAll(ctx, node.name, 1);
  return row;
}

/** Takes a node out of the cluster. What is in use there is not metered any more. */
export function dropNode(ctx: Metered, name: string): void {
  meterAll(ctx, name, -1);
  ctx.meter.removeNode(name);
  ctx.cluster.removeNode(name);
}

/** There are new rules: prices count from now on, and queues that are gone and empty need no row. */
export function reprice(ctx: Metered): void {
  const { table } = ctx.cluster;
  for (let row = 0; row < table.rows; row++) {
    const node = table.nodeAt(row);
    if (!node || isAsBefore(ctx, node)) continue;
    meterAll(ctx, node.name, -1);
    meterNode(ctx, node, row);
    meterAll(ctx, node.name, 1);
  }
  ctx.meter.fold((path) => ctx.tree.find(path) !== undefined);
}

/** Whether the gang, which has begun, is whole again. */
export function noteWhole({ cluster, meter }: Pick<GangContext, 'cluster' | 'meter'>, gang: Gang): void {
  if (meter.stateOf(gang.key) !== 'working' && !isBelowMinimum(cluster, gang)) meter.toState(gang.key, 'working');
}

/** A member that the gang needs has ended, and no other took its place. A gang that is broken already stays broken for the first reason. */
export function noteBroken(ctx: GangContext, gang: Gang, { pod, row, isLeaving }: BoundPod): void {
  const { meter, evictions, cluster } = ctx;
  if (meter.stateOf(gang.key) !== 'working') return;
  const beneficiary = evictions.beneficiary.get(pod.uid);
  if (row < 0) meter.toState(gang.key, 'broken-node');
  else if (beneficiary) meter.toState(gang.key, 'broken-eviction', beneficiary.queue.path);
  else if (isLeaving) meter.toState(gang.key, 'broken-eviction');
  else {
    const isDrained = pod.deleting && cluster.table.nodeAt(row)?.unschedulable === true;
    meter.toState(gang.key, isDrained ? 'broken-node' : 'broken-self');
  }
}

/** Tells the meter what queues keep idle, as of the last refresh of their shares. */
export function noteWithheld({ tree, shares, meter }: Pick<GangContext, 'tree' | 'shares' | 'meter'>): void {
  for (const node of tree.nodes()) if (node.spec.lend) meter.withhold(node.path, shares.of(node).withheld);
}

function isAsBefore({ cluster, meter, tree }: Metered, node: NodeInfo): boolean {
  const { table } = cluster;
  const row = table.rowOf(node.name);
  const metered = meter.nodes.get(node.name);
  const known = row === undefined ? undefined : table.nodeAt(row);
  if (!known || !metered || !sameAmounts(known.allocatable, node.allocatable)) return false;
  return priceOf(tree.tenancy.prices, node, weighted(node)).perHour === metered.price.perHour;
}

/** What the node has, in cores. */
function weighted({ allocatable }: NodeInfo): number {
  let sum = 0;
  for (const [name, amount] of allocatable) sum += weightOf(name) * amount;
  return sum;
}

function meterNode({ cluster, meter, tree }: Metered, node: NodeInfo, row: number): void {
  const { columns, table } = cluster;
  const allocatable = Float64Array.from(columns.names, (_, c) => table.allocatable[c]![row]!);
  const weights = columns.names.map(weightOf);
  meter.putNode(node.name, { allocatable, weights, price: priceOf(tree.tenancy.prices, node, weighted(node)) });
}

/** All that is in use at the node: bound pods that do not leave, slots without a bound pod, and pod holds. */
function meterAll({ cluster, meter, usage, ledger }: Metered, name: string, sign: 1 | -1): void {
  for (const bound of cluster.podsAt(name)) if (!bound.isLeaving) usage.meterPod(bound, sign);
  for (const { gang, state, vector } of ledger.slotsAt(name))
    if (state === 'reserved' || state === 'assumed') meter.ofGang(gang, name, { vector, what: 'held', sign });
  for (const { gang, node, vector } of ledger.podHolds.values())
    if (node === name) meter.ofGang(gang, name, { vector, what: 'held', sign });
}

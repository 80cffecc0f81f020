import type { ClusterView } from '../cluster/cluster.ts';
import { planOf } from '../gang/gang.ts';
import type { Vector } from '../resources.ts';
import { Work, type Slices } from '../work.ts';
import type { BoardContext } from './context.ts';
import { groupsOf, type NodeGroup } from './node-groups.ts';

/** All nodes by columns: one entry a node, in the order of `names`. */
export interface NodeMap {
  readonly names: readonly string[];
  readonly groups: readonly NodeGroup[];
  /** The indexes of cordoned nodes. */
  readonly unschedulable: readonly number[];
  /** Those that most nodes have first, at most MOST_RESOURCES. */
  readonly resources: readonly ResourceMap[];
}

/** A resource of all nodes, in half per cent of what the node has, 0 to 200; 0 where it has none of it. */
interface ResourceMap {
  readonly name: string;
  /** What bound pods take, without those that are being evicted for somebody. */
  readonly used: Uint8Array;
  /** What is held: for members that are not bound, for victims' successors, for pods whose binding is under way. */
  readonly reserved: Uint8Array;
  /**
   * What is free, but of no use as pods ask for cpu and memory as the node has them: the free share of the resource less
   * the smaller of the free shares of cpu and memory. Where no more pod may come, all that is free.
   */
  readonly stranded: Uint8Array;
}

const MOST_RESOURCES = 8;
/** Half per cent. */
const WHOLE = 200;

/**
 * The map, in slices. Nodes that come or go meanwhile are shown as they were, or as empty.
 * @param known the groups, if no node and no policy has changed since they were found
 */
export function* nodeMap(ctx: BoardContext, known?: readonly NodeGroup[]): Slices<NodeMap> {
  const work = new Work();
  const { cluster } = ctx;
  const { rows, names, unschedulable } = nodesOf(cluster);
  yield undefined;
  const groups = known ?? (yield* groupsOf(ctx, rows, work));
  const held = yield* heldByRow(ctx, work);
  const resources: ResourceMap[] = [];
  const columns = commonColumns(cluster, rows);
  yield undefined;
  const least = leastFree(cluster, rows);
  for (const column of columns) {
    yield undefined;
    resources.push(mapOf(cluster, rows, { column, held: held[column], least }));
  }
  return { names, groups, unschedulable, resources };
}

function nodesOf({ table }: ClusterView) {
  const rows: number[] = [];
  const names: string[] = [];
  const unschedulable: number[] = [];
  for (let row = 0; row < table.rows; row++) {
    const node = table.nodeAt(row);
    if (!node) continue;
    if (node.unschedulable) unschedulable.push(rows.length);
    rows.push(row);
    names.push(node.name);
  }
  return { rows, names, unschedulable };
}

/** By column, one amount a row: what is held there for anybody who is not bound. */
function* heldByRow(ctx: BoardContext, work: Work): Slices<readonly Float64Array[]> {
  const { cluster, ledger, inFlight, nominated, evictions } = ctx;
  const { table, columns } = cluster;
  const held = Array.from({ length: columns.size }, () => new Float64Array(table.rows));
  const add = (row: number | undefined, vector: Vector) => {
    if (row === undefined || row < 0 || row >= held[0]!.length) return;
    for (let c = 0; c < Math.min(vector.length, held.length); c++) held[c]![row]! += vector[c]!;
    work.charge(1);
  };
  for (const row of cluster.heldRows) {
    for (const { state, vector } of ledger.slotsAt(table.nameAt(row))) if (state !== 'bound') add(row, vector);
    if (work.isPauseDue()) yield undefined;
  }
  for (const { node, vector } of ledger.podHolds.values()) {
    add(table.rowOf(node), vector);
    if (work.isPauseDue()) yield undefined;
  }
  for (const { node, vector } of [...inFlight.holds, ...nominated.holds]) add(table.rowOf(node), vector);
  for (const gang of new Set(evictions.beneficiary.values()))
    for (const { node, vector } of planOf(gang)?.withheld ?? []) add(table.rowOf(node), vector);
  return held;
}

/** The columns that most nodes have, cpu and memory first among equals. */
function commonColumns({ table, columns }: ClusterView, rows: readonly number[]): readonly number[] {
  const counts = columns.names.map((_, column) => {
    const amounts = table.allocatable[column]!;
    let nodes = 0;
    for (const row of rows) if (amounts[row]! > 0) nodes++;
    return { column, nodes };
  });
  const there = counts.filter(({ nodes }) => nodes > 0);
  there.sort((a, b) => b.nodes - a.nodes || a.column - b.column);
  return there.slice(0, MOST_RESOURCES).map(({ column }) => column);
}

/** The smaller of the free shares of cpu and memory of each node; 0 where no more pod may come. */
function leastFree({ table, columns }: ClusterView, rows: readonly number[]): Float64Array {
  const shareOf = (column: number, row: number) =>
    freeShare(table.free[column]![row]!, table.allocatable[column]![row]!);
  const least = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const isFull = table.allocatable[columns.pods]![row]! > 0 && table.free[columns.pods]![row]! < 1;
    least[i] = isFull ? 0 : Math.min(shareOf(columns.cpu, row), shareOf(columns.memory, row));
  }
  return least;
}

const freeShare = (free: number, all: number): number => (all > 0 ? Math.max(0, free) / all : 1);

interface OfResource {
  readonly column: number;
  readonly held: Float64Array | undefined;
  readonly least: Float64Array;
}

function mapOf({ table, columns }: ClusterView, rows: readonly number[], { column, held, least }: OfResource) {
  const [free, all] = [table.free[column]!, table.allocatable[column]!];
  const used = new Uint8Array(rows.length);
  const reserved = new Uint8Array(rows.length);
  const stranded = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const whole = all[row]!;
    if (whole <= 0) continue;
    const kept = held?.[row] ?? 0;
    used[i] = halfPercents((whole - free[row]! - kept) / whole);
    reserved[i] = halfPercents(kept / whole);
    stranded[i] = halfPercents(freeShare(free[row]!, whole) - least[i]!);
  }
  return { name: columns.names[column]!, used, reserved, stranded };
}

const halfPercents = (share: number): number => Math.round(WHOLE * Math.max(0, Math.min(1, share)));

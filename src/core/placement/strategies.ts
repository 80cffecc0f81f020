import type { Cluster } from '../cluster/cluster.ts';
import type { Policy, StrategyName } from '../policy/policy.ts';
import type { ScoreInput } from '../policy/scorer.ts';
import { weightedScores } from '../policy/score.ts';
import type { Need } from './need.ts';
import { capacityAt, fillAt } from './room.ts';
import { RowHeap } from './row-heap.ts';

/** Where one need may go: rows with room, how many fit at each (at most `need.count`), and the scratch room. */
export interface Space {
  readonly cluster: Cluster;
  readonly policy: Policy;
  readonly need: Need;
  readonly free: Float64Array[];
  readonly rows: Int32Array;
  readonly capacity: Int32Array;
  /** Rows of members of the same gang placed so far, in this plan or before. */
  readonly placed: readonly number[];
}

/** Chooses `need.count` rows (with repetition); undefined where they do not fit. Leaves `free` alone. */
type Strategy = (space: Space) => Int32Array | undefined;

const heap = new RowHeap();

/** Fills the fullest node, then the next. */
const pack: Strategy = (space) => {
  const { need, free, cluster } = space;
  return fillInOrder(space, (row) => fillAt(cluster.table, free, row, need.vector));
};

/** One to each node in turn, the emptiest first. */
const spread: Strategy = ({ need, free, rows, capacity, cluster, placed }) => {
  heap.clear();
  const left = new Map<number, number>();
  const kin = new Map<number, number>();
  for (const row of placed) kin.set(row, (kin.get(row) ?? 0) + 1);
  const key = (row: number) => -(kin.get(row) ?? 0) - Math.min(1, fillAt(cluster.table, free, row, need.vector)) / 2;
  for (let i = 0; i < rows.length; i++) {
    heap.append(rows[i]!, key(rows[i]!));
    left.set(rows[i]!, capacity[i]!);
  }
  heap.heapify();
  const out = new Int32Array(need.count);
  for (let n = 0; n < need.count; n++) {
    if (heap.size === 0) return undefined;
    const row = heap.topRow;
    out[n] = row;
    const room = left.get(row)! - 1;
    if (room === 0) heap.pop();
    else {
      left.set(row, room);
      heap.rekeyTop(heap.topKey - 1);
    }
  }
  return out;
};

/** Fewest nodes: the smallest node that takes all that is left, else the largest; equal sizes: the fuller. */
const leastFragmentation: Strategy = ({ need, free, rows, capacity, cluster }) => {
  const bySize = new Map<number, number[]>();
  for (let i = 0; i < rows.length; i++) {
    const size = capacity[i]!;
    const same = bySize.get(size);
    if (same) same.push(rows[i]!);
    else bySize.set(size, [rows[i]!]);
  }
  const sizes = [...bySize.keys()].sort((a, b) => a - b);
  const fill = (row: number) => fillAt(cluster.table, free, row, need.vector);
  for (const size of sizes) if (bySize.get(size)!.length > 1) bySize.set(size, fullestLast(bySize.get(size)!, fill));
  const out = new Int32Array(need.count);
  for (let n = 0; n < need.count;) {
    if (sizes.length === 0) return undefined;
    const at = Math.max(0, Math.min(sizes.length - 1, lowerBound(sizes, need.count - n)));
    const same = bySize.get(sizes[at]!)!;
    const take = Math.min(sizes[at]!, need.count - n);
    out.fill(same.pop()!, n, n + take);
    n += take;
    if (same.length === 0) sizes.splice(at, 1);
  }
  return out;
};

function fullestLast(rows: readonly number[], fill: (row: number) => number): number[] {
  const keyed = rows.map((row) => ({ row, key: fill(row) }));
  return keyed.sort((a, b) => a.key - b.key || b.row - a.row).map(({ row }) => row);
}

/** Index of the first size >= wanted, or sizes.length. */
function lowerBound(sizes: readonly number[], wanted: number): number {
  const at = sizes.findIndex((size) => size >= wanted);
  return at < 0 ? sizes.length : at;
}

/**
 * The best weighted score after every placement. A placement changes the score of its own row alone, so a heap does;
 * but not with scorer topology, where it changes those of its whole domain.
 */
const weighted: Strategy = (space) => {
  const { need, free, rows, capacity, policy } = space;
  const usesTopology = (need.preference.weights.get('topology') ?? 0) > 0 && policy.topology.keys.length > 0;
  if (usesTopology && need.count > 1) return weightedByRescan(space);
  const input = scoreInput(space, space.placed);
  const scores = new Float64Array(rows.length);
  weightedScores(input, rows, scores);
  heap.clear();
  const left = new Map<number, number>();
  for (let i = 0; i < rows.length; i++) {
    heap.append(rows[i]!, scores[i]!);
    left.set(rows[i]!, capacity[i]!);
  }
  heap.heapify();
  const out = new Int32Array(need.count);
  const one = new Int32Array(1);
  const score = new Float64Array(1);
  for (let n = 0; n < need.count; n++) {
    if (heap.size === 0) return undefined;
    const row = heap.topRow;
    out[n] = row;
    takeRoom(free, row, need, -1);
    const room = left.get(row)! - 1;
    left.set(row, room);
    one[0] = row;
    if (room === 0) heap.pop();
    else {
      weightedScores(input, one, score);
      heap.rekeyTop(score[0]!);
    }
  }
  for (const row of out) takeRoom(free, row, need, 1);
  return out;
};

/** As weighted, but every row is scored again after each placement, because kin moves the topology scores. */
function weightedByRescan(space: Space): Int32Array | undefined {
  const { need, free, rows } = space;
  const out = new Int32Array(need.count);
  const scores = new Float64Array(rows.length);
  const placed = [...space.placed];
  let n = 0;
  for (; n < need.count; n++) {
    weightedScores(scoreInput(space, placed), rows, scores);
    let best = -1;
    for (let i = 0; i < rows.length; i++) {
      if (capacityAt(free, rows[i]!, need.vector, 1) === 0) continue;
      if (best < 0 || scores[i]! > scores[best]!) best = i;
    }
    if (best < 0) break;
    out[n] = rows[best]!;
    placed.push(rows[best]!);
    takeRoom(free, rows[best]!, need, -1);
  }
  for (let i = 0; i < n; i++) takeRoom(free, out[i]!, need, 1);
  return n === need.count ? out : undefined;
}

function takeRoom(free: Float64Array[], row: number, need: Need, sign: 1 | -1): void {
  for (let c = 0; c < need.vector.length; c++) if (need.vector[c] !== 0) free[c]![row]! += sign * need.vector[c]!;
}

function scoreInput({ cluster, policy, need, free }: Space, placed: readonly number[]): ScoreInput {
  const { table, domains, leadersAt } = cluster;
  const { vector, images, preference } = need;
  const kin = { perKey: kinPerKey(domains, policy.topology.keys, placed), placed: placed.length };
  return { table, free, request: vector, images, preference, policy, leaders: leadersAt, kin };
}

/** For each topology key, how many of the placed rows share a row's domain. */
export function kinPerKey(
  domains: Cluster['domains'],
  keys: readonly string[],
  placed: readonly number[],
): ((row: number) => number)[] {
  return keys.map((key) => {
    const { of, names } = domains.indexFor(key);
    const counts = new Int32Array(names.length);
    for (const row of placed) if (of[row]! >= 0) counts[of[row]!]!++;
    return (row) => (of[row]! >= 0 ? counts[of[row]!]! : 0);
  });
}

/** The row that a heap would give first. */
function firstInOrder(rows: Int32Array, keyOf: (row: number) => number): Int32Array | undefined {
  let best = -1;
  let bestKey = -Infinity;
  for (const row of rows) {
    const key = keyOf(row);
    if (best < 0 || key > bestKey) [best, bestKey] = [row, key];
  }
  return best < 0 ? undefined : Int32Array.of(best);
}

/** Scratch of fillInOrder: how many fit at the row. Only rows that it has just written are read. */
let roomAt = new Int32Array(64);

function fillInOrder({ need, rows, capacity }: Space, keyOf: (row: number) => number): Int32Array | undefined {
  if (need.count === 1) return firstInOrder(rows, keyOf);
  heap.clear();
  if (rows.length > 0 && roomAt.length <= rows.at(-1)!) roomAt = new Int32Array(rows.at(-1)! * 2 + 1);
  for (let i = 0; i < rows.length; i++) {
    heap.append(rows[i]!, keyOf(rows[i]!));
    roomAt[rows[i]!] = capacity[i]!;
  }
  heap.heapify();
  const out = new Int32Array(need.count);
  for (let n = 0; n < need.count;) {
    if (heap.size === 0) return undefined;
    const row = heap.pop();
    const take = Math.min(roomAt[row]!, need.count - n);
    out.fill(row, n, n + take);
    n += take;
  }
  return out;
}

export const strategies = {
  pack,
  spread,
  'least-fragmentation': leastFragmentation,
  weighted,
} as const satisfies Record<StrategyName, Strategy>;

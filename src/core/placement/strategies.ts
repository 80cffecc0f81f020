import type { ClusterView } from '../cluster/cluster.ts';
import type { Policy, StrategyName } from '../policy/policy.ts';
import type { ScoreInput } from '../policy/scorer.ts';
import { dependsOnPlaced } from '../policy/score.ts';
import type { Need } from './need.ts';
import { capacityAt, fills } from './room.ts';
import { RowHeap } from './row-heap.ts';
import type { Scratch } from './scratch.ts';

/** The rows with room for one need, how many of its pods fit at each (at most `need.count`), and the scratch room. */
export interface Space {
  readonly cluster: ClusterView;
  readonly policy: Policy;
  readonly need: Need;
  readonly free: Float64Array[];
  /** Ascending. */
  readonly rows: Int32Array;
  /** A strategy may change it. */
  readonly capacity: Int32Array;
  /** Rows of siblings, placed in this plan or before. */
  readonly placed: readonly number[];
  readonly scratch: Scratch;
  readonly scatters: boolean;
}

/** Chooses `need.count` rows (with repetition); undefined if they do not fit. Leaves `free` as it was. */
type Strategy = (space: Space) => Int32Array | undefined;

/** A key per row for the first pod; the greatest is best. The buffer is reused: valid until the next call. */
type Liking = (space: Space) => Float64Array;

const byFill: Liking = (space) => {
  const { cluster, free, rows, need } = space;
  const out = space.scratch.keys(rows.length);
  fills(cluster.table, free, { rows, vector: need.vector }, out);
  if (space.scatters) {
    const scatter = space.scratch.scatter(cluster.table.rows);
    for (let i = 0; i < rows.length; i++) out[i]! += scatter[rows[i]!]!;
  }
  return out;
};

const byEmptiness: Liking = (space) => {
  const { rows, placed } = space;
  const siblings = new Map<number, number>();
  for (const row of placed) siblings.set(row, (siblings.get(row) ?? 0) + 1);
  const out = byFill(space);
  for (let i = 0; i < rows.length; i++) out[i] = -(siblings.get(rows[i]!) ?? 0) - Math.min(1, out[i]!) / 2;
  return out;
};

const byScore: Liking = (space) => {
  const out = space.scratch.keys(space.rows.length);
  space.scratch.weights.score(scoreInput(space, space.placed), space.rows, out);
  return out;
};

const likings = {
  pack: byFill,
  spread: byEmptiness,
  'least-fragmentation': byFill,
  weighted: byScore,
} as const satisfies Record<StrategyName, Liking>;

/** Whether the need's strategy prefers, for one pod, the row that the pod fills most. */
export const likesFullest = ({ preference }: Need): boolean => likings[preference.strategy] === byFill;

/** How much the need's strategy likes each row for one pod. Valid until the next call. */
export const likingOf = (space: Space): Float64Array => likings[space.need.preference.strategy](space);

/** The row that the need's strategy prefers for one pod. */
export function bestRow(space: Space): number | undefined {
  const keys = likingOf(space);
  let best = 0;
  for (let i = 1; i < space.rows.length; i++) if (keys[i]! > keys[best]!) best = i;
  return space.rows[best];
}

/** The rows in the order of bestRow. */
export function rowsInOrder(space: Space): RowHeap {
  const out = new RowHeap();
  const keys = likingOf(space);
  for (let i = 0; i < space.rows.length; i++) out.append(space.rows[i]!, keys[i]!);
  out.heapify();
  return out;
}

/** The rows that the need's strategy chooses for all its pods. */
export function chooseRows(space: Space): Int32Array | undefined {
  const { need } = space;
  if (need.count > 1) return strategies[need.preference.strategy](space);
  const row = bestRow(space);
  return row === undefined ? undefined : Int32Array.of(row);
}

function heapOf({ rows, scratch: { heap } }: Space, keys: Float64Array): RowHeap {
  heap.clear();
  for (let i = 0; i < rows.length; i++) heap.append(i, keys[i]!);
  heap.heapify();
  return heap;
}

/**
 * Fills the fullest node, then the next. The heap keeps only the rows that are needed, with the emptiest on top, so
 * that most rows are compared with that one alone.
 */
const pack: Strategy = (space) => {
  const {
    need,
    rows,
    capacity,
    scratch: { heap },
  } = space;
  const fill = byFill(space);
  let held = 0;
  heap.clear();
  for (let i = 0; i < rows.length; i++) {
    if (held >= need.count && fill[i]! <= -heap.topKey) continue;
    heap.push(-i, -fill[i]!);
    held += capacity[i]!;
    while (held - capacity[-heap.topRow]! >= need.count) held -= capacity[-heap.pop()]!;
  }
  if (held < need.count) return undefined;
  const out = new Int32Array(need.count);
  while (held > 0) {
    const i = -heap.pop();
    out.fill(rows[i]!, held - capacity[i]!, held);
    held -= capacity[i]!;
  }
  return out;
};

/** One to each node in turn, the emptiest first. */
const spread: Strategy = (space) => {
  const { need, rows, capacity } = space;
  const heap = heapOf(space, byEmptiness(space));
  const out = new Int32Array(need.count);
  for (let n = 0; n < need.count; n++) {
    if (heap.size === 0) return undefined;
    const i = heap.topRow;
    out[n] = rows[i]!;
    if (--capacity[i]! === 0) heap.pop();
    else heap.rekeyTop(heap.topKey - 1);
  }
  return out;
};

/** Fewest nodes: the smallest node that takes all that is left, else the largest; equal sizes: the fuller. */
const leastFragmentation: Strategy = (space) => {
  const { need, rows, capacity } = space;
  const bySize = new Map<number, number[]>();
  for (let i = 0; i < rows.length; i++) {
    const size = capacity[i]!;
    const same = bySize.get(size);
    if (same) same.push(i);
    else bySize.set(size, [i]);
  }
  const groups = [...bySize].sort(([a], [b]) => a - b);
  const fill = byFill(space);
  // Rows of one size are sorted only when that size is needed.
  const sorted = new Set<number>();
  const out = new Int32Array(need.count);
  for (let n = 0; n < need.count;) {
    const left = need.count - n;
    const fitting = groups.findIndex(([size]) => size >= left);
    const at = fitting < 0 ? groups.length - 1 : fitting;
    const group = groups[at];
    if (!group) return undefined;
    const [size, same] = group;
    if (!sorted.has(size)) same.sort((a, b) => fill[a]! - fill[b]! || b - a);
    sorted.add(size);
    const take = Math.min(size, left);
    const i = same.pop();
    if (i === undefined) throw new RangeError(`There is no row left with ${size} places.`);
    out.fill(rows[i]!, n, n + take);
    n += take;
    if (same.length === 0) groups.splice(at, 1);
  }
  return out;
};

/**
 * The best weighted score after every placement. Uses a heap if a placement changes only the score of its own row, and
 * a rescan if a scorer depends on where all members are.
 */
const weighted: Strategy = (space) => {
  const { need, free, rows, capacity, policy, scratch } = space;
  // Scorers see where members are per topology key: without a key there is nothing to see.
  const isByRow = policy.topology.keys.length === 0 || !dependsOnPlaced(need.preference.weights);
  if (!isByRow) return weightedByRescan(space);
  const heap = heapOf(space, byScore(space));
  const input = scoreInput(space, space.placed);
  const out = new Int32Array(need.count);
  const one = new Int32Array(1);
  const score = new Float64Array(1);
  let n = 0;
  for (; n < need.count && heap.size > 0; n++) {
    const i = heap.topRow;
    out[n] = one[0] = rows[i]!;
    takeRoom(free, rows[i]!, need, -1);
    if (--capacity[i]! === 0) heap.pop();
    else {
      scratch.weights.score(input, one, score);
      heap.rekeyTop(score[0]!);
    }
  }
  for (let i = 0; i < n; i++) takeRoom(free, out[i]!, need, 1);
  return n === need.count ? out : undefined;
};

/** As weighted, but scores every row again after each placement, because each sibling changes the topology score. */
function weightedByRescan(space: Space): Int32Array | undefined {
  const { need, free, rows } = space;
  const out = new Int32Array(need.count);
  const scores = new Float64Array(rows.length);
  const placed = [...space.placed];
  let n = 0;
  for (; n < need.count; n++) {
    space.scratch.weights.score(scoreInput(space, placed), rows, scores);
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
  const siblings = { perKey: siblingsPerKey(domains, policy.topology.keys, placed), placed: placed.length };
  return { table, free, request: vector, images, preference, policy, leaders: leadersAt, siblings };
}

/** For each topology key, a function from a row to the number of placed rows in the same domain. */
export function siblingsPerKey(
  domains: ClusterView['domains'],
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

const strategies = {
  pack,
  spread,
  'least-fragmentation': leastFragmentation,
  weighted,
} as const satisfies Record<StrategyName, Strategy>;

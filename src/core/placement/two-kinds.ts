import type { Vector } from '../resources.ts';
import type { Need, RowTest } from './need.ts';
import { capacityAt } from './room.ts';

/** Steps of one search, about a millisecond per 100,000; where it would take more, the planner's greedy answer stands. */
const MOST_WORK = 1_000_000;

/** What a search reads of an attempt. */
interface TwoKinds {
  readonly free: Float64Array[];
  readonly rows: number;
  /** Several pods of one kind, and those of another. */
  readonly needs: readonly [Need, Need];
  /** Whether the need may use the row. */
  readonly isAllowed: (need: Need, row: number) => boolean;
  /** Rows of which one must get a pod of the first kind; absent: no such rule. */
  readonly offered: RowTest | undefined;
}

/** A row that can hold pods of either kind. */
interface Choice {
  readonly row: number;
  readonly isOffered: boolean;
  /** `others[n]`: how many of the second kind fit beside n of the first. */
  readonly others: Int32Array;
}

/**
 * Places two needs of several pods each, if there is any way. Row by row, it keeps for each number of pods of the first
 * kind the most of the second kind that fit beside them; which row gets how many follows from there. Preferences do not
 * count: it is asked where strategies found nothing.
 *
 * @returns rows per need, that of an offered row first; undefined: there is no way, or the search would cost too much
 */
export function placeTwoKinds(asked: TwoKinds): readonly [Int32Array, Int32Array] | undefined {
  const { needs, offered } = asked;
  const [first, second] = needs;
  const choices = choicesOf(asked);
  const width = first.count + 1;
  const steps = choices.reduce((sum, { others }) => sum + others.length, 0);
  if (steps * width * 2 > MOST_WORK) return undefined;
  // Place `met * width + n`: n of the first kind so far, and whether one of them is on an offered row.
  let best = new Int32Array(2 * width).fill(-1);
  best[offered ? 0 : width] = 0;
  const taken = choices.map(() => new Int32Array(2 * width).fill(-1));
  choices.forEach(({ others, isOffered }, i) => {
    const next = new Int32Array(2 * width).fill(-1);
    for (let from = 0; from < best.length; from++) {
      if (best[from]! < 0) continue;
      const [met, placed] = from < width ? [0, from] : [1, from - width];
      for (let n = 0; n < others.length && placed + n <= first.count; n++) {
        const to = (met || (isOffered && n > 0) ? width : 0) + placed + n;
        const sum = Math.min(second.count, best[from]! + others[n]!);
        if (sum <= next[to]!) continue;
        next[to] = sum;
        // What it comes from follows from n and from whether the rule was met before.
        taken[i]![to] = 2 * n + met;
      }
    }
    best = next;
  });
  return best[2 * width - 1] === second.count ? readBack(asked, choices, taken) : undefined;
}

function readBack({ needs }: TwoKinds, choices: readonly Choice[], taken: readonly Int32Array[]) {
  const [first, second] = needs;
  const width = first.count + 1;
  const out = [new Int32Array(first.count), new Int32Array(second.count)] as const;
  let [met, left, others] = [1, first.count, 0];
  let offered: number | undefined;
  for (let i = choices.length - 1; i >= 0; i--) {
    const { row, isOffered, others: beside } = choices[i]!;
    const step = taken[i]![met * width + left]!;
    const n = step >> 1;
    out[0].fill(row, left - n, left);
    if (isOffered && n > 0) offered = left - 1;
    const more = Math.min(second.count - others, beside[n]!);
    out[1].fill(row, others, others + more);
    [met, left, others] = [step & 1, left - n, others + more];
  }
  if (offered !== undefined) [out[0][0], out[0][offered]] = [out[0][offered]!, out[0][0]!];
  return out;
}

function choicesOf({ free, rows, needs, isAllowed, offered }: TwoKinds): Choice[] {
  const [first, second] = needs;
  const out: Choice[] = [];
  for (let row = 0; row < rows; row++) {
    const most = isAllowed(first, row) ? capacityAt(free, row, first.vector, first.count) : 0;
    const isOther = isAllowed(second, row);
    const others = new Int32Array(most + 1);
    for (let n = 0; n <= most; n++) {
      others[n] = isOther ? capacityAt(free, row, second.vector, second.count) : 0;
      add(free, row, first.vector, -1);
    }
    add(free, row, first.vector, most + 1);
    if (most > 0 || others[0]! > 0) out.push({ row, others, isOffered: most > 0 && offered?.(row) === true });
  }
  return out;
}

function add(free: Float64Array[], row: number, vector: Vector, times: number): void {
  for (let c = 0; c < vector.length; c++) if (vector[c] !== 0) free[c]![row]! += times * vector[c]!;
}

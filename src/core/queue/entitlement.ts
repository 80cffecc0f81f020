/** What siblings want of one resource, as parallel arrays of which the entries from `from` to before `to` count. */
export interface Wants {
  readonly from: number;
  readonly to: number;
  /** What each would use, and what it keeps idle of its guarantee. */
  readonly wants: Float64Array;
  readonly guaranteed: Float64Array;
  /** Above 0. */
  readonly weight: Float64Array;
}

/**
 * Divides an amount: first each gets what it wants within its guarantee, then what is left goes to those who want more,
 * by weight. Guarantees that exceed the amount shrink together. Depends on what is wanted and not on who holds what.
 * O(queues x log queues). @param out what each gets @returns whether each gets all that it wants
 */
export function divide(amount: number, all: Wants, out: Float64Array): boolean {
  const { from, to, wants, guaranteed } = all;
  let [promised, wanted] = [0, 0];
  for (let i = from; i < to; i++) {
    out[i] = Math.min(guaranteed[i]!, wants[i]!);
    promised += out[i]!;
    wanted += wants[i]! - out[i]!;
  }
  const rest = amount - promised;
  if (rest < 0) {
    const part = Math.max(0, amount) / promised;
    for (let i = from; i < to; i++) out[i]! *= part;
  } else if (wanted <= rest) {
    for (let i = from; i < to; i++) out[i] = wants[i]!;
    return true;
  } else fill(rest, all, out);
  return false;
}

/** Water-filling above what each has: the same for all per weight, and for none more than it wants, which is too much. */
function fill(rest: number, all: Wants, out: Float64Array): void {
  const { from, to, wants, weight } = all;
  const satisfied = satisfiedLevel(rest, all, out);
  const isSatisfied = (i: number) => (wants[i]! - out[i]!) / weight[i]! <= satisfied;
  let [left, weights] = [rest, 0];
  for (let i = from; i < to; i++) {
    if (isSatisfied(i)) left -= wants[i]! - out[i]!;
    else weights += weight[i]!;
  }
  const level = Math.max(0, left) / weights;
  for (let i = from; i < to; i++)
    out[i] = isSatisfied(i) ? wants[i]! : Math.min(wants[i]!, out[i]! + level * weight[i]!);
}

/** What each lacks, per weight: scratch that is reused. */
let lacking = new Float64Array(64);

/** Who lacks no more than this per weight gets all of it; -1: none does. */
function satisfiedLevel(rest: number, { from, to, wants, weight }: Wants, out: Float64Array): number {
  const count = to - from;
  if (lacking.length < count) lacking = new Float64Array(2 * count);
  const levels = lacking.subarray(0, count);
  for (let i = from; i < to; i++) levels[i - from] = (wants[i]! - out[i]!) / weight[i]!;
  levels.sort();
  const needed = (level: number) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += Math.min(wants[i]! - out[i]!, level * weight[i]!);
    return sum;
  };
  let [below, above] = [-1, count - 1];
  while (above - below > 1) {
    const middle = (below + above) >>> 1;
    if (needed(levels[middle]!) < rest) below = middle;
    else above = middle;
  }
  return below < 0 ? -1 : levels[below]!;
}

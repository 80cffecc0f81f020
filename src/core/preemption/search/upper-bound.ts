import type { FreedRoom } from '../../placement/need.ts';
import type { Vector } from '../../resources.ts';
import type { Slices, Work } from '../../work.ts';
import type { Shortfall } from '../../placement/shortfall.ts';

/** An upper bound of the room that victims could free. */
export interface Most {
  /** The freed room of each row. */
  readonly byRow: ReadonlyMap<number, Vector>;
  /** Per resource, the most that one pod or slot frees. */
  readonly ofOne: Vector;
}

/** So many pieces of freed room are as much work as one candidate. */
const ROOMS_PER_UNIT = 4;

/** The freed room of all candidates. */
export function* mostOf(everything: Iterable<FreedRoom>, columns: number, work: Work): Slices<Most> {
  const byRow = new Map<number, Float64Array>();
  const ofOne = new Float64Array(columns);
  let pieces = 0;
  for (const { row, vector } of everything) {
    if (++pieces % ROOMS_PER_UNIT === 0) work.pass(1);
    if (work.isPauseDue()) yield;
    let sum = byRow.get(row);
    if (!sum) byRow.set(row, (sum = new Float64Array(columns)));
    for (let c = 0; c < vector.length; c++) {
      const amount = vector[c]!;
      sum[c]! += amount;
      if (amount > ofOne[c]!) ofOne[c] = amount;
    }
  }
  return { byRow, ofOne };
}

/** Whether the gang would fit without all candidates, even if the budgets do not allow that. */
export function couldFit(shortfall: Shortfall, { byRow }: Most): boolean {
  for (const [row, vector] of byRow) shortfall.give(row, vector);
  const { missing } = shortfall;
  for (const [row, vector] of byRow) shortfall.take(row, vector);
  return missing === 0;
}

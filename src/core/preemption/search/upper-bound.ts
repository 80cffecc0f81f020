import type { FreedRooms } from '../candidates/candidate-pool.ts';
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

/** The freed room of all candidates. @param columns their number */
export function* mostOf(pool: FreedRooms, isWhole: boolean, columns: number, work: Work): Slices<Most> {
  const sums = new Sums(columns);
  yield* pool.eachFreed((row, vector) => sums.add(row, vector), isWhole, work);
  return sums;
}

class Sums implements Most {
  readonly byRow = new Map<number, Float64Array>();
  readonly ofOne: Float64Array;

  constructor(columns: number) {
    this.ofOne = new Float64Array(columns);
  }

  add(row: number, vector: Vector): void {
    let sum = this.byRow.get(row);
    if (!sum) this.byRow.set(row, (sum = new Float64Array(this.ofOne.length)));
    for (let c = 0; c < vector.length; c++) {
      const amount = vector[c]!;
      sum[c]! += amount;
      if (amount > this.ofOne[c]!) this.ofOne[c] = amount;
    }
  }
}

/** Whether the gang would fit without all candidates, even if the budgets do not allow that. */
export function couldFit(shortfall: Shortfall, { byRow }: Most): boolean {
  const given: (readonly [number, Vector])[] = [];
  // More room never makes the shortfall larger.
  for (const one of byRow) {
    if (shortfall.missing === 0) break;
    shortfall.give(...one);
    given.push(one);
  }
  const couldIt = shortfall.missing === 0;
  for (const one of given) shortfall.take(...one);
  return couldIt;
}

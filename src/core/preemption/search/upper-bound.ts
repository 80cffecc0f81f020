import type { FreedRooms } from '../candidates/candidate-pool.ts';
import type { Vector } from '../../resources.ts';
import type { Slices, Work } from '../../work.ts';
import type { Shortfall } from '../../placement/shortfall.ts';

/** An upper bound of the room that victims could free. */
export interface Most {
  /** The freed room of each row. */
  readonly byRow: Iterable<readonly [number, Vector]>;
  /** Per resource, the most that one pod or slot frees. */
  readonly ofOne: Vector;
}

interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** The freed room of all candidates. */
export function* mostOf(pool: FreedRooms, isWhole: boolean, size: Size, work: Work): Slices<Most> {
  const sums = new Sums(size);
  yield* pool.eachFreed((row, vector) => sums.add(row, vector), isWhole, work);
  return { byRow: sums.byRow(), ofOne: sums.ofOne };
}

/** Sums of vectors by row, those of all rows in one array. */
class Sums {
  readonly #columns: number;
  readonly #sums: Float64Array;
  /** By row, whether something was added. */
  readonly #isGiven: Uint8Array;
  readonly ofOne: Float64Array;

  constructor({ rows, columns }: Size) {
    this.#columns = columns;
    this.#sums = new Float64Array(rows * columns);
    this.#isGiven = new Uint8Array(rows);
    this.ofOne = new Float64Array(columns);
  }

  add(row: number, vector: Vector): void {
    this.#isGiven[row] = 1;
    const [sums, most, from] = [this.#sums, this.ofOne, row * this.#columns];
    const length = Math.min(vector.length, this.#columns);
    for (let c = 0; c < length; c++) {
      const amount = vector[c]!;
      sums[from + c]! += amount;
      if (amount > most[c]!) most[c] = amount;
    }
  }

  *byRow(): Iterable<readonly [number, Vector]> {
    const columns = this.#columns;
    for (let row = 0; row < this.#isGiven.length; row++)
      if (this.#isGiven[row] === 1) yield [row, this.#sums.subarray(row * columns, (row + 1) * columns)];
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

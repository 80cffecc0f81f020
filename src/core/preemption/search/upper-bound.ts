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

/** The freed room of all candidates. @param sums of the search: valid until its next use */
export function* mostOf(pool: FreedRooms, isWhole: boolean, sums: Sums, work: Work): Slices<Most> {
  sums.clear();
  yield* pool.eachFreed((row, vector) => sums.add(row, vector), isWhole, work);
  return sums;
}

/** Sums of vectors by row, those of all rows in one array. A search has one: what it costs to use goes by the rows given. */
export class Sums implements Most {
  readonly #columns: number;
  readonly #sums: Float64Array;
  readonly #isGiven: Uint8Array;
  readonly #given: number[] = [];
  readonly ofOne: Float64Array;

  constructor(rows: number, columns: number) {
    this.#columns = columns;
    this.#sums = new Float64Array(rows * columns);
    this.#isGiven = new Uint8Array(rows);
    this.ofOne = new Float64Array(columns);
  }

  get byRow(): Iterable<readonly [number, Vector]> {
    return this.#given.map((row) => [row, this.#of(row)]);
  }

  clear(): void {
    for (const row of this.#given) {
      this.#of(row).fill(0);
      this.#isGiven[row] = 0;
    }
    this.#given.length = 0;
    this.ofOne.fill(0);
  }

  add(row: number, vector: Vector): void {
    // A row that came during the search has no place here, and is in no domain of the search.
    if (this.#isGiven[row] === 0) {
      this.#isGiven[row] = 1;
      this.#given.push(row);
    }
    const [sums, most, from] = [this.#sums, this.ofOne, row * this.#columns];
    const length = Math.min(vector.length, this.#columns);
    for (let c = 0; c < length; c++) {
      const amount = vector[c]!;
      sums[from + c]! += amount;
      if (amount > most[c]!) most[c] = amount;
    }
  }

  #of(row: number): Float64Array {
    return this.#sums.subarray(row * this.#columns, (row + 1) * this.#columns);
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

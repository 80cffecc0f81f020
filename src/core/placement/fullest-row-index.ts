import { LRUCache } from 'lru-cache';
import { hasBit, type Bits } from '../cluster/eligibility.ts';
import type { TableView } from '../cluster/node-table.ts';
import type { Vector } from '../resources.ts';
import type { Need } from './need.ts';
import { capacityAt, fills, RoomyRows } from './room.ts';

/** Number of pod shapes kept at once; with 15,000 nodes each takes 260 kB. */
const KEPT_SHAPES = 32;
/** With more changes than one in so many rows, starting from scratch is cheaper than catching up. */
const ROWS_PER_CHANGE = 8;
const NO_ROOM = -1;

/**
 * For each recent shape of pod (its request and its eligible rows), the row that the pod fills most: strategies `pack`
 * and `least-fragmentation` place a single pod there. kube-scheduler asks about elastic members one by one, many of the
 * same shape; the index looks only at the rows that changed between two questions.
 */
export class FullestRowIndex {
  readonly #table: TableView;
  readonly #shapes = new LRUCache<string, Tournament>({ max: KEPT_SHAPES });
  readonly #numbers = new WeakMap<Bits, number>();
  readonly #scratch = new TournamentScratch();
  #masks = 0;

  constructor(table: TableView) {
    this.#table = table;
  }

  /** The row that the pod fills most. @returns the lowest of equal rows; undefined if no row has room */
  best({ eligible, vector }: Need): number | undefined {
    const key = `${this.#numberOf(eligible)} ${vector.join()}`;
    let known = this.#shapes.get(key);
    if (!known?.holds(this.#table.rows)) {
      known = new Tournament(this.#table, { eligible, vector }, this.#scratch);
      this.#shapes.set(key, known);
    }
    return known.best();
  }

  #numberOf(mask: Bits): number {
    const number = this.#numbers.get(mask) ?? this.#masks++;
    this.#numbers.set(mask, number);
    return number;
  }
}

/** Buffers shared by the tournaments of one index. */
class TournamentScratch {
  readonly roomy = new RoomyRows();
  readonly row = new Int32Array(1);
  readonly fill = new Float64Array(1);
}

/** A binary tree over the rows: each inner place holds the better of the two below it, the root the best of all. */
class Tournament {
  readonly #table: TableView;
  readonly #eligible: Bits;
  readonly #vector: Vector;
  readonly #scratch: TournamentScratch;
  /** By row. */
  readonly #fills: Float64Array;
  /** Place 1 is the root; those below place n are 2n and 2n + 1; the second half are the rows themselves. */
  readonly #winners: Int32Array;
  #position = -1;

  constructor(table: TableView, { eligible, vector }: Pick<Need, 'eligible' | 'vector'>, scratch: TournamentScratch) {
    this.#table = table;
    this.#scratch = scratch;
    this.#eligible = eligible;
    this.#vector = vector;
    const width = 2 ** Math.ceil(Math.log2(Math.max(2, table.rows)));
    this.#fills = new Float64Array(width);
    this.#winners = new Int32Array(2 * width).map((_, place) => Math.max(0, place - width));
  }

  holds(rows: number): boolean {
    return rows <= this.#fills.length;
  }

  best(): number | undefined {
    const { rowLog, rows } = this.#table;
    const isFar = rowLog.position - this.#position > rows / ROWS_PER_CHANGE;
    if (this.#position < 0 || isFar || !rowLog.remembers(this.#position)) this.#playAll();
    else this.#catchUp();
    this.#position = rowLog.position;
    const winner = this.#winners[1]!;
    return this.#fills[winner] === NO_ROOM ? undefined : winner;
  }

  #catchUp(): void {
    const { rowLog } = this.#table;
    let last = -1;
    for (let at = this.#position; at < rowLog.position; at++) {
      const row = rowLog.at(at);
      // Mostly room that is released at a row is taken there again at once.
      if (row !== last) this.#playRow(row);
      last = row;
    }
  }

  #playAll(): void {
    const [table, vector, keys, winners] = [this.#table, this.#vector, this.#fills, this.#winners];
    const { roomy } = this.#scratch;
    roomy.find(table.free, { eligible: this.#eligible, vector, count: 1 });
    const { rows } = roomy;
    // No key is read before it is written: rows[i] >= i.
    fills(table, table.free, { rows, vector }, keys);
    let next = keys.length;
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i]!;
      keys[row] = keys[i]!;
      keys.fill(NO_ROOM, row + 1, next);
      next = row;
    }
    keys.fill(NO_ROOM, 0, next);
    for (let place = keys.length - 1; place > 0; place--) winners[place] = this.#winnerAt(place);
  }

  #playRow(row: number): void {
    const fill = this.#fillAt(row);
    if (fill === this.#fills[row]) return;
    this.#fills[row] = fill;
    const winners = this.#winners;
    for (let place = (this.#fills.length + row) >>> 1; place > 0; place >>>= 1) {
      const winner = this.#winnerAt(place);
      if (winner !== row && winner === winners[place]) return;
      winners[place] = winner;
    }
  }

  #winnerAt(place: number): number {
    const [left, right] = [this.#winners[2 * place]!, this.#winners[2 * place + 1]!];
    return this.#fills[right]! > this.#fills[left]! ? right : left;
  }

  #fillAt(row: number): number {
    const [table, vector] = [this.#table, this.#vector];
    if (!hasBit(this.#eligible, row) || capacityAt(table.free, row, vector, 1) === 0) return NO_ROOM;
    const { row: rows, fill } = this.#scratch;
    rows[0] = row;
    fills(table, table.free, { rows, vector }, fill);
    return fill[0]!;
  }
}

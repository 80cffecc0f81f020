import type { NodeTable } from './node-table.ts';

/** The values of one node label, numbered; `of[row]` is -1 where the node lacks the label. */
export interface DomainIndex {
  readonly of: Int32Array;
  readonly names: readonly string[];
}

interface Known {
  of: Int32Array;
  readonly names: string[];
  readonly numberOf: Map<string, number>;
  position: number;
}

/** Topology domains per label key. Each call updates only the rows that changed since the one before. */
export class Domains {
  readonly #table: NodeTable;
  readonly #byKey = new Map<string, Known>();

  constructor(table: NodeTable) {
    this.#table = table;
  }

  /** The index of a key. Read-only for callers, and valid only until the next event. */
  indexFor(key: string): DomainIndex {
    const { shapeLog, rows } = this.#table;
    let known = this.#byKey.get(key);
    if (!known) {
      known = { of: new Int32Array(0), names: [], numberOf: new Map(), position: -1 };
      this.#byKey.set(key, known);
    }
    const isBehind = known.position < 0 || !shapeLog.remembers(known.position);
    if (known.of.length < rows) {
      const wider = new Int32Array(rows * 2).fill(-1);
      wider.set(known.of);
      known.of = wider;
    }
    if (isBehind) for (let row = 0; row < rows; row++) this.#number(known, key, row);
    else for (let at = known.position; at < shapeLog.position; at++) this.#number(known, key, shapeLog.at(at));
    known.position = shapeLog.position;
    return known;
  }

  #number(known: Known, key: string, row: number): void {
    const value = this.#table.nodeAt(row)?.labels.get(key);
    if (value === undefined) {
      known.of[row] = -1;
      return;
    }
    let number = known.numberOf.get(value);
    if (number === undefined) {
      number = known.names.push(value) - 1;
      known.numberOf.set(value, number);
    }
    known.of[row] = number;
  }
}

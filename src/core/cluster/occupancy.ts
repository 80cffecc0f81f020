import { hasBit, type Bits } from './eligibility.ts';
import type { TableView } from './node-table.ts';

/** A pod on a node, or room that is held there for one. */
export interface Occupant {
  readonly namespace: string;
  /** Its gang shares its nodes with no other namespace. */
  readonly isExclusive: boolean;
  /** It stays with the node, or it leaves: whose it is does not matter. */
  readonly isPassive: boolean;
  /** It has an address of its own. */
  readonly hasAddress: boolean;
}

/** Who occupies a node. */
export type OccupantsOf = (node: string) => Iterable<Occupant>;

/** Of whom a row's pods are. */
interface RowState {
  /** '': of nobody; undefined: of several namespaces. */
  readonly namespace: string | undefined;
  readonly isExclusive: boolean;
}

const VACANT: RowState = { namespace: '', isExclusive: false };

/**
 * Whose pods are on each node, and how many addresses they have. Kept only where a queue shares its nodes with no other
 * namespace, or addresses are counted: then it catches up with the rows that changed since the last question.
 */
export class Occupancy {
  readonly #table: TableView;
  /** Whether anybody asks. */
  isOn = false;
  #occupantsOf: OccupantsOf = () => [];
  #rows: RowState[] = [];
  #addresses = new Int32Array(0);
  /** Rows without pods, rows with pods of exclusive gangs, and rows that a namespace has for itself. */
  #vacant: Bits = new Uint32Array(0);
  #exclusive: Bits = new Uint32Array(0);
  #exclusiveRows = 0;
  readonly #own = new Map<string, { bits: Bits; rows: number }>();
  /** Position in the table's rowLog; -1: nothing has been counted. */
  #position = -1;
  readonly #touched = new Set<number>();

  constructor(table: TableView) {
    this.#table = table;
  }

  /** Whom to ask who is where. */
  listenTo(occupantsOf: OccupantsOf): void {
    this.#occupantsOf = occupantsOf;
  }

  /** Something at the row changed beside its room. */
  touch(row: number): void {
    if (this.isOn && row >= 0) this.#touched.add(row);
  }

  /** Everything may have changed. */
  forget(isOn: boolean): void {
    this.isOn = isOn;
    this.#position = -1;
    this.#touched.clear();
  }

  /** Those of the rows that pods of the namespace may use; the same object where these are all. */
  openTo(rows: Bits, namespace: string, isExclusive: boolean): Bits {
    if (!this.isOn) return rows;
    this.#catchUp();
    if (!isExclusive && this.#exclusiveRows === 0) return rows;
    const own = this.#own.get(namespace)?.bits;
    return rows.map((bits, word) => {
      const others = isExclusive ? (this.#vacant[word] ?? 0) : ~(this.#exclusive[word] ?? 0);
      return bits & (others | (own?.[word] ?? 0));
    });
  }

  /** The rows that exclusive gangs of other namespaces have. */
  closedTo(namespace: string): readonly number[] {
    if (!this.isOn) return [];
    this.#catchUp();
    if (this.#exclusiveRows === 0) return [];
    return this.#rows.flatMap((state, row) => (state.isExclusive && state.namespace !== namespace ? [row] : []));
  }

  /** How many pods with an address of their own are at each row, or are to come there. Valid until the next event. */
  get addresses(): Int32Array {
    this.#catchUp();
    return this.#addresses;
  }

  /** The first row of which a recount finds something else; undefined: there is none. */
  get mistakenRow(): number | undefined {
    if (!this.isOn) return undefined;
    const fresh = new Occupancy(this.#table);
    fresh.listenTo(this.#occupantsOf);
    this.#catchUp();
    fresh.#catchUp();
    const known = (of: Occupancy, row: number) => {
      const { namespace, isExclusive } = of.#rows[row] ?? VACANT;
      const bits = [of.#vacant, of.#exclusive, of.#own.get(namespace ?? '')?.bits].map(
        (one) => one && hasBit(one, row),
      );
      return JSON.stringify([namespace, isExclusive, of.#addresses[row], bits]);
    };
    for (let row = 0; row < this.#table.rows; row++) if (known(this, row) !== known(fresh, row)) return row;
    return undefined;
  }

  #catchUp(): void {
    const { rowLog, rows } = this.#table;
    if (this.#position < 0 || !rowLog.remembers(this.#position) || rows > this.#addresses.length) this.#begin();
    else for (let at = this.#position; at < rowLog.position; at++) this.#touched.add(rowLog.at(at));
    for (const row of this.#touched) this.#recount(row);
    this.#touched.clear();
    this.#position = rowLog.position;
  }

  #begin(): void {
    const { rows } = this.#table;
    const words = (rows * 2 + 31) >>> 5;
    this.#rows = [];
    this.#addresses = new Int32Array(rows * 2);
    this.#vacant = new Uint32Array(words).fill(0xffffffff);
    this.#exclusive = new Uint32Array(words);
    this.#exclusiveRows = 0;
    this.#own.clear();
    for (let row = 0; row < rows; row++) this.#touched.add(row);
  }

  #recount(row: number): void {
    let namespace: string | undefined = '';
    let [isExclusive, addresses] = [false, 0];
    for (const one of this.#occupantsOf(this.#table.nameAt(row))) {
      if (one.hasAddress) addresses++;
      if (one.isPassive) continue;
      namespace = namespace === '' || namespace === one.namespace ? one.namespace : undefined;
      isExclusive ||= one.isExclusive;
    }
    this.#addresses[row] = addresses;
    const before = this.#rows[row] ?? VACANT;
    this.#mark(row, before, false);
    this.#rows[row] = namespace === '' ? VACANT : { namespace, isExclusive };
    this.#mark(row, this.#rows[row], true);
  }

  #mark(row: number, { namespace, isExclusive }: RowState, isSo: boolean): void {
    if (namespace === '') setBit(this.#vacant, row, isSo);
    else if (namespace !== undefined) this.#markOwn(row, namespace, isSo);
    if (!isExclusive) return;
    setBit(this.#exclusive, row, isSo);
    this.#exclusiveRows += isSo ? 1 : -1;
  }

  #markOwn(row: number, namespace: string, isSo: boolean): void {
    let own = this.#own.get(namespace);
    if (!own) this.#own.set(namespace, (own = { bits: new Uint32Array(this.#vacant.length), rows: 0 }));
    setBit(own.bits, row, isSo);
    own.rows += isSo ? 1 : -1;
    if (own.rows === 0) this.#own.delete(namespace);
  }
}

function setBit(bits: Bits, row: number, isSet: boolean): void {
  if (isSet) bits[row >>> 5]! |= 1 << (row & 31);
  else bits[row >>> 5]! &= ~(1 << (row & 31));
}

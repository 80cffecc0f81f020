import type { Candidates, RowNames } from '../core/model.ts';
import { NameBook, widened } from './name-book.ts';
import type { RequestSpace } from './request-space.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING = 0x5b;
const CLOSING = 0x5d;
/** A book with more names is replaced: no cluster has so many. */
const MOST_NAMES = 2 ** 16;

/** The book of names that lists share, and which of its names the list has that was looked at last. */
export class NameIndex {
  #book = new NameBook();
  /** Per number of a name: its place in the marked list plus #base; less than #base: it is not in there. */
  #places = new Int32Array(1024);
  #base = 1;
  #marked: NameList | undefined;

  /** The book for the next list. Lists that were read before keep theirs. */
  get book(): NameBook {
    if (this.#book.size > MOST_NAMES || this.#book.isCrowded) this.#book = new NameBook();
    return this.#book;
  }

  /** The place of the name with this number in the list, or -1. */
  placeIn(list: NameList, id: number): number {
    if (this.#marked !== list) this.mark(list);
    const place = (this.#places[id] ?? 0) - this.#base;
    return place < 0 ? -1 : place;
  }

  /** @returns false: a name is in it twice */
  mark(list: NameList): boolean {
    const { size, space, book } = list;
    if (this.#marked) this.#base += this.#marked.size;
    if (this.#base > 2 ** 30) this.#base = this.#startAgain();
    if (this.#places.length < book.size) this.#places = widened(this.#places, book.size);
    this.#marked = list;
    const [places, base, { ids }] = [this.#places, this.#base, space];
    for (let i = 0; i < size; i++) {
      if (places[ids[i]!]! >= base) return false;
      places[ids[i]!] = base + i;
    }
    return true;
  }

  #startAgain(): number {
    this.#places.fill(0);
    return 1;
  }
}

/**
 * The names of a NodeNames list, kept as the bytes that kube-scheduler sent and as numbers. A string is made only for a
 * name that is new: most answers name one node or echo the list, and making 5,000 strings costs more than the decision.
 */
export class NameList implements Candidates {
  readonly size: number;
  readonly space: RequestSpace;
  readonly book: NameBook;
  readonly #index: NameIndex;

  private constructor(index: NameIndex, book: NameBook, space: RequestSpace, size: number) {
    this.#index = index;
    this.book = book;
    this.space = space;
    this.size = size;
  }

  /**
   * @param space holds the list, and must hold it as long as the list is used
   * @param from offset of the first quote
   * @param to offset of the closing bracket
   * @returns undefined unless the bytes are distinct names of nodes without spaces between them
   */
  static read(index: NameIndex, space: RequestSpace, from: number, to: number): NameList | undefined {
    const { bytes, words } = space;
    const { book } = index;
    let [size, at, id] = [0, from, -1];
    for (; ; at++) {
      if (bytes[at] !== QUOTE) return undefined;
      id = book.read(words, ++at, id);
      if (id < 0) return undefined;
      space.widen(size);
      space.starts[size] = at;
      space.ids[size++] = id;
      at += book.lengthOf(id) + 1;
      if (at >= to) break;
      if (bytes[at] !== COMMA) return undefined;
    }
    if (at !== to) return undefined;
    const list = new NameList(index, book, space, size);
    return index.mark(list) ? list : undefined;
  }

  has(name: string, row?: number): boolean {
    return this.#placeOf(name, row) >= 0;
  }

  names(): readonly string[] {
    const { ids } = this.space;
    const names = new Array<string>(this.size);
    for (let i = 0; i < names.length; i++) names[i] = this.book.nameOf(ids[i]!);
    return names;
  }

  rows(table: RowNames): Int32Array {
    const { ids } = this.space;
    const rows = new Int32Array(this.size);
    for (let i = 0; i < rows.length; i++) rows[i] = this.book.rowOf(ids[i]!, table);
    return rows;
  }

  get first(): string {
    return this.book.nameOf(this.space.ids[0]!);
  }

  /** The number of bytes of the longest answer of `write`. */
  get bytes(): number {
    return this.#end - this.space.starts[0]! + 3;
  }

  /**
   * Writes the list as JSON without the names in `except` into the space's answer: the bytes between those, unchanged.
   * @returns where it ends
   */
  write(from: number, except: readonly string[] = []): number {
    const gone = except.map((name) => this.#placeOf(name)).filter((place) => place >= 0);
    gone.sort((a, b) => a - b);
    const { bytes, starts, out } = this.space;
    out[from] = OPENING;
    let [at, next] = [from + 1, 0];
    for (const place of [...gone, this.size]) {
      if (place > next) {
        if (at > from + 1) out[at++] = COMMA;
        const end = place === this.size ? this.#end : starts[place]! - 2;
        at += bytes.copy(out, at, starts[next]! - 1, end);
      }
      next = place + 1;
    }
    out[at] = CLOSING;
    return at + 1;
  }

  /** The offset after the last name's quote. */
  get #end(): number {
    const last = this.size - 1;
    return this.space.starts[last]! + this.book.lengthOf(this.space.ids[last]!) + 1;
  }

  #placeOf(name: string, row?: number): number {
    const id = this.book.idOf(name, row);
    return id < 0 ? -1 : this.#index.placeIn(this, id);
  }
}

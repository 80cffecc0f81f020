import type { RowNames } from '../core/model.ts';

/** The longest name of a node. */
const LONGEST = 253;
/** A name that is not found among so many others of nearly the same hash is not kept: the list is not worth it. */
const MOST_PROBES = 64;
const QUOTE = 0x22;
const QUOTES = 0x22222222;

/** Where a byte may be in a node's name. 1: anywhere; 2: not at either end; 0: nowhere. */
const KIND = new Uint8Array(256);
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789') KIND[char.charCodeAt(0)] = 1;
for (const char of '-.') KIND[char.charCodeAt(0)] = 2;

/** The first n bytes of a word. */
const FIRST = Int32Array.of(0, 0xff, 0xffff, 0xffffff);

/** Takes in four bytes. Rotating takes a fraction of the time of multiplying, which is left to the end. */
const mixed = (hash: number, word: number) => ((hash << 5) | (hash >>> 27)) ^ word;

function spread(hash: number): number {
  const product = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  return product ^ (product >>> 13);
}

/** What one reading of a name found; kept by the book, so that no object is made per name. */
interface Found {
  hash: number;
  length: number;
}

/**
 * Numbers for names of nodes, found by the bytes of the name. kube-scheduler sends the same names with every question:
 * each becomes a string once, and is looked up without one from then on. A book only grows; a new one replaces it.
 */
export class NameBook {
  /** The names one after the other, each with the quote after it, and from a full word on. */
  #text = new Int32Array(2 ** 14);
  /** Words of #text in use. */
  #used = 0;
  #size = 0;
  /** Where in #text each begins. */
  #starts = new Int32Array(1024);
  #lengths = new Int32Array(1024);
  #hashes = new Int32Array(1024);
  /** The name that came after this one last time, plus one: mostly it does again. */
  #next = new Int32Array(1024);
  /** The name before came in that order. */
  #isInOrder = false;
  /** Hash table with open addressing: 0 is empty, else a number plus one. */
  #table = new Int32Array(4096);
  readonly #names: string[] = [];
  /** The number of the node of a row, plus one, as it was last time. */
  #atRow = new Int32Array(1024);
  /** The row of the node of a name, plus one, as it was last time. */
  #rows = new Int32Array(1024);
  readonly #found: Found = { hash: 0, length: 0 };
  readonly #scratch = Buffer.alloc(LONGEST + 8);
  readonly #scratchWords = wordsOf(this.#scratch);
  #crowded = false;

  /** The number of names. */
  get size(): number {
    return this.#size;
  }

  /** Too many names have nearly the same hash. */
  get isCrowded(): boolean {
    return this.#crowded;
  }

  nameOf(id: number): string {
    return this.#names[id]!;
  }

  lengthOf(id: number): number {
    return this.#lengths[id]!;
  }

  /**
   * The number of the name that begins here and ends before the next quote. There must be such a quote, and three more
   * bytes that may be read.
   * @param after the number of the name before it, which says what to expect; -1: the first
   * @returns -1: it is no name of a node
   */
  read(words: DataView, at: number, after: number): number {
    const expected = this.#next[after + 1]! - 1;
    if (this.#isInOrder && expected >= 0 && this.#isSame(words, at, expected)) return expected;
    this.#scan(words, at);
    const { hash, length } = this.#found;
    const known = this.#find(words, at, hash);
    const id = known >= 0 ? known : this.#learn(words, at, hash, length);
    this.#isInOrder = id === expected;
    if (id >= 0) this.#next[after + 1] = id + 1;
    return id;
  }

  /**
   * The number of a name.
   * @param row of the core's table: where the name is mostly found without looking at it
   * @returns -1: it is no name of a node
   */
  idOf(name: string, row = -1): number {
    const hint = row < 0 ? -1 : (this.#atRow[row] ?? 0) - 1;
    if (hint >= 0 && this.#names[hint] === name) return hint;
    if (name.length > LONGEST) return -1;
    this.#scratch.fill(QUOTE, this.#scratch.write(name, 'latin1'));
    this.#scan(this.#scratchWords, 0);
    const id = this.#find(this.#scratchWords, 0, this.#found.hash);
    if (id < 0 || this.#names[id] !== name) return -1;
    if (row < 0) return id;
    if (row >= this.#atRow.length) this.#atRow = widened(this.#atRow, row + 1);
    this.#atRow[row] = id + 1;
    // The same string object as the core's is compared by its address.
    this.#names[id] = name;
    return id;
  }

  /** The row of the name with this number; -1: the table has no such node. */
  rowOf(id: number, table: RowNames): number {
    const hint = this.#rows[id]! - 1;
    if (hint >= 0 && table.nameAt(hint) === this.#names[id]) return hint;
    const row = table.rowOf(this.#names[id]!) ?? -1;
    this.#rows[id] = row + 1;
    if (row >= 0) this.#names[id] = table.nameAt(row);
    return row;
  }

  /** The hash and the length of the bytes before the next quote. */
  #scan(words: DataView, from: number): void {
    let hash = 0;
    for (let at = from; ; at += 4) {
      const word = words.getInt32(at, true);
      const difference = word ^ QUOTES;
      // The lowest bit that is set belongs to the first byte that is a quote.
      const quotes = (difference - 0x01010101) & ~difference & 0x80808080;
      if (quotes === 0) {
        hash = mixed(hash, word);
        continue;
      }
      const rest = (31 - Math.clz32(quotes & -quotes)) >> 3;
      this.#found.hash = spread(mixed(hash, word & FIRST[rest]!));
      this.#found.length = at + rest - from;
      return;
    }
  }

  #find(words: DataView, at: number, hash: number): number {
    const mask = this.#table.length - 1;
    for (let slot = hash & mask; this.#table[slot] !== 0; slot = (slot + 1) & mask) {
      const id = this.#table[slot]! - 1;
      if (this.#hashes[id] === hash && this.#isSame(words, at, id)) return id;
    }
    return -1;
  }

  /** Whether the name begins at `from`, with the quote after it. */
  #isSame(words: DataView, from: number, id: number): boolean {
    return isSame(words, from, { text: this.#text, start: this.#starts[id]!, length: this.#lengths[id]! });
  }

  #learn(words: DataView, at: number, hash: number, length: number): number {
    if (!isName(words, at, length)) return -1;
    if ((this.#size + 1) * 2 > this.#table.length) this.#rehash();
    const mask = this.#table.length - 1;
    let [slot, probes] = [hash & mask, 0];
    for (; this.#table[slot] !== 0; slot = (slot + 1) & mask) if (++probes > MOST_PROBES) return this.#crowd();
    const id = this.#size++;
    this.#widen();
    this.#table[slot] = id + 1;
    this.#starts[id] = this.#used;
    this.#lengths[id] = length;
    this.#hashes[id] = hash;
    const end = at + length + 1;
    for (let from = at; from < end; from += 4)
      this.#text[this.#used++] = words.getInt32(from, true) & (FIRST[end - from] ?? -1);
    this.#names.push(textOf(words, at, length));
    return id;
  }

  #crowd(): number {
    this.#crowded = true;
    return -1;
  }

  /** Makes room for one more name of any length. */
  #widen(): void {
    if (this.#size + 1 >= this.#starts.length) {
      this.#starts = widened(this.#starts, this.#size + 2);
      this.#lengths = widened(this.#lengths, this.#size + 2);
      this.#hashes = widened(this.#hashes, this.#size + 2);
      this.#next = widened(this.#next, this.#size + 2);
      this.#rows = widened(this.#rows, this.#size + 2);
    }
    if (this.#used + LONGEST > this.#text.length) this.#text = widened(this.#text, 0);
  }

  #rehash(): void {
    this.#table = new Int32Array(this.#table.length * 2);
    const mask = this.#table.length - 1;
    for (let id = 0; id < this.#size; id++) {
      let slot = this.#hashes[id]! & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = id + 1;
    }
  }
}

export const wordsOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** At least twice as long. */
export function widened(array: Int32Array<ArrayBuffer>, least: number): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(Math.max(least, array.length * 2));
  wider.set(array);
  return wider;
}

interface Own {
  readonly text: Int32Array;
  readonly start: number;
  readonly length: number;
}

/** Whether the bytes from `from` on are those of the name and the quote after it. */
function isSame(words: DataView, from: number, { text, start, length }: Own): boolean {
  let [at, own, left] = [from, start, length + 1];
  for (; left >= 4; left -= 4, at += 4) if (words.getInt32(at, true) !== text[own++]) return false;
  return left === 0 || (words.getInt32(at, true) & FIRST[left]!) === text[own];
}

const textOf = ({ buffer, byteOffset }: DataView, at: number, length: number) =>
  Buffer.from(buffer, byteOffset + at, length).toString('latin1');

/** An RFC 1123 subdomain, as NODE_NAME in wire.ts. */
function isName(words: DataView, from: number, length: number): boolean {
  if (length === 0 || length > LONGEST) return false;
  for (let at = from; at < from + length; at++) if (KIND[words.getUint8(at)] === 0) return false;
  return KIND[words.getUint8(from)] === 1 && KIND[words.getUint8(from + length - 1)] === 1;
}

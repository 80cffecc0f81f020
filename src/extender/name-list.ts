import type { Candidates } from '../core/model.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LONGEST_NAME = 253;

/** Where a byte may be in a node's name. 1: anywhere; 2: not at either end; 0: nowhere. */
const KIND = new Uint8Array(256);
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789') KIND[char.charCodeAt(0)] = 1;
for (const char of '-.') KIND[char.charCodeAt(0)] = 2;

const step = (hash: number, byte: number) => Math.imul(hash ^ byte, 0x01000193);

/** Folds in the high bits of the hash, which FNV mixes best. */
const slotOf = (hash: number, mask: number) => (hash ^ (hash >>> 15)) & mask;

/**
 * The names of a NodeNames list, kept as the bytes that kube-scheduler sent. A string is made only for a name that is
 * requested: most answers name one node or echo the list, and making 5,000 strings costs more than the decision.
 */
export class NameList implements Candidates {
  readonly #bytes: Buffer;
  /** The offset of the i-th name; the next name begins three bytes after its end. */
  readonly #starts: Int32Array;
  readonly size: number;
  /** Hash table with open addressing: 0 is empty, else the index of the name plus one. */
  readonly #table: Int32Array;

  private constructor(bytes: Buffer, starts: Int32Array, size: number, table: Int32Array) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.size = size;
    this.#table = table;
  }

  /**
   * @param from offset of the first quote
   * @param to offset of the closing bracket
   * @returns undefined unless the bytes are distinct names of nodes without spaces between them
   */
  static read(bytes: Buffer, from: number, to: number): NameList | undefined {
    const found = scan(bytes, from, to);
    if (!found) return undefined;
    const { starts, hashes, size } = found;
    const mask = 2 ** Math.ceil(Math.log2(size * 2)) - 1;
    const table = new Int32Array(mask + 1);
    for (let i = 0; i < size; i++) {
      let slot = slotOf(hashes[i]!, mask);
      for (; table[slot] !== 0; slot = (slot + 1) & mask) {
        const other = table[slot]! - 1;
        if (hashes[other] === hashes[i] && isSame(bytes, starts, other, i)) return undefined;
      }
      table[slot] = i + 1;
    }
    return new NameList(bytes, starts, size, table);
  }

  has(name: string): boolean {
    return this.#find(name) >= 0;
  }

  names(): readonly string[] {
    return this.#text(0, this.size).slice(1, -1).split('","');
  }

  get first(): string {
    return this.#text(0, 1).slice(1, -1);
  }

  /** The list as JSON without the names in `except`: the bytes between those, unchanged. */
  json(except: readonly string[] = []): string {
    const gone = except.map((name) => this.#find(name)).filter((i) => i >= 0);
    gone.sort((a, b) => a - b);
    const pieces: string[] = [];
    let from = 0;
    for (const i of [...gone, this.size]) {
      if (i > from) pieces.push(this.#text(from, i));
      from = i + 1;
    }
    return `[${pieces.join(',')}]`;
  }

  /** The index of the name, or -1. */
  #find(name: string): number {
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = step(hash, name.charCodeAt(i));
    const mask = this.#table.length - 1;
    for (let slot = slotOf(hash, mask); this.#table[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#isAt(this.#table[slot]! - 1, name)) return this.#table[slot]! - 1;
    }
    return -1;
  }

  /** Names `from` to before `to`, quoted, with commas between them. */
  #text(from: number, to: number): string {
    return this.#bytes.toString('latin1', this.#starts[from]! - 1, this.#starts[to]! - 2);
  }

  #isAt(i: number, name: string): boolean {
    const start = this.#starts[i]!;
    if (this.#starts[i + 1]! - 3 - start !== name.length) return false;
    for (let at = 0; at < name.length; at++) if (this.#bytes[start + at] !== name.charCodeAt(at)) return false;
    return true;
  }
}

interface Scan {
  /** One more entry than there are names. */
  readonly starts: Int32Array;
  readonly hashes: Int32Array;
  readonly size: number;
}

/** One pass over `"a","b"`: the offset and the hash of each name. */
function scan(bytes: Buffer, from: number, to: number): Scan | undefined {
  let [starts, hashes] = [new Int32Array(1024), new Int32Array(1024)];
  let size = 0;
  for (let at = from; ; at++) {
    if (bytes[at] !== QUOTE) return undefined;
    const start = ++at;
    let hash = 0;
    // Ends at the closing bracket at the latest.
    for (; KIND[bytes[at]!] !== 0; at++) hash = step(hash, bytes[at]!);
    const isName = KIND[bytes[start]!] === 1 && KIND[bytes[at - 1]!] === 1 && at - start <= LONGEST_NAME;
    if (!isName || bytes[at] !== QUOTE) return undefined;
    if (size + 1 === starts.length) [starts, hashes] = [widened(starts), widened(hashes)];
    starts[size] = start;
    hashes[size++] = hash;
    starts[size] = at + 3;
    if (++at === to) return { starts, hashes, size };
    if (bytes[at] !== COMMA) return undefined;
  }
}

function widened(array: Int32Array): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(array.length * 2);
  wider.set(array);
  return wider;
}

/** Whether two names have the same bytes. */
function isSame(bytes: Buffer, starts: Int32Array, a: number, b: number): boolean {
  const length = starts[a + 1]! - starts[a]!;
  if (length !== starts[b + 1]! - starts[b]!) return false;
  for (let i = 0; i < length - 3; i++) if (bytes[starts[a]! + i] !== bytes[starts[b]! + i]) return false;
  return true;
}

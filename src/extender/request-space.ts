import { widened, wordsOf } from './name-book.ts';

/** Bytes after the body that may be read, all quotes: where a scan for the end of a name stops at the latest. */
const SLACK = 8;
const QUOTE = 0x22;
/** Spaces that are kept for later requests. kube-scheduler sends one request at a time. */
const KEPT = 2;

/**
 * The memory of one request: its body, what is known of its names, and its answer. It is used again, because at 5,000
 * names new memory for every request costs more than the decision.
 */
export class RequestSpace {
  #bytes = Buffer.alloc(0);
  #words = wordsOf(this.#bytes);
  #out = Buffer.alloc(0);
  #outWords = wordsOf(this.#out);
  #starts = new Int32Array(1024);
  #ids = new Int32Array(1024);

  /** The body, and more. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get words(): DataView {
    return this.#words;
  }

  /** The answer, as far as it has been written. */
  get out(): Buffer {
    return this.#out;
  }

  get outWords(): DataView {
    return this.#outWords;
  }

  /** The offset of the i-th name. */
  get starts(): Int32Array {
    return this.#starts;
  }

  /** The number of the i-th name in the book. */
  get ids(): Int32Array {
    return this.#ids;
  }

  /** Makes room for a body of this length. What it held is lost. */
  begin(length: number): void {
    if (this.#bytes.length < length + SLACK) {
      this.#bytes = Buffer.allocUnsafeSlow(roomFor(length + SLACK));
      this.#words = wordsOf(this.#bytes);
    }
    this.#bytes.fill(QUOTE, length, length + SLACK);
  }

  /** Makes room for an answer of this length. What it held is lost. */
  answer(length: number): void {
    if (this.#out.length >= length) return;
    this.#out = Buffer.allocUnsafeSlow(roomFor(length));
    this.#outWords = wordsOf(this.#out);
  }

  /** Makes room for more names. */
  widen(count: number): void {
    if (count < this.#ids.length) return;
    [this.#starts, this.#ids] = [widened(this.#starts, count + 1), widened(this.#ids, count + 1)];
  }
}

const roomFor = (length: number) => 2 ** Math.ceil(Math.log2(Math.max(length, 4096)));

/** Spaces that no request uses. */
export class SpacePool {
  readonly #free: RequestSpace[] = [];

  /** @param length of the body */
  take(length: number): RequestSpace {
    const space = this.#free.pop() ?? new RequestSpace();
    space.begin(length);
    return space;
  }

  /** Call it once, when nothing reads the space any more. */
  give(space: RequestSpace): void {
    if (this.#free.length < KEPT) this.#free.push(space);
  }
}

/** The longest key in bytes; what is longer hardly repeats. */
const MAX_KEY = 4096;
const SLOTS = 2 ** 15;
const MOST_KEYS = 2 ** 22;
const FIRST_KEYS = 2 ** 16;
const FNV_START = 0x811c9dc5;
const FNV_FACTOR = 0x01000193;

/**
 * Values by the bytes that they were read from, so that what many pods have in common (containers, tolerations, owners)
 * is read once. A key is written with `begin` and `add`, then looked up. Each value has one slot, which the next value
 * of that slot takes over, and once the block of memory with the keys is full, all is forgotten: what it holds, and the
 * work per value, are bounded whatever comes.
 */
export class SharedValues {
  readonly #key = new Uint8Array(MAX_KEY);
  #length = 0;
  #hash = FNV_START;
  #arena = new Uint8Array(FIRST_KEYS);
  #used = 0;
  readonly #at = new Int32Array(SLOTS);
  readonly #lengths = new Int32Array(SLOTS);
  readonly #values = new Array<object | undefined>(SLOTS).fill(undefined);
  /** How many values were put: each was read once. */
  made = 0;

  /** Starts a key. @param what a byte that tells apart what may be read from equal bytes */
  begin(what: number): void {
    this.#key[0] = what;
    this.#length = 1;
    this.#hash = Math.imul(FNV_START ^ what, FNV_FACTOR);
  }

  /** Adds bytes to the key. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const key = this.#key;
    let length = this.#length;
    let hash = this.#hash;
    this.#length += to - from;
    if (this.#length > MAX_KEY) return;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      key[length++] = byte;
      hash = Math.imul(hash ^ byte, FNV_FACTOR);
    }
    this.#hash = hash;
  }

  /** The value of the key; undefined: it is not known. */
  get(): object | undefined {
    const slot = this.#slot();
    const length = this.#lengths[slot]!;
    if (length !== this.#length) return undefined;
    const [key, arena, at] = [this.#key, this.#arena, this.#at[slot]!];
    for (let i = 0; i < length; i++) if (key[i] !== arena[at + i]) return undefined;
    return this.#values[slot];
  }

  /** Whether the key is short enough to be kept. */
  get isKept(): boolean {
    return this.#length <= MAX_KEY;
  }

  /** Keeps the value of the key. */
  put(value: object): void {
    if (this.#used + this.#length > MOST_KEYS) this.#forget();
    else if (this.#used + this.#length > this.#arena.length) this.#widen();
    const slot = this.#slot();
    this.#arena.set(this.#key.subarray(0, this.#length), this.#used);
    this.#at[slot] = this.#used;
    this.#lengths[slot] = this.#length;
    this.#values[slot] = value;
    this.#used += this.#length;
    this.made++;
  }

  #slot(): number {
    return (this.#hash ^ (this.#hash >>> 15)) & (SLOTS - 1);
  }

  #widen(): void {
    const wider = new Uint8Array(Math.min(MOST_KEYS, 2 * this.#arena.length));
    wider.set(this.#arena);
    this.#arena = wider;
  }

  #forget(): void {
    this.#used = 0;
    this.#lengths.fill(0);
    this.#values.fill(undefined);
  }
}

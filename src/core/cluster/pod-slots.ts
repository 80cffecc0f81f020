/**
 * Numbers for the bound pods, so that what a search wants to know of each of them can stand in typed arrays. A pod keeps
 * its number while it is bound; later pods get the numbers of those that are gone. One reader keeps such arrays: of each
 * number it asks whether the pod has changed since it looked. O(1) for each change.
 */
export class PodSlots<T extends { readonly slot: number }> {
  readonly #bound: (T | undefined)[] = [];
  readonly #free: number[] = [];
  /** By number: 1 if the reader has not looked at what stands there now. */
  #changed = new Uint8Array(64);
  /** By number, how many pods had been numbered before this one. */
  #orders = new Uint32Array(64);
  #numbered = 0;
  /** Whether some number was used twice: numbers are then not in the order in which the pods came. */
  isDisordered = false;

  /** All numbers are below this. */
  get size(): number {
    return this.#bound.length;
  }

  /** A number for a new pod. */
  take(): number {
    const free = this.#free.pop();
    const slot = free ?? this.#bound.push(undefined) - 1;
    if (free !== undefined) this.isDisordered = true;
    if (slot >= this.#orders.length) this.#grow();
    this.#orders[slot] = this.#numbered++;
    return slot;
  }

  /** The pod at its number is new, or another record describes it. */
  put(bound: T): void {
    this.#bound[bound.slot] = bound;
    this.#changed[bound.slot] = 1;
  }

  /** The pod is gone. */
  free(slot: number): void {
    this.#bound[slot] = undefined;
    this.#changed[slot] = 1;
    this.#free.push(slot);
  }

  at(slot: number): T | undefined {
    return this.#bound[slot];
  }

  /** Pods that came later have higher ones. */
  orderOf(slot: number): number {
    return this.#orders[slot]!;
  }

  /** Whether something has changed at the number since the reader looked at it. */
  isChanged(slot: number): boolean {
    return this.#changed[slot] === 1;
  }

  /** The reader has looked at what stands at the number. */
  seen(slot: number): void {
    this.#changed[slot] = 0;
  }

  #grow(): void {
    const size = Math.ceil(this.#orders.length * 1.25);
    const [changed, orders] = [new Uint8Array(size), new Uint32Array(size)];
    changed.set(this.#changed);
    orders.set(this.#orders);
    this.#changed = changed;
    this.#orders = orders;
  }
}

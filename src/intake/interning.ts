/** More than the node names of a large cluster; pods have far fewer shapes. */
const MAX_VALUES = 50_000;

/**
 * Keeps one copy of each value that many pods share, since a cluster's pods differ in little but their names. When
 * there are too many values, it forgets them all, and some are then kept twice.
 */
export class Interned<T> {
  readonly #known = new Map<string, T>();

  /** @param key equal for equal values only */
  of(key: string, make: () => T): T {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#known.size >= MAX_VALUES) this.#known.clear();
    this.#known.set(key, made);
    return made;
  }
}

const texts = new Interned<string>();

export const internedText = (text: string): string => texts.of(text, () => text);

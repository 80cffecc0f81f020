/** Nodes of a large cluster have as many names, and pods far fewer shapes. */
const MOST = 50_000;

/**
 * Values that many pods have alike, each kept once: a cluster's pods differ in little but their names. Where there are
 * too many it forgets them all; then some are kept twice, and that is all.
 */
export class Interned<T> {
  readonly #known = new Map<string, T>();

  /** @param key equal for equal values alone */
  of(key: string, make: () => T): T {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(key, made);
    return made;
  }
}

const texts = new Interned<string>();

export const internedText = (text: string): string => texts.of(text, () => text);

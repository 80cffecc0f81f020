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

const ID = Symbol('id');
const VIEW = Symbol('view');
let lastId = 0;

/** A value that many objects have in common. It does not change. */
interface Shared {
  readonly [ID]?: number;
  [VIEW]?: unknown;
}

/** Marks a value as one that many objects have in common, so that what is made of it is made once. */
export function shared<T extends object>(value: T): T {
  return Object.defineProperties(value, { [ID]: { value: ++lastId }, [VIEW]: { value: undefined, writable: true } });
}

/**
 * A short text that is equal for the same shared values only, and is not JSON; absent values count as shared.
 * @returns undefined: one of them is not shared
 */
export function sharedKey(values: readonly unknown[]): string | undefined {
  let key = '';
  for (const value of values) {
    if (value === undefined || value === null) key += '-';
    else {
      const id = (value as Shared)[ID];
      if (id === undefined) return undefined;
      key += `#${id}`;
    }
  }
  return key;
}

/** What `make` makes of the value: of a shared one once. Every caller makes the same. */
export function viewOf<T>(value: object, make: () => T): T {
  const known = value as Shared;
  if (known[ID] === undefined) return make();
  return (known[VIEW] ??= make()) as T;
}

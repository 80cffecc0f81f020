const SLOTS = 2 ** 16;
/** Longer texts hardly repeat. */
const MAX_LENGTH = 128;
const ASCII = 128;

/**
 * Texts that come again and again: names of nodes, keys and values of labels. They are found by their bytes, so that an
 * equal text is not made again. Each text has one slot, which the next text of that slot takes over: what it holds, and
 * the work per text, are bounded whatever comes.
 */
export class Texts {
  readonly #slots = new Array<string>(SLOTS).fill('');

  /** The text of these bytes (UTF-8). */
  of(bytes: Buffer, from: number, to: number): string {
    if (to - from > MAX_LENGTH) return textOf(bytes, from, to);
    let hash = 0x811c9dc5;
    let seen = 0;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      seen |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    if (seen >= ASCII) return textOf(bytes, from, to);
    const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    const known = this.#slots[slot]!;
    return isSame(known, bytes, from, to) ? known : (this.#slots[slot] = bytes.toString('latin1', from, to));
  }
}

/** A text that hardly comes again, such as a UID. */
export const textOf = (bytes: Buffer, from: number, to: number): string => bytes.toString('utf8', from, to);

function isSame(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}

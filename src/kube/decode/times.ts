const SLOTS = 2 ** 12;

/** Texts of times (RFC 3339, UTC, whole seconds), as Go writes them into JSON. Many pods start in the same second. */
export class Times {
  readonly #seconds = new Float64Array(SLOTS).fill(NaN);
  readonly #texts = new Array<string>(SLOTS).fill('');

  /** @param seconds since 1970 */
  of(seconds: number): string {
    const slot = Math.abs(seconds) % SLOTS;
    if (this.#seconds[slot] !== seconds) {
      this.#seconds[slot] = seconds;
      this.#texts[slot] = textOf(seconds);
    }
    return this.#texts[slot]!;
  }
}

/** Past the years that a Date knows, a text that no reader takes for a time; Go writes a year of more than four digits. */
function textOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return 'beyond all times';
  return date.toISOString().replace(/^\+0?|\.\d+(?=Z$)/g, '');
}

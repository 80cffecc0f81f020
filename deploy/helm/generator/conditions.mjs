import { FLAGS, MODES } from './variants.mjs';

/** One thing that a choice is or is not: `mode=main`, `mode!=main`, `webhook`, `!webhook`. */
const LITERALS = [
  ...FLAGS.flatMap((flag) => [flag, `!${flag}`]),
  ...MODES.map((mode) => `mode=${mode}`),
  ...MODES.map((mode) => `mode!=${mode}`),
];

const holds = (literal, { mode, flags }) => {
  const [, not, name, value] = /^(!?)(\w+?)(?:(?:!?=)(.+))?$/.exec(literal);
  if (value === undefined) return flags.includes(name) !== (not === '!');
  return (mode === value) !== literal.includes('!=');
};

/** All ways to take up to three literals, the shortest first. */
const CONJUNCTIONS = [
  ...LITERALS.map((a) => [a]),
  ...LITERALS.flatMap((a, i) => LITERALS.slice(i + 1).map((b) => [a, b])),
  ...LITERALS.flatMap((a, i) =>
    LITERALS.slice(i + 1).flatMap((b, j) => LITERALS.slice(i + j + 2).map((c) => [a, b, c])),
  ),
];

/** Says, by literals, which of many variants are meant. */
export class Conditions {
  #variants;
  #known = new Map();

  constructor(variants) {
    this.#variants = variants;
  }

  /**
   * @param {Set<number>} some the variants that are meant
   * @param {Set<number>} among all that come into question where the condition stands
   * @returns {string[] | undefined} literals that hold together in exactly those; undefined: in all
   */
  of(some, among) {
    if (some.size === among.size) return undefined;
    const key = `${[...some].join()}|${[...among].join()}`;
    if (!this.#known.has(key)) this.#known.set(key, this.#find(some, among));
    return this.#known.get(key);
  }

  #find(some, among) {
    const isIt = (literals) =>
      [...among].every((i) => literals.every((literal) => holds(literal, this.#variants[i])) === some.has(i));
    const found = CONJUNCTIONS.find(isIt);
    if (found) return found;
    const names = [...some].map((i) => `${this.#variants[i].mode}+${this.#variants[i].flags.join('+')}`);
    throw new Error(
      `no three literals tell these variants from the others, so the chart cannot say when this applies: ${names.join(', ')}. ` +
        'Make the components more alike, or give the part a file of its own.',
    );
  }
}

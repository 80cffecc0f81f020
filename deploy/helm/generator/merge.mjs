/**
 * Lays the same object of many variants over each other. What all variants share stands there once; what only some have
 * carries the set of these variants.
 */

/** Stands for a value that a user may set: its name, and what it is in the kustomizations. */
export class Param {
  constructor(name, value) {
    this.name = name;
    this.value = value;
  }
}

/** A place for lines that only the chart has. */
export class Slot {
  constructor(name) {
    this.slot = name;
  }
}

const isMap = (value) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Param) &&
  !(value instanceof Slot);

/**
 * @typedef {{ is: 'one', value: unknown }} One a scalar, a Param or a Slot
 * @typedef {{ is: 'map', parts: { key: string, node: Node, of: Set<number> }[] }} Map
 * @typedef {{ is: 'list', parts: { node: Node, of: Set<number> }[] }} List
 * @typedef {{ is: 'either', parts: { node: Node, of: Set<number> }[] }} Either
 * @typedef {One | Map | List | Either} Node
 */

/**
 * @param {{ variant: number, value: unknown }[]} given the value in each variant that has it
 * @returns {Node}
 */
export function merge(given) {
  const all = given.map(({ value }) => value);
  if (all.every(isMap)) return { is: 'map', parts: inOrder(given, Object.entries) };
  if (all.every(Array.isArray)) {
    // Items without names are the same where their places are.
    const [{ length }] = all;
    const byPlace = all.every((list) => list.length === length && list.every((item) => isMap(item) && !item.name));
    const keyed = (list) => list.map((item, i) => [byPlace ? i : (item?.name ?? JSON.stringify(item)), item]);
    return { is: 'list', parts: inOrder(given, keyed) };
  }
  const kinds = new Map();
  for (const one of given) {
    const text = JSON.stringify(one.value);
    kinds.set(text, [...(kinds.get(text) ?? []), one]);
  }
  if (kinds.size === 1) return { is: 'one', value: all[0] };
  return { is: 'either', parts: [...kinds.values()].map((some) => partOf(undefined, some)) };
}

const partOf = (key, given) => ({ key, node: mergeOne(given), of: new Set(given.map(({ variant }) => variant)) });
const mergeOne = (given) =>
  given.every(({ value }) => JSON.stringify(value) === JSON.stringify(given[0].value)) && !hasParts(given[0].value)
    ? { is: 'one', value: given[0].value }
    : merge(given);
const hasParts = (value) => isMap(value) || Array.isArray(value);

/** Merges lists of [key, value] so that each variant finds its own in its own order. */
function inOrder(given, entriesOf) {
  const keys = [];
  const found = new Map();
  for (const { variant, value } of given) {
    let last = -1;
    for (const [key, item] of entriesOf(value)) {
      if (!found.has(key)) {
        found.set(key, []);
        keys.splice(last + 1, 0, key);
      }
      found.get(key).push({ variant, value: item });
      last = keys.indexOf(key);
    }
  }
  return keys.map((key) => partOf(key, found.get(key)));
}

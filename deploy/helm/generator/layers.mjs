import { Conditions } from './conditions.mjs';
import { merge, Param, Slot } from './merge.mjs';
import { transform } from './values.mjs';
import { render, variants } from './variants.mjs';

const AT_A_TIME = 6;

const idOf = ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;

/**
 * Every object that `deploy/` can make, with the condition of each of its parts.
 * @returns {Promise<{ id: string, kind: string, name: string, when: string[] | undefined, node: Layer }[]>}
 *
 * @typedef {{ when: string[] | undefined, key?: string, node: Layer }} Part
 * @typedef {{ is: 'one', value: unknown } | { is: 'map' | 'list' | 'either', parts: Part[] }} Layer
 */
export async function layers() {
  const chosen = variants();
  const rendered = [];
  // kubectl waits more than it works.
  for (let i = 0; i < chosen.length; i += AT_A_TIME)
    rendered.push(...(await Promise.all(chosen.slice(i, i + AT_A_TIME).map(render))));
  const all = new Set(chosen.keys());
  const conditions = new Conditions(chosen);
  const byId = new Map();
  rendered.forEach((objects, variant) => {
    for (const object of objects.map(transform)) {
      const id = idOf(object);
      byId.set(id, [...(byId.get(id) ?? []), { variant, value: object }]);
    }
  });
  return [...byId].map(([id, given]) => {
    const of = new Set(given.map(({ variant }) => variant));
    const [{ value }] = given;
    const node = conditioned(merge(given), of, conditions);
    const [when] = [conditions.of(of, all)];
    return { id, kind: value.kind, name: value.metadata.name, when, node };
  });
}

/** Replaces sets of variants by conditions. */
function conditioned(node, among, conditions) {
  if (node.is === 'one') return node;
  return {
    is: node.is,
    parts: node.parts.map(({ key, node: inner, of }) => ({
      ...(key === undefined ? {} : { key }),
      when: conditions.of(of, among),
      node: conditioned(inner, of, conditions),
    })),
  };
}

const hasConditions = (node) =>
  node.is !== 'one' &&
  (node.is === 'either' || node.parts.some(({ when, node: inner }) => when || hasConditions(inner)));

/**
 * A layer as JSON, for src/cli/install: plain where nothing depends on a choice, and without what only the chart has.
 * @returns {unknown} undefined: it is nothing but slots of the chart
 */
export function toJson(node) {
  if (node.is === 'one') return plain(node.value);
  const parts = node.parts.flatMap(({ key, when, node: inner }) => {
    const value = toJson(inner);
    return value === undefined ? [] : [{ key, when: when?.join('&'), value }];
  });
  if (node.is === 'map' && parts.length === 0 && node.parts.length > 0) return undefined;
  if (!hasConditions(node)) {
    if (node.is === 'list') return parts.map(({ value }) => value);
    return Object.fromEntries(parts.map(({ key, value }) => [key, value]));
  }
  const of = parts.map(({ key, when, value }) => ({
    ...(when === undefined ? {} : { when }),
    ...(node.is === 'map' ? { key } : {}),
    value,
  }));
  return { [`$${node.is}`]: of };
}

function plain(value) {
  if (value instanceof Slot) return undefined;
  if (value instanceof Param) return { $param: value.name, value: value.value };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, plain(inner)]);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

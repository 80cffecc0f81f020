import { MusterError } from '../core/errors.ts';
import { viewOf } from './interning.ts';
import { shown } from './wording.ts';

/** A JSON object from outside. Read it with the functions below: they ignore inherited keys such as `constructor`. */
export type Json = Readonly<Record<string, unknown>>;

function bad(where: string, value: unknown, wanted: string): MusterError {
  return new MusterError('MUSTER_OBJECT_INVALID', `${where}: expected ${wanted}, got ${shown(value)}.`);
}

export function own(object: Json, key: string): unknown {
  const value = object[key];
  // Most keys that are asked for are absent.
  return value !== undefined && Object.hasOwn(object, key) ? value : undefined;
}

/** An object; undefined for null and for an absent key, since Go writes either for an unset field. */
export function objectAt(parent: Json, key: string, where: string): Json | undefined {
  const value = own(parent, key);
  return value === undefined || value === null ? undefined : asObject(value, `${where}.${key}`);
}

export function asObject(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(where, value, 'an object');
  return value as Json;
}

/** A list of objects; empty for null and for an absent key. */
export function objectsAt(parent: Json, key: string, where: string): readonly Json[] {
  return listAt(parent, key, where).map((item, i) => asObject(item, `${where}.${key}[${i}]`));
}

export function listAt(parent: Json, key: string, where: string): readonly unknown[] {
  const value = own(parent, key);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw bad(`${where}.${key}`, value, 'a list');
  return value;
}

export function textAt(parent: Json, key: string, where: string): string | undefined {
  const value = own(parent, key);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw bad(`${where}.${key}`, value, 'a string');
  return value;
}

/** A required string; it may not be empty. */
export function nameAt(parent: Json, key: string, where: string): string {
  const value = textAt(parent, key, where);
  if (value) return value;
  const found = value === '' ? 'empty' : own(parent, key) === null ? 'null' : 'missing';
  throw new MusterError('MUSTER_OBJECT_INVALID', `${where}.${key}: is required, but is ${found}.`);
}

export function textsAt(parent: Json, key: string, where: string): readonly string[] {
  return listAt(parent, key, where).map((item, i) => {
    if (typeof item !== 'string') throw bad(`${where}.${key}[${i}]`, item, 'a string');
    return item;
  });
}

export function integerAt(parent: Json, key: string, where: string): number | undefined {
  const value = own(parent, key);
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value)) throw bad(`${where}.${key}`, value, 'an integer');
  return value as number;
}

export function flagAt(parent: Json, key: string, where: string): boolean {
  const value = own(parent, key);
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw bad(`${where}.${key}`, value, 'true or false');
  return value;
}

/** Labels, annotations, selectors. Pods that share an object of labels share the map. */
export function textMapAt(parent: Json, key: string, where: string): ReadonlyMap<string, string> {
  const object = objectAt(parent, key, where);
  return object ? viewOf(object, () => textMapOf(object, `${where}.${key}`)) : new Map<string, string>();
}

function textMapOf(object: Json, where: string): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const [name, value] of Object.entries(object)) {
    if (typeof value !== 'string') throw bad(`${where}[${shown(name)}]`, value, 'a string');
    out.set(name, value);
  }
  return out;
}

import {
  isMap,
  isScalar,
  isSeq,
  visit,
  type Alias,
  type Document,
  type LineCounter,
  type Node,
  type YAMLMap,
} from 'yaml';
import { z } from 'zod';
import { PolicyFile } from './policy-schema.ts';
import { counted } from '../core/wording.ts';
import { nearestOf } from '../core/nearest.ts';
import { shown } from './wording.ts';

/** A parsed file, for finding line numbers. */
export interface Place {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** One mistake in a file. */
export interface Mistake {
  readonly line: number;
  /** Field, the expected value and the actual one. */
  readonly what: string;
}

/** More than a person reads at once. The limit also keeps a file full of mistakes from blocking the server. */
const MAX_MISTAKES = 50;
/** In one document: each alias costs a walk through the document. */
export const MAX_ALIASES = 100;

/** Mistakes in the YAML itself: syntax, tags, duplicate keys, keys that are not strings, aliases. */
export function yamlMistakes(place: Place): readonly Mistake[] {
  const { document, lines } = place;
  const out: Mistake[] = [];
  const add = (offset: number, what: string) => {
    if (out.length < MAX_MISTAKES) out.push({ line: lines.linePos(offset).line, what });
  };
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    add(pos[0], message.split('\n')[0]!.replace(/ at line \d.*$/, ''));
  }
  if (out.length > 0) return out;
  let aliases = 0;
  visit(document, {
    Map(_, map) {
      for (const { offset, what } of badKeys(map)) add(offset, what);
    },
    Alias(_, alias, path) {
      const what =
        ++aliases > MAX_ALIASES ? `must not have more than ${MAX_ALIASES} aliases` : badAlias(alias, path, document);
      if (what !== undefined) add(alias.range?.[0] ?? 0, what);
      return aliases > MAX_ALIASES ? visit.BREAK : undefined;
    },
  });
  return out;
}

/** Refuses `__proto__` too: as the key of an object it would be lost, or change the object's prototype. */
function badKeys(map: YAMLMap): readonly { readonly offset: number; readonly what: string }[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }) => {
    const offset = (key as Node | null)?.range?.[0] ?? 0;
    const isText = isScalar(key) && ['string', 'number', 'boolean'].includes(typeof key.value);
    if (!isText) return [{ offset, what: 'a key must be a string' }];
    const name = String(key.value);
    if (name === '__proto__') return [{ offset, what: '__proto__: unknown field' }];
    if (seen.has(name)) return [{ offset, what: `${name}: duplicate key` }];
    seen.add(name);
    return [];
  });
}

function badAlias(alias: Alias, path: readonly unknown[], document: Document.Parsed): string | undefined {
  const node = alias.resolve(document);
  if (!node) return `*${alias.source}: no anchor &${alias.source} comes before it`;
  return path.includes(node) ? `*${alias.source}: contains itself` : undefined;
}

/** The mistakes that the schema finds, by line. */
export function fieldMistakes(issues: readonly z.core.$ZodIssue[], place: Place): readonly Mistake[] {
  const out: Mistake[] = [];
  for (const issue of issues) {
    if (out.length >= MAX_MISTAKES) break;
    if (issue.code !== 'unrecognized_keys') out.push(mistake(issue.path, complaint(issue), place));
    else {
      const known = knownKeys(issue.path);
      for (const key of issue.keys.slice(0, MAX_MISTAKES)) {
        out.push(mistake([...issue.path, key], unknownKey(key, known), place));
      }
    }
  }
  return out.slice(0, MAX_MISTAKES).sort((a, b) => a.line - b.line);
}

/** `policies[0].members.strategy: ...` */
function mistake(path: readonly PropertyKey[], what: string, { document, lines }: Place): Mistake {
  const { line } = lines.linePos(offsetOf(path, document));
  const field = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return { line, what: `${field.replace(/^\./, '') || 'the file'}: ${what}` };
}

/** The offset of the deepest part of the path that exists in the file. */
function offsetOf(path: readonly PropertyKey[], document: Document.Parsed): number {
  let offset = 0;
  let node: unknown = document.contents;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (!pair) break;
      offset = (isScalar(pair.key) && pair.key.range?.[0]) || offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = (node as { range?: [number] } | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

/** The schema's types in the words of YAML. */
const TYPES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
};

/** The expected value and the actual one. */
function complaint(issue: z.core.$ZodIssue): string {
  // JSON has neither NaN nor Infinity; YAML has both.
  const value = typeof issue.input === 'number' ? String(issue.input) : shown(issue.input);
  switch (issue.code) {
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const near = suggestion(String(issue.input), allowed);
      return `expected ${oneOf(allowed)}, got ${value}${near}`;
    }
    case 'too_small':
      if (issue.origin === 'number') return `must be at least ${issue.minimum}, got ${value}`;
      return `must not be empty, got ${value}`;
    case 'too_big':
      if (issue.origin !== 'array') return `must be at most ${issue.maximum}, got ${value}`;
      return `must have at most ${counted(Number(issue.maximum), 'entry', 'entries')}`;
    case 'invalid_type': {
      const expected = TYPES[issue.expected] ?? issue.expected;
      return issue.input === undefined
        ? `is required, but is missing; expected ${expected}`
        : `expected ${expected}, got ${value}`;
    }
    default:
      return `${issue.message}, got ${value}`;
  }
}

const oneOf = (words: readonly string[]) => (words.length === 1 ? words[0]! : `one of ${words.join(', ')}`);

function unknownKey(key: string, known: readonly string[]): string {
  return `unknown field; expected ${oneOf(known)}${suggestion(key, known)}`;
}

interface Shape {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Shape>>;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly propertyNames?: { readonly enum?: readonly string[] };
  readonly additionalProperties?: Shape | boolean;
}

/** The fields that the schema allows in the map at the path. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const whole = z.toJSONSchema(PolicyFile, { io: 'input', unrepresentable: 'any' }) as Shape;
  let shape: Shape | undefined = whole;
  for (const key of path) shape = resolved(typeof key === 'number' ? shape?.items : fieldOf(shape, String(key)), whole);
  return shape?.propertyNames?.enum ?? Object.keys(shape?.properties ?? {});
}

function fieldOf(shape: Shape | undefined, key: string): Shape | undefined {
  const { properties, additionalProperties: others } = shape ?? {};
  return properties?.[key] ?? (typeof others === 'object' ? others : undefined);
}

/** A schema that contains itself, as queues do, is named by `#/$defs/NAME`. */
function resolved(shape: Shape | undefined, { $defs }: Shape): Shape | undefined {
  const name = shape?.$ref?.replace('#/$defs/', '');
  return name === undefined ? shape : $defs?.[name];
}

/** ` (did you mean pack?)`; '' if no known word is near. */
function suggestion(word: string, known: readonly string[]): string {
  const near = nearestOf(word, known);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

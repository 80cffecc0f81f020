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
import { shown } from './wording.ts';

/** A file as it was parsed, to find lines in. */
export interface Place {
  readonly fileName: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** One wrong thing in a file. */
export interface Mistake {
  readonly line: number;
  /** File, line, field, value, and what is allowed. */
  readonly text: string;
}

/** More than anybody reads at once; a file of nothing but mistakes must not keep the server busy. */
const MAX_MISTAKES = 50;
/** For one document; each costs a walk through it. */
export const MAX_ALIASES = 100;

/** What is wrong before any field is looked at: syntax, tags, keys twice, keys that are no text, aliases. */
export function yamlMistakes(place: Place): readonly Mistake[] {
  const { document, lines, fileName } = place;
  const out: Mistake[] = [];
  const add = (offset: number, what: string) => {
    const { line } = lines.linePos(offset);
    if (out.length < MAX_MISTAKES) out.push({ line, text: `${fileName}:${line}: ${what}` });
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
      const what = ++aliases > MAX_ALIASES ? `more than ${MAX_ALIASES} aliases` : badAlias(alias, path, document);
      if (what !== undefined) add(alias.range?.[0] ?? 0, what);
      return aliases > MAX_ALIASES ? visit.BREAK : undefined;
    },
  });
  return out;
}

/** `__proto__` as well: it would be lost, or worse, on the way into an object. */
function badKeys(map: YAMLMap): readonly { readonly offset: number; readonly what: string }[] {
  const seen = new Set<string>();
  return map.items.flatMap(({ key }) => {
    const offset = (key as Node | null)?.range?.[0] ?? 0;
    const isText = isScalar(key) && ['string', 'number', 'boolean'].includes(typeof key.value);
    if (!isText) return [{ offset, what: 'a key must be a text' }];
    const name = String(key.value);
    if (name === '__proto__') return [{ offset, what: '__proto__: is not a field' }];
    if (seen.has(name)) return [{ offset, what: `${name}: is there twice in one map` }];
    seen.add(name);
    return [];
  });
}

function badAlias(alias: Alias, path: readonly unknown[], document: Document.Parsed): string | undefined {
  const node = alias.resolve(document);
  if (!node) return `*${alias.source}: there is no anchor of this name before it`;
  return path.includes(node) ? `*${alias.source}: contains itself` : undefined;
}

/** The schema's complaints in words, by line. */
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

/** `etl.yaml:7: policies[0].members.strategy: ...` */
function mistake(path: readonly PropertyKey[], what: string, { fileName, document, lines }: Place): Mistake {
  const { line } = lines.linePos(offsetOf(path, document));
  const field = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return { line, text: `${fileName}:${line}: ${field.replace(/^\./, '') || 'the file'}: ${what}` };
}

/** Where the deepest part of the path that the file has begins. */
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

/** The schema's types as the file's author calls them. */
const TYPES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** What is there, and what is allowed. */
function complaint(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const near = suggestion(String(issue.input), allowed);
      return `${shown(issue.input)} is not allowed; allowed: ${allowed.join(', ')}${near}`;
    }
    case 'too_small':
      if (issue.origin === 'number') return `${shown(issue.input)} is too small; at least ${issue.minimum} is allowed`;
      return `${shown(issue.input)} is empty; at least ${issue.minimum} ${issue.origin === 'array' ? 'entry' : 'character'} is needed`;
    case 'too_big':
      if (issue.origin === 'array') return `is too long; at most ${issue.maximum} entries are allowed`;
      return `${shown(issue.input)} is too large; at most ${issue.maximum} is allowed`;
    case 'invalid_type': {
      const wanted = TYPES[issue.expected] ?? issue.expected;
      if (issue.input === undefined) return `is missing; ${wanted} is needed`;
      // JSON has neither NaN nor Infinity; YAML has both.
      const value = typeof issue.input === 'number' ? String(issue.input) : shown(issue.input);
      return `${value} is not allowed; ${wanted} is allowed`;
    }
    default:
      return `${shown(issue.input)}: ${issue.message}`;
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  return `is not a field; allowed: ${known.join(', ')}${suggestion(key, known)}`;
}

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly propertyNames?: { readonly enum?: readonly string[] };
}

/** The fields of the map at the path, as the schema has them. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let shape: Shape | undefined = z.toJSONSchema(PolicyFile, { io: 'input', unrepresentable: 'any' }) as Shape;
  for (const key of path) shape = typeof key === 'number' ? shape?.items : shape?.properties?.[String(key)];
  return shape?.propertyNames?.enum ?? Object.keys(shape?.properties ?? {});
}

/** The nearest known word, where it is no further than half of what was written. */
function suggestion(word: string, known: readonly string[]): string {
  let [near, least] = ['', Math.max(2, Math.floor(word.length / 2)) + 1];
  for (const one of word.length <= 40 ? known : []) {
    const far = distance(one.toLowerCase(), word.toLowerCase());
    if (far < least) [near, least] = [one, far];
  }
  return near === '' ? '' : ` (did you mean ${near}?)`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    }
    row = next;
  }
  return row[b.length]!;
}

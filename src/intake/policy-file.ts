import { LineCounter, isMap, isScalar, isSeq, parseDocument, parseAllDocuments, type Document } from 'yaml';
import { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import {
  DEFAULT_POLICY,
  SCORERS,
  STRATEGIES,
  type Policy,
  type Preference,
  type ScorerName,
} from '../core/policy/policy.ts';
import { parseDuration } from './duration.ts';
import { shown } from './quantity.ts';

const MAX_BYTES = 1024 * 1024;

const text = z.string();
const labels = z.record(text, text).transform((record) => new Map(Object.entries(record)));
const weight = z.number().min(0).max(1000);

function duration(fallbackMs: number) {
  return z
    .union([text, z.number()])
    .transform((value, ctx) => {
      const ms = parseDuration(String(value));
      if (ms !== undefined) return ms;
      ctx.issues.push({
        code: 'custom',
        input: value,
        message: 'a duration such as 90s, 10m, 1h30m, 0 or never is allowed',
      });
      return z.NEVER;
    })
    .default(fallbackMs);
}

function preference(fallback: Preference) {
  return z
    .strictObject({
      strategy: z.enum(STRATEGIES).default(fallback.strategy),
      weights: z
        .partialRecord(z.enum(SCORERS), weight)
        .default({})
        .transform((record) => new Map(Object.entries(record) as [ScorerName, number][])),
      requireLabels: labels.default(new Map()),
      pools: z.array(z.strictObject({ key: text, value: text, weight: z.number().min(-1000).max(1000) })).default([]),
      spot: z.enum(['prefer', 'avoid']).default(fallback.spot),
    })
    .prefault({});
}

const PolicySchema = z
  .strictObject({
    name: text.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a DNS label is allowed (small letters, digits, -)'),
    match: z.strictObject({ namespaces: z.array(text).default([]), labels: labels.default(new Map()) }).prefault({}),
    gangs: z
      .union([z.enum(['on', 'off']), z.boolean()], { error: 'on or off is allowed' })
      .transform((value): 'on' | 'off' => (value === true || value === 'on' ? 'on' : 'off'))
      .default('on'),
    leader: preference(DEFAULT_POLICY.leader),
    members: preference(DEFAULT_POLICY.members),
    topology: z
      .strictObject({
        mode: z.enum(['require', 'prefer', 'none']).default('none'),
        keys: z.array(text).default([]),
        leader: z.boolean().default(true),
      })
      .prefault({}),
    queue: z.strictObject({ blockAfter: duration(DEFAULT_POLICY.queue.blockAfterMs) }).prefault({}),
    reservation: z
      .strictObject({
        unclaimed: duration(DEFAULT_POLICY.reservation.unclaimedMs),
        successor: duration(DEFAULT_POLICY.reservation.successorMs),
      })
      .prefault({}),
    spotLabels: z
      .record(text, z.array(text))
      .transform((record) => new Map(Object.entries(record)))
      .optional(),
    nodeLabel: z.strictObject({ key: text.min(1), better: z.enum(['lower', 'higher']).default('lower') }).optional(),
  })
  .superRefine((policy, ctx) => {
    const wrong = (path: string[], input: unknown, message: string) =>
      ctx.addIssue({ code: 'custom', path, input, message });
    if (policy.topology.mode !== 'none' && policy.topology.keys.length === 0) {
      wrong(['topology', 'keys'], [], `mode ${policy.topology.mode} needs at least one node label key`);
    }
    for (const side of ['leader', 'members'] as const) {
      const { strategy, weights } = policy[side];
      // What is wrong with the weights themselves has been told already.
      if (!(weights instanceof Map)) continue;
      if (strategy === 'weighted' && ![...weights.values()].some((value) => value > 0)) {
        wrong([side, 'weights'], {}, `strategy weighted needs a weight above 0 for one of ${SCORERS.join(', ')}`);
      }
      if ((weights.get('nodeLabel') ?? 0) > 0 && !policy.nodeLabel) {
        wrong([side, 'weights', 'nodeLabel'], weights.get('nodeLabel'), 'needs nodeLabel.key, the label to read');
      }
    }
  });

const FileSchema = z.strictObject({ policies: z.array(PolicySchema).min(1) });

/**
 * The policies of a file, in its order.
 * @param text YAML (or JSON, which is YAML)
 * @throws MusterError MUSTER_POLICY_INVALID that lists every mistake, a line each: file, line, field, value, what is allowed
 */
export function parsePolicies(source: string, fileName: string): readonly Policy[] {
  if (Buffer.byteLength(source) > MAX_BYTES) throw invalid([`${fileName}: larger than ${MAX_BYTES} bytes`]);
  const lines = new LineCounter();
  if (parseAllDocuments(source).length > 1) throw invalid([`${fileName}: has several YAML documents; one is allowed`]);
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw invalid(
      document.errors.map(
        (one) =>
          `${fileName}:${lines.linePos(one.pos[0]).line}: ${one.message.split('\n')[0]!.replace(/ at line.*$/, '')}`,
      ),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw invalid([`${fileName}: ${(error as Error).message}`]);
  }
  const parsed = FileSchema.safeParse(value, { reportInput: true });
  const at: Place = { fileName, document, lines };
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap((issue) => describe(issue, at)));
  const policies = parsed.data.policies.map(toPolicy);
  const twice = policies.findIndex(({ name }, i) => policies.findIndex((other) => other.name === name) !== i);
  if (twice >= 0)
    throw invalid([
      `${located(['policies', twice, 'name'], at)}: ${shown(policies[twice]!.name)} is the name of two policies`,
    ]);
  return policies;
}

function toPolicy(file: z.output<typeof PolicySchema>): Policy {
  return {
    name: file.name,
    match: file.match,
    gangs: file.gangs,
    leader: file.leader,
    members: file.members,
    topology: file.topology,
    queue: { blockAfterMs: file.queue.blockAfter },
    reservation: { unclaimedMs: file.reservation.unclaimed, successorMs: file.reservation.successor },
    spotLabels: file.spotLabels ?? DEFAULT_POLICY.spotLabels,
    nodeLabel: file.nodeLabel ?? DEFAULT_POLICY.nodeLabel,
  };
}

interface Place {
  readonly fileName: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

const invalid = (mistakes: readonly string[]) => new MusterError('MUSTER_POLICY_INVALID', `${mistakes.join('\n')}.`);

/** `etl.yaml:7: policies[0].members.strategy` */
function located(path: readonly PropertyKey[], { fileName, document, lines }: Place): string {
  const field = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return `${fileName}:${lineOf(path, document, lines)}: ${field.replace(/^\./, '') || 'the file'}`;
}

/** The line of the deepest part of the path that the file has. */
function lineOf(path: readonly PropertyKey[], document: Document.Parsed, lines: LineCounter): number {
  let offset = 0;
  let node: unknown = document.contents;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (!pair) break;
      offset = (isScalar(pair.key) && pair.key.range?.[0]) || offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = (node as { range?: [number] } | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}

/** One line for each mistake: what is there, and what is allowed. */
function describe(issue: z.core.$ZodIssue, at: Place): string[] {
  const where = located(issue.path, at);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `${located([...issue.path, key], at)}: ${unknownKey(key, issue.path)}`);
    case 'invalid_value':
      return [
        `${where}: ${shown(issue.input)} is not allowed; allowed: ${issue.values.join(', ')}${suggestion(String(issue.input), issue.values.map(String))}`,
      ];
    case 'too_small':
      return [`${where}: ${shown(issue.input)} is too small; at least ${issue.minimum} is allowed`];
    case 'too_big':
      return [`${where}: ${shown(issue.input)} is too large; at most ${issue.maximum} is allowed`];
    case 'invalid_type':
      return [
        issue.input === undefined
          ? `${where}: is missing; ${issue.expected} is allowed`
          : `${where}: ${shown(issue.input)} is not allowed; ${issue.expected} is allowed`,
      ];
    default:
      return [`${where}: ${shown(issue.input)}: ${issue.message}`];
  }
}

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  if (path.at(-1) !== 'weights') return `is not a field${suggestion(key, knownKeys(path))}`;
  return `is not a scorer; allowed: ${SCORERS.join(', ')}${suggestion(key, SCORERS)}`;
}

/** The fields of the object at the path, as the schema has them. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let node: unknown = z.toJSONSchema(FileSchema, { io: 'input', unrepresentable: 'any' });
  for (const key of path) {
    const schema = node as { properties?: Record<string, unknown>; items?: unknown };
    node = typeof key === 'number' ? schema.items : schema.properties?.[String(key)];
  }
  return Object.keys((node as { properties?: object } | undefined)?.properties ?? {});
}

function suggestion(word: string, known: readonly string[]): string {
  const near = known.find(
    (one) => distance(one.toLowerCase(), word.toLowerCase()) <= Math.max(2, Math.floor(word.length / 2)),
  );
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 5) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length]!;
}

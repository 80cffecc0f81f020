import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import { MusterError } from '../core/errors.ts';
import { DEFAULT_POLICY } from '../core/policy/policy.ts';
import type { Rules } from '../core/policy/rules.ts';
import { MAX_ALIASES, fieldMistakes, yamlMistakes, type Mistake } from './policy-mistakes.ts';
import { PolicyFile, toRules } from './policy-schema.ts';
import { nestingMistake } from './queue-nesting.ts';
import type { Finding } from './finding.ts';
import { tenancyFields } from './tenancy-schema.ts';
import { tenancyFindings } from './tenancy-mistakes.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * What a policy file says.
 * @param source YAML or JSON
 * @throws MusterError MUSTER_POLICY_INVALID that lists every mistake on a line of its own: file, line, field, expected
 *   and actual value
 */
export function parseRules(source: string, fileName: string): Rules {
  return inspectRules(source, fileName).rules;
}

/** Rules, and what they say that hardly anybody means. */
export interface InspectedRules {
  readonly rules: Rules;
  /** File, line, field and what is odd, one sentence each. */
  readonly warnings: readonly string[];
}

/** As `parseRules`, with warnings. */
export function inspectRules(source: string, fileName: string): InspectedRules {
  return inspected(source, fileName, (line) => `${fileName}:${line}`);
}

/**
 * As `parseRules`.
 * @param placeOf the words for a line of the text, in mistakes
 */
export const rulesIn = (source: string, name: string, placeOf: (line: number) => string): Rules =>
  inspected(source, name, placeOf).rules;

function inspected(source: string, name: string, placeOf: (line: number) => string): InspectedRules {
  if (Buffer.byteLength(source) > MAX_BYTES) throw invalid(`${name}: must be at most ${MAX_BYTES} bytes large`);
  const lines = new LineCounter();
  // yamlMistakes finds duplicate keys: the package's own check takes quadratic time.
  const [document, second] = parseAllDocuments(source, { lineCounter: lines, uniqueKeys: false });
  if (document === undefined) throw invalid(`${name}: ${EMPTY}`);
  if (second) throw invalid(`${name}: expected one YAML document, got several`);
  const place = { document, lines };
  const lined = (found: readonly Mistake[]) => found.map(({ line, what }) => `${placeOf(line)}: ${what}`);
  const refuse = (found: readonly Mistake[]) => {
    if (found.length > 0) throw invalid(lined(found).join('\n'));
  };
  refuse(yamlMistakes(place));
  const value = valueOf(document, name);
  const nesting = nestingMistake(value);
  refuse(fieldMistakes(nesting ? [issueOf(nesting)] : [], place));
  const parsed = PolicyFile.safeParse(withPolicies(value), { reportInput: true });
  if (!parsed.success) throw invalid(lined(fieldMistakes(parsed.error.issues, place)).join('\n'));
  const rules = toRules(parsed.data);
  const findings = tenancyFindings(rules.tenancy);
  const of = (kind: Finding['kind']) => fieldMistakes(findings.filter((one) => one.kind === kind).map(issueOf), place);
  refuse(of('mistake'));
  return { rules, warnings: lined(of('warning')) };
}

const EMPTY = 'is empty; expected a map with policies or queues';

function valueOf(document: Document.Parsed, name: string): unknown {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw invalid(`${name}: ${(error as Error).message}`);
  }
  if (value === null) throw invalid(`${name}: ${EMPTY}`);
  return value;
}

/** Issues of the schema and findings say where they stand in the same way. */
const issueOf = ({ path, message, input }: Omit<Finding, 'kind'>) => ({
  code: 'custom' as const,
  ...{ path: [...path], message, input },
});

/** Who says who shares the cluster need not say policies: the default one counts. */
function withPolicies(file: unknown): unknown {
  if (typeof file !== 'object' || file === null || Array.isArray(file) || Object.hasOwn(file, 'policies')) return file;
  const isSaid = Object.keys(tenancyFields).some((field) => Object.hasOwn(file, field));
  return isSaid ? { policies: [{ name: DEFAULT_POLICY.name }], ...file } : file;
}

function invalid(text: string): MusterError {
  return new MusterError('MUSTER_POLICY_INVALID', `${text}.`);
}

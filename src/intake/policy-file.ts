import { LineCounter, parseAllDocuments } from 'yaml';
import { MusterError } from '../core/errors.ts';
import { DEFAULT_POLICY } from '../core/policy/policy.ts';
import type { Rules } from '../core/policy/rules.ts';
import { MAX_ALIASES, fieldMistakes, yamlMistakes, type Mistake } from './policy-mistakes.ts';
import { PolicyFile, toRules } from './policy-schema.ts';
import { nestingMistake } from './queue-nesting.ts';
import { tenancyFields } from './tenancy-schema.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * What a policy file says.
 * @param source YAML or JSON
 * @throws MusterError MUSTER_POLICY_INVALID that lists every mistake on a line of its own: file, line, field, expected
 *   and actual value
 */
export function parseRules(source: string, fileName: string): Rules {
  return rulesIn(source, fileName, (line) => `${fileName}:${line}`);
}

/**
 * As `parseRules`.
 * @param placeOf the words for a line of the text, in mistakes
 */
export function rulesIn(source: string, name: string, placeOf: (line: number) => string): Rules {
  if (Buffer.byteLength(source) > MAX_BYTES) throw invalid(`${name}: must be at most ${MAX_BYTES} bytes large`);
  const lines = new LineCounter();
  // yamlMistakes finds duplicate keys: the package's own check takes quadratic time.
  const [document, second] = parseAllDocuments(source, { lineCounter: lines, uniqueKeys: false });
  if (document === undefined) throw invalid(`${name}: is empty; expected a map with policies or queues`);
  if (second) throw invalid(`${name}: expected one YAML document, got several`);
  const place = { document, lines };
  const listed = (mistakes: readonly Mistake[]) =>
    mistakes.map(({ line, what }) => `${placeOf(line)}: ${what}`).join('\n');
  const mistakes = yamlMistakes(place);
  if (mistakes.length > 0) throw invalid(listed(mistakes));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw invalid(`${name}: ${(error as Error).message}`);
  }
  if (value === null) throw invalid(`${name}: is empty; expected a map with policies`);
  const nesting = nestingMistake(value);
  if (nesting) throw invalid(listed(fieldMistakes([{ code: 'custom', ...nesting, path: [...nesting.path] }], place)));
  const parsed = PolicyFile.safeParse(withPolicies(value), { reportInput: true });
  if (!parsed.success) throw invalid(listed(fieldMistakes(parsed.error.issues, place)));
  return toRules(parsed.data);
}

/** Who says who shares the cluster need not say policies: the default one counts. */
function withPolicies(file: unknown): unknown {
  if (typeof file !== 'object' || file === null || Array.isArray(file) || Object.hasOwn(file, 'policies')) return file;
  const isSaid = Object.keys(tenancyFields).some((field) => Object.hasOwn(file, field));
  return isSaid ? { policies: [{ name: DEFAULT_POLICY.name }], ...file } : file;
}

function invalid(text: string): MusterError {
  return new MusterError('MUSTER_POLICY_INVALID', `${text}.`);
}

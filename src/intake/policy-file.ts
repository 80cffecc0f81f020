import { LineCounter, parseAllDocuments } from 'yaml';
import { MusterError } from '../core/errors.ts';
import type { Policy } from '../core/policy/policy.ts';
import { MAX_ALIASES, fieldMistakes, yamlMistakes, type Mistake } from './policy-mistakes.ts';
import { PolicyFile, toPolicies } from './policy-schema.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * The policies of a file, in its order.
 * @param source YAML (or JSON, which is YAML)
 * @throws MusterError MUSTER_POLICY_INVALID that lists every mistake, a line each: file, line, field, value, what is allowed
 */
export function parsePolicies(source: string, fileName: string): readonly Policy[] {
  if (Buffer.byteLength(source) > MAX_BYTES) throw invalid(`${fileName}: larger than ${MAX_BYTES} bytes`);
  const lines = new LineCounter();
  // Keys that are there twice are found by yamlMistakes: the package's own check takes quadratic time.
  const [document, second] = parseAllDocuments(source, { lineCounter: lines, uniqueKeys: false });
  if (document === undefined) throw invalid(`${fileName}: is empty; a map with policies is needed`);
  if (second) throw invalid(`${fileName}: has several YAML documents; one is allowed`);
  const place = { fileName, document, lines };
  report(yamlMistakes(place));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw invalid(`${fileName}: ${(error as Error).message}`);
  }
  if (value === null) throw invalid(`${fileName}: is empty; a map with policies is needed`);
  const parsed = PolicyFile.safeParse(value, { reportInput: true });
  if (!parsed.success) report(fieldMistakes(parsed.error.issues, place));
  return toPolicies(parsed.data!);
}

function report(mistakes: readonly Mistake[]): void {
  if (mistakes.length > 0) throw invalid(mistakes.map(({ text }) => text).join('\n'));
}

function invalid(text: string): MusterError {
  return new MusterError('MUSTER_POLICY_INVALID', `${text}.`);
}

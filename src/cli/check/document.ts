import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import { MusterError } from '../../core/errors.ts';
import { fieldMistakes, MAX_ALIASES, yamlMistakes } from '../../intake/policy-mistakes.ts';

/** A YAML or JSON file as its kind is found out. */
export interface FileText {
  readonly file: string;
  readonly text: string;
  /** undefined: the text is no YAML, or empty. */
  readonly value: unknown;
}

/** What is wrong with a field, or odd. */
export interface FieldFinding {
  readonly kind: 'mistake' | 'warning';
  readonly path: readonly PropertyKey[];
  /** What is expected, and what to do; the value is added. */
  readonly message: string;
  readonly input: unknown;
}

/** Reads the first document; mistakes of the YAML are told by whoever checks the kind. */
export function fileText(file: string, text: string): FileText {
  const [document] = parseAllDocuments(text, { uniqueKeys: false });
  try {
    return {
      file,
      text,
      value: document && document.errors.length === 0 ? document.toJS({ maxAliasCount: MAX_ALIASES }) : undefined,
    };
  } catch {
    return { file, text, value: undefined };
  }
}

/**
 * Findings as sentences `FILE:LINE: FIELD: WHAT`.
 * @returns the warnings
 * @throws MusterError MUSTER_USAGE with all mistakes, those of the YAML first
 */
export function reported({ file, text }: FileText, find: () => readonly FieldFinding[]): readonly string[] {
  const lines = new LineCounter();
  const [document] = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false });
  if (document === undefined) throw new MusterError('MUSTER_USAGE', `${file}: is empty.`);
  const place = { document: document as Document.Parsed, lines };
  const lined = (found: ReturnType<typeof fieldMistakes>) => found.map(({ line, what }) => `${file}:${line}: ${what}`);
  const refuse = (found: readonly string[]) => {
    if (found.length > 0) throw new MusterError('MUSTER_USAGE', `${found.join('\n')}.`);
  };
  refuse(lined(yamlMistakes(place)));
  const findings = find();
  const of = (kind: FieldFinding['kind']) =>
    lined(fieldMistakes(findings.filter((one) => one.kind === kind).map(issueOf), place));
  refuse(of('mistake'));
  return of('warning');
}

const issueOf = ({ path, message, input }: FieldFinding) => ({
  code: 'custom' as const,
  ...{ path: [...path], message, input },
});

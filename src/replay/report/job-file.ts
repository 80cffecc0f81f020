import type { JobRecord } from '../job-record.ts';

type Kind = 'text' | 'number' | 'flag' | 'json';

/** The columns of a record in CSV, named by their path in the record; lists are JSON in one cell. */
const COLUMNS: readonly (readonly [path: string, kind: Kind])[] = [
  ['policy', 'text'],
  ['id', 'text'],
  ['namespace', 'text'],
  ['queue', 'text'],
  ['user', 'text'],
  ['priority', 'number'],
  ['members', 'number'],
  ['needed', 'number'],
  ['cpuMilli', 'number'],
  ['submitMs', 'number'],
  ['askedMs', 'number'],
  ['reservedMs', 'number'],
  ['beganMs', 'number'],
  ['endedMs', 'number'],
  ['told.atMs', 'number'],
  ['told.aboutMs', 'number'],
  ['told.promisedMs', 'number'],
  ['told.isKept', 'flag'],
  ['told.because', 'text'],
  ['forecast.medianMs', 'number'],
  ['forecast.p90Ms', 'number'],
  ['forecast.ranMs', 'number'],
  ['outcome', 'text'],
  ['isLarger', 'flag'],
  ['waitMs', 'number'],
  ['isWaitOpen', 'flag'],
  ['completionMs', 'number'],
  ['isCompletionOpen', 'flag'],
  ['slowdown', 'number'],
  ['runAloneMs', 'number'],
  ['work.submitted', 'number'],
  ['work.done', 'number'],
  ['work.lostToEvictions', 'number'],
  ['work.lostToFailures', 'number'],
  ['work.inWindow', 'number'],
  ['held.work', 'number'],
  ['held.partial', 'number'],
  ['held.starting', 'number'],
  ['held.broken', 'number'],
  ['podsBound', 'number'],
  ['evictions', 'number'],
  ['timesBroken', 'number'],
  ['reruns', 'number'],
  ['deadlineMs', 'number'],
  ['missedDeadline', 'flag'],
  ['inversionMs', 'number'],
  ['longest', 'text'],
  ['waited', 'json'],
  ['phases', 'json'],
];

export const CSV_HEADER = COLUMNS.map(([path]) => path).join(',');

/** The record as a line of CSV (RFC 4180), without line break. */
export const toCsv = (record: JobRecord): string =>
  COLUMNS.map(([path, kind]) => {
    const value = valueAt(record, path);
    return value === undefined ? '' : cell(kind === 'text' ? (value as string) : JSON.stringify(value));
  }).join(',');

const valueAt = (record: JobRecord, path: string) =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], record);

const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * The record of a line of CSV, unchecked. A cell that is no number becomes NaN.
 * @param row its cells by the names of the header
 * @throws SyntaxError for a list that is not JSON
 */
export function fromCsv(row: Readonly<Record<string, string>>): unknown {
  const record: Record<string, unknown> = {};
  for (const [path, kind] of COLUMNS) {
    const text = row[path] ?? '';
    if (text === '' && !ALWAYS_THERE.has(path)) continue;
    const [key = '', inner] = path.split('.');
    if (inner === undefined) record[key] = valueOf(text, kind);
    else record[key] = { ...(record[key] as object | undefined), [inner]: valueOf(text, kind) };
  }
  return record;
}

/** Columns in which an empty cell is an empty text. */
const ALWAYS_THERE = new Set(['queue', 'user', 'namespace']);

function valueOf(text: string, kind: Kind): unknown {
  if (kind === 'json') return JSON.parse(text);
  if (kind === 'flag') return text === 'true';
  return kind === 'number' ? Number(text) : text;
}

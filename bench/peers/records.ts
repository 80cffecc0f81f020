import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Measured } from './measure.ts';
import type { Sizes } from './options.ts';

/** A measurement as it stands in a file, one JSON object a line. */
export interface Record extends Sizes, Measured {
  readonly side: string;
  readonly round: number;
  /** The commit that was measured, and what it ran on. */
  readonly revision: string;
  readonly machine: string;
  /** When it ended, in ISO 8601. */
  readonly at: string;
}

type Key = Sizes & Pick<Record, 'side' | 'round'>;

/** @throws Error that names the file and the line that is no measurement */
export function readRecords(file: string): Record[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, i) => (line === '' ? [] : [recordOf(line, `${file}, line ${i + 1}`)]));
}

function recordOf(line: string, where: string): Record {
  try {
    const record = JSON.parse(line) as Partial<Record> | null;
    if (typeof record?.side === 'string' && typeof record.podsPerSecond === 'number') return record as Record;
  } catch {
    // Not JSON: said below.
  }
  throw new Error(`${where} is no measurement of bench:peers. Name another file, or remove the line.`);
}

export const appendRecord = (file: string, record: Record): void => appendFileSync(file, `${JSON.stringify(record)}\n`);

export const isSameSize = (a: Sizes, b: Sizes): boolean =>
  (['nodes', 'cores', 'gangs', 'executors', 'qps', 'driverFirst'] as const).every((name) => a[name] === b[name]);

export const has = (records: readonly Record[], key: Key): boolean =>
  records.some((one) => one.side === key.side && one.round === key.round && isSameSize(one, key));

/** Each round begins with the next side, and every second one goes backwards. */
export function orderOf<T>(sides: readonly T[], round: number): readonly T[] {
  const at = round % sides.length;
  const turned = [...sides.slice(at), ...sides.slice(0, at)];
  return round % 2 === 0 ? turned : turned.reverse();
}

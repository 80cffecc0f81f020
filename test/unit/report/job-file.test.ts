import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import type { JobRecord } from '../../../src/replay/job-record.ts';
import { CSV_HEADER, fromCsv, toCsv } from '../../../src/replay/report/job-file.ts';
import { jobRecord } from '../../support/job-record.ts';

const read = (line: string) =>
  fromCsv(parse<Record<string, string>>(`${CSV_HEADER}\n${line}\n`, { columns: true })[0] ?? {});

/** The paths of all values in a record; lists are values. */
const paths = (value: object, before = ''): string[] =>
  Object.entries(value).flatMap(([key, one]) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? paths(one as object, `${before}${key}.`)
      : [`${before}${key}`],
  );

const late = jobRecord({
  user: 'a "b", c\nd',
  deadlineMs: 1000,
  missedDeadline: true,
  queue: '',
  told: { atMs: 10_000, aboutMs: 40_000, promisedMs: 60_000, isKept: false, because: 'overtaken' },
  forecast: { medianMs: 500_000, p90Ms: 900_000, ranMs: 620_000 },
});

test('a record comes back from CSV as it was, absent fields absent', () => {
  expect(read(toCsv(late))).toEqual(late);
  const waiting: Partial<JobRecord> = { ...jobRecord() };
  for (const key of ['askedMs', 'reservedMs', 'beganMs', 'endedMs', 'longest'] as const) delete waiting[key];
  expect(read(toCsv(waiting as JobRecord))).toEqual(waiting);
});

test('CSV has a column for every field', () => {
  expect(CSV_HEADER.split(',').sort()).toEqual(paths(late).sort());
});

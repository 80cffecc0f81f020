import { ROWS, type Row } from './rows.ts';

/** A row of the comparison that the verdict speaks of, with its name in a sentence. */
export interface Criterion extends Row {
  readonly name: string;
}

/** The rows by their short labels. */
const NAMES: Readonly<Record<string, string>> = {
  'wait mean': 'mean wait',
  'wait p95': 'p95 wait',
  'slowdown mean': 'mean slowdown',
  'jobs done': 'jobs done',
  unfinished: 'unfinished jobs',
  'work in window': 'work done in the submission window',
  'core-h lost to evictions': 'core-hours lost to evictions',
  'core-h lost to failures': 'core-hours lost to node failures',
};

/** What the verdict compares, and the pictures of a sweep show run by run. */
export const CRITERIA: readonly Criterion[] = ROWS.flatMap((row) => {
  const name = NAMES[row.short];
  return name === undefined ? [] : [{ ...row, name }];
});

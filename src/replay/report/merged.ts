import { MusterError } from '../../core/errors.ts';
import type { PolicyResult, ReplayResult } from '../result.ts';
import { compare, differenceText } from './compare.ts';
import { count, printable } from './format.ts';
import { medianOf } from './paired.ts';
import { fold, rowsOf, type Row } from './rows.ts';
import { columnsOf, commonInputs, perWorkload, type Column } from './runs.ts';
import { textTable } from './text-table.ts';

/** A result and the name of its file. */
export interface NamedResult {
  readonly name: string;
  readonly result: ReplayResult;
}

export interface MergedOptions {
  /** The column that the others are compared with; default: the first. */
  readonly baseline?: string | undefined;
  /** Columns of the terminal. */
  readonly width: number;
}

/**
 * The results of many runs as two tables: for each policy the median over its runs, with minimum and maximum; and how
 * much the other policies differ from the baseline, pair by pair.
 * @throws MusterError MUSTER_RESULT_INVALID for a run that is there twice, or without any run
 */
export function mergedTable(results: readonly NamedResult[], { baseline, width }: MergedOptions): string {
  const whole = results.filter(({ result }) => result.complete);
  const columns = columnsOfFiles(whole);
  const base = baselineOf(columns, baseline);
  const policies = columns.flatMap(({ runs }) => [...runs.values()]);
  const rows = fold(rowsOf(policies), policies).shown;
  const partial = results.filter((one) => !whole.includes(one)).map(({ name }) => `left out, stopped early: ${name}`);
  const uneven = isEven(columns) ? [] : ['THE POLICIES DID NOT RUN ON THE SAME INPUTS: compare with care.'];
  const isThere = baseline === undefined || base.policy === baseline || base.policy.startsWith(`${baseline} on `);
  const absent = isThere ? [] : [`THERE ARE NO RUNS OF ${baseline}: the baseline is ${base.policy}.`];
  const head = [...describe(whole), ...partial, ...uneven, ...absent].map(printable);
  return [...head, '', mediansTable(columns, rows, width), ...differences(columns, base, { rows, width })].join('\n');
}

type Columns = readonly [Column, ...Column[]];

/** @throws MusterError MUSTER_RESULT_INVALID */
function columnsOfFiles(results: readonly NamedResult[]): Columns {
  const nameOf = new Map(results.map(({ name, result }) => [result, name]));
  const [first, ...others] = columnsOf([...nameOf.keys()], (result, policy) => {
    throw new MusterError(
      'MUSTER_RESULT_INVALID',
      `${nameOf.get(result)}: another file has the same run of ${policy}.`,
    );
  });
  if (first) return [first, ...others];
  throw new MusterError('MUSTER_RESULT_INVALID', 'There are no finished runs to compare.');
}

/** The column of that name, or the first of that policy; else the first of all. */
function baselineOf([first, ...others]: Columns, name: string | undefined): Column {
  const all = [first, ...others];
  return (
    all.find(({ policy }) => policy === name) ?? all.find(({ policy }) => policy.startsWith(`${name} on `)) ?? first
  );
}

const isEven = (columns: readonly Column[]) => columns.every(({ runs }) => runs.size === commonInputs(columns).length);

function mediansTable(columns: readonly Column[], rows: readonly Row[], width: number): string {
  const titles = columns.map(({ policy, runs }) => printable(`${policy} (n=${runs.size})`));
  const cells = rows.map((row) => ({
    label: row.label,
    short: row.short,
    cells: columns.map(({ runs }) => spreadOf(row, [...runs.values()])),
  }));
  return `Median of the runs (least .. most)\n${textTable({ columns: titles, rows: cells, width })}`;
}

function spreadOf({ value, format, isLowerBound }: Row, runs: readonly PolicyResult[]): string {
  const known = runs.map(value).filter((figure) => figure !== null);
  if (known.length === 0) return '-';
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const bound = runs.some(isLowerBound) ? '>= ' : '';
  return bound + (least === most ? format(least) : `${format(medianOf(known))} (${format(least)} .. ${format(most)})`);
}

/** Nothing with a single policy. */
function differences(
  columns: readonly Column[],
  base: Column,
  { rows, width }: { readonly rows: readonly Row[]; readonly width: number },
): string[] {
  const others = columns.filter((column) => column !== base);
  if (others.length === 0) return [];
  const titles = others.map((column) => `${column.policy} (n=${pairsOf(base, column)})`);
  const cells = rows
    .filter(({ better }) => better !== undefined)
    .map((row) => ({
      label: row.label,
      short: row.short,
      cells: others.map((column) => differenceText(compare(row, base, column), row.format)),
    }));
  const title = `Difference from ${base.policy}: mean over pairs of runs with the same input (95 % interval)`;
  return ['', printable(title), textTable({ columns: titles.map(printable), rows: cells, width })];
}

/** How many pairs the interval is over. */
function pairsOf(base: Column, column: Column): number {
  const inputs = commonInputs([base, column]);
  return perWorkload(
    inputs,
    inputs.map(() => 0),
  ).length;
}

function describe(results: readonly NamedResult[]): string[] {
  const different = (of: (result: ReplayResult) => string) => [...new Set(results.map(({ result }) => of(result)))];
  return [
    `traces: ${different(({ trace }) => `${trace.name} (${trace.format})`).join(', ')}`,
    `nodes: ${different(({ nodes }) => `${count(nodes.count)} (${nodes.name})`).join(', ')}`,
    `seeds: ${different(({ seed }) => String(seed)).join(', ')}`,
    ...different(({ changes, notes }) => [...changes, ...notes].join('; '))
      .filter((note) => note !== '')
      .map((note) => `  - ${note}`),
  ];
}

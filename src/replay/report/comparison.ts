import { compare } from './compare.ts';
import { medianOf } from './paired.ts';
import { fold, rowsOf, textOf, type Row } from './rows.ts';
import type { Column } from './runs.ts';

/** A line of the comparison: one cell per policy. */
export interface ComparedRow {
  readonly label: string;
  /** The label for narrow screens. */
  readonly short?: string;
  readonly cells: readonly ComparedCell[];
}

interface ComparedCell {
  readonly text: string;
  /** From the least to the most, where there are several runs that differ. */
  readonly spread?: string;
  /** Best of its row, in the direction that is better: alone, or with others. Several runs must show it. */
  readonly best?: 'alone' | 'shared';
}

/** The rows that tell the policies apart, and those in which they are all the same (most of them 0). */
export interface Comparison {
  readonly different: readonly ComparedRow[];
  readonly same: readonly ComparedRow[];
}

export function comparison(columns: readonly Column[]): Comparison {
  const results = columns.flatMap(({ runs }) => [...runs.values()]);
  const all = rowsOf(results);
  const { zero, unknown, equal } = fold(all, results);
  const same = new Set([...zero, ...unknown, ...(columns.length > 1 ? equal : [])]);
  const compared = (rows: readonly Row[]) => rows.map((row) => comparedRow(row, columns));
  return {
    different: compared(all.filter((row) => !same.has(row))),
    same: compared(all.filter((row) => same.has(row))),
  };
}

function comparedRow(row: Row, columns: readonly Column[]): ComparedRow {
  const results = columns.map(({ runs }) => [...runs.values()]);
  const figures = results.map((runs) => runs.map(row.value).filter((value) => value !== null));
  const medians = figures.map((values) => (values.length === 0 ? null : medianOf(values)));
  const isOpen = results.map((runs) => runs.some(row.isLowerBound));
  const best = bestOf(row, medians);
  const isBest = medians.map(
    (median, i) => best !== undefined && median !== null && !isOpen[i] && row.format(median) === best,
  );
  const rank = isBest.filter(Boolean).length === 1 ? 'alone' : 'shared';
  const isShown = isClear(row, columns, isBest);
  const cells = results.map((runs, i) => ({
    ...cellText(row, runs, figures[i] ?? []),
    ...(isBest[i] && isShown ? ({ best: rank } as const) : {}),
  }));
  return { label: row.label, short: row.short, cells };
}

/** Whether the runs show that the others are worse. A single run shows nothing, but its figures are what they are. */
function isClear(row: Row, columns: readonly Column[], isBest: readonly boolean[]): boolean {
  const best = columns[isBest.indexOf(true)];
  if (!best || best.runs.size === 1) return true;
  return columns.every((column, i) => isBest[i] || compare(row, best, column).isClear);
}

/** The text of the best figure; undefined where no direction is better, or all are equal. */
function bestOf({ better, format }: Row, medians: readonly (number | null)[]): string | undefined {
  const known = medians.filter((median) => median !== null);
  if (better === undefined || new Set(known.map(format)).size < 2) return undefined;
  return format(better === 'less' ? Math.min(...known) : Math.max(...known));
}

function cellText(row: Row, runs: readonly Parameters<Row['value']>[0][], values: readonly number[]) {
  const [first] = runs;
  if (first === undefined || values.length === 0) return { text: '-' };
  if (runs.length === 1) return { text: textOf(row, first).replace('>=', '≥') };
  const [least, most] = [row.format(Math.min(...values)), row.format(Math.max(...values))];
  const text = `${runs.some(row.isLowerBound) ? '≥ ' : ''}${row.format(medianOf(values))}`;
  return least === most ? { text } : { text, spread: `${least} .. ${most}` };
}

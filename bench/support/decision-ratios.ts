import { medianOf } from '../../src/replay/report/paired.ts';
import { ROWS, type Row } from '../../src/replay/report/rows.ts';
import { columnsOf, type Column } from '../../src/replay/report/runs.ts';
import type { GroupBy, PolicyResult, Quantiles, ReplayResult } from '../../src/replay/result.ts';

/** A figure by which policies are compared. */
export type Shown = Pick<Row, 'short' | 'value' | 'format' | 'isLowerBound'>;

/** @throws RangeError for a row that is not there */
export function rowOf(short: string): Shown {
  const row = ROWS.find((one) => one.short === short);
  if (row) return row;
  throw new RangeError(`No row is called ${short}.`);
}

/** A figure of the waits of one group of jobs. @param nameOf which of the groups, by their names */
export function waitOf(
  short: string,
  figure: Exclude<keyof Quantiles, 'count'>,
  by: GroupBy,
  nameOf: (names: readonly string[]) => string,
): Shown {
  const group = ({ groups }: PolicyResult) => {
    const rows = groups.find((one) => one.by === by)?.rows ?? [];
    const name = nameOf(rows.map((row) => row.name));
    return rows.find((row) => row.name === name)?.waitMs;
  };
  return {
    short,
    value: (result) => group(result)?.[figure] ?? null,
    format: rowOf('wait mean').format,
    isLowerBound: (result) => group(result)?.atLeast.includes(figure) ?? false,
  };
}

export const highestPriority = (names: readonly string[]) => String(Math.max(...names.map(Number)));

/** What a policy is judged by, against another one. */
export const CRITERIA: readonly Shown[] = [
  rowOf('wait mean'),
  rowOf('slowdown mean'),
  rowOf('wait p95, 16+ members'),
  waitOf('wait p95, highest priority', 'p95', 'priority', highestPriority),
  rowOf('longest wait'),
  rowOf('work in window'),
];

/** `value`: the policy's figure per the other policy's, in the same run. */
interface Ratio {
  readonly value: number;
  /** One of the two is a lower bound. */
  readonly isRough: boolean;
}

/** By policy, and then the ratios of each run by criterion. */
export type Ratios = ReadonlyMap<string, readonly (readonly (Ratio | undefined)[])[]>;

/** How each policy stands to one of them, run by run. Empty: that policy has no runs. */
export function ratiosTo(against: string, results: readonly ReplayResult[]): Ratios {
  const columns = columnsOf(results);
  const base = columns.find(({ policy }) => policy === against);
  if (!base) return new Map();
  return new Map(columns.filter((column) => column !== base).map((column) => [column.policy, runsOf(column, base)]));
}

const runsOf = ({ runs }: Column, base: Column) =>
  [...runs].flatMap(([input, result]) => {
    const other = base.runs.get(input);
    return other ? [CRITERIA.map((row) => ratioOf(row, result, other))] : [];
  });

/** Undefined: one of the figures is not known, or there was nothing to wait for. */
function ratioOf({ value, isLowerBound }: Shown, result: PolicyResult, other: PolicyResult): Ratio | undefined {
  const [own, base] = [value(result), value(other)];
  if (own === null || base === null || base === 0) return undefined;
  return { value: own / base, isRough: isLowerBound(result) || isLowerBound(other) };
}

/** The ratios of several parts of a trace, or of several traces, run by run. */
export function merged(all: readonly Ratios[]): Ratios {
  const policies = new Set(all.flatMap((ratios) => [...ratios.keys()]));
  return new Map([...policies].map((policy) => [policy, all.flatMap((ratios) => ratios.get(policy) ?? [])]));
}

/** Lines of a Markdown table: for each policy the median over its runs, with the least and the most. */
export function ratioRows(where: string, ratios: Ratios): string[] {
  return [...ratios].map(([policy, runs]) => {
    const cells = CRITERIA.map((_, i) => cellOf(runs.flatMap((run) => run[i] ?? [])));
    return `| ${where} | ${policy} (${runs.length}) | ${cells.join(' | ')} |`;
  });
}

/** `0.48 (0.31 .. 1.20)`; `~`: some figures are lower bounds. */
function cellOf(ratios: readonly Ratio[]): string {
  if (ratios.length === 0) return '-';
  const values = ratios.map(({ value }) => value);
  const [middle, least, most] = [medianOf(values), Math.min(...values), Math.max(...values)].map((one) =>
    one.toFixed(2),
  );
  const text = `${ratios.some(({ isRough }) => isRough) ? '~ ' : ''}${middle}`;
  return least === most ? text : `${text} (${least} .. ${most})`;
}

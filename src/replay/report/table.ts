import type { GroupBy, PolicyResult, ReplayResult } from '../result.ts';
import { count, printable, ratio, span } from './format.ts';
import { groupTable } from './group-table.ts';
import { fold, NOTE_ROWS, rowsOf, textOf, WALL_ROWS, type Folded, type Row } from './rows.ts';
import { textTable, wrapped } from './text-table.ts';
import { verdict } from './verdict.ts';

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** Print all notes, and the rows about the simulation itself. */
  readonly notes?: boolean;
  /** Print waits and slowdowns by this, too. */
  readonly by?: GroupBy;
}

/** The comparison of all policies for the terminal: what it was made from, the figures, and what they say. */
export function comparisonTable(result: ReplayResult, { width, notes = false, by }: TableOptions): string {
  const { policies } = result;
  const folded = fold(rowsOf(policies), policies);
  const rows = folded.shown.map((row) => textRow(row, policies));
  const columns = policies.map(({ policy }) => printable(policy));
  const more = notes ? noteRows(result) : [];
  return [
    ...lines(headOf(result), width),
    ...(notes ? lines(notesOf(result), width) : []),
    '',
    textTable({ columns, rows: [...rows, ...more], width }),
    '',
    ...lines(foldedOf(folded, policies), width),
    ...(policies.length > 1 ? ['', ...lines(verdict([result]), width)] : []),
    ...(by === undefined ? [] : ['', groupTable(policies, by, width)]),
    ...(notes ? [] : lines([hiddenNotes(result)], width)),
  ].join('\n');
}

function headOf(result: ReplayResult): string[] {
  const { trace, nodes, seed, complete, offered, work } = result;
  const { load, resource, windowMs } = offered;
  const offer =
    windowMs === 0
      ? 'all jobs come at once'
      : `offered load ${ratio(load)} (${resource}, over ${span(windowMs)} of submissions)`;
  return [
    `${trace.name} (${trace.format}): ${count(trace.jobs)} jobs, ${count(trace.pods)} pods, on ${count(nodes.count)} nodes (${nodes.name}), seed ${seed}`,
    [...result.changes, offer, `work model ${work.model}`].join('; '),
    ...(complete ? [] : ['STOPPED EARLY: the figures cover only the part that ran.']),
  ];
}

const notesOf = ({ notes, options, drawn }: ReplayResult): string[] => [
  ...[...notes, ...options].map((note) => `- ${note}`),
  ...drawn.map((note) => `- drawn: ${note}`),
];

const hiddenNotes = ({ notes, options, drawn }: ReplayResult): string =>
  `--notes prints ${notes.length + options.length + drawn.length} notes on the trace, the simulation and what is drawn.`;

const textRow = (row: Row, policies: readonly PolicyResult[]) => ({
  label: row.label,
  short: row.short,
  cells: policies.map((policy) => textOf(row, policy)),
});

function noteRows({ policies, latency }: ReplayResult) {
  const wall = WALL_ROWS.map(([label, value]) => ({ label, short: label, cells: latency.map(value) }));
  return [...NOTE_ROWS.map((row) => textRow(row, policies)), ...wall];
}

function foldedOf({ shown, zero, unknown, equal }: Folded, policies: readonly PolicyResult[]): string[] {
  const [first] = policies;
  const hasBound = policies.some((policy) => shown.some(({ isLowerBound }) => isLowerBound(policy)));
  const same = first ? equal.map((row) => `${row.short} ${textOf(row, first)}`) : [];
  return [
    ...(zero.length > 0 ? [`0 in all: ${shorts(zero)}.`] : []),
    ...(unknown.length > 0 ? [`No figure in any: ${shorts(unknown)}.`] : []),
    ...(same.length > 0 ? [`The same in all: ${same.join(', ')}.`] : []),
    ...(hasBound ? ['>= is a lower bound: jobs had not begun, or were not over, when the simulation ended.'] : []),
  ];
}

const shorts = (rows: readonly Row[]) => rows.map(({ short }) => short).join(', ');

/** Paragraphs broken to the width; the lines after the first of each are indented. */
const lines = (paragraphs: readonly string[], width: number): string[] =>
  paragraphs.flatMap((text) => wrapped(printable(text), width - 2).map((line, i) => (i === 0 ? line : `  ${line}`)));

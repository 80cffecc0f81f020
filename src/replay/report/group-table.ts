import type { Fairness, GroupBy, GroupRow, OpenQuantiles, PolicyResult, QueueRow } from '../result.ts';
import { count, percent, printable, ratio, span } from './format.ts';
import { textTable, type TextRow } from './text-table.ts';

type Metric = readonly [title: string, text: (row: GroupRow) => string];

const bounded = (sample: OpenQuantiles, figure: 'mean' | 'p95', format: (value: number) => string): string => {
  if (sample.count === 0) return '-';
  return `${sample.atLeast.includes(figure) ? '>= ' : ''}${format(sample[figure])}`;
};

const METRICS: readonly Metric[] = [
  ['wait mean', ({ waitMs }) => bounded(waitMs, 'mean', span)],
  ['wait p95', ({ waitMs }) => bounded(waitMs, 'p95', span)],
  ['slowdown mean', ({ slowdown }) => bounded(slowdown, 'mean', ratio)],
  ['slowdown p95', ({ slowdown }) => bounded(slowdown, 'p95', ratio)],
];

/** Waits and slowdowns by group under each policy, and how even the groups' shares were. */
export function groupTable(policies: readonly PolicyResult[], by: GroupBy, width: number): string {
  const columns = policies.map(({ policy }) => printable(policy));
  const found = policies.map(({ groups }) => groups.find((one) => one.by === by)?.rows ?? []);
  const names = [...new Map(found.flat().map(({ name, jobs }) => [name, jobs]))];
  if (names.length === 0) return `No groups by ${by}.`;
  const rows = METRICS.flatMap(([title, text]): TextRow[] =>
    names.map(([name, jobs]) => {
      const cells = found.map((list) => list.find((one) => one.name === name)).map((one) => (one ? text(one) : '-'));
      const group = printable(name === '' ? '(none)' : name);
      return { label: `${title}, ${by} ${group} (${count(jobs)} jobs)`, short: `${title}, ${group}`, cells };
    }),
  );
  const fairness = by === 'queue' ? queueRows(policies) : fairnessRows(policies, by);
  return textTable({ columns, rows: [...rows, ...fairness], width });
}

const SHARES: readonly (readonly [title: string, text: (row: QueueRow) => string])[] = [
  ['entitled to, of the cluster', ({ entitled }) => percent(entitled)],
  ['held, of the cluster', ({ held }) => percent(held)],
  ['got of its entitlement', ({ served }) => (served === null ? '-' : percent(served))],
  ['under its entitlement', ({ underMs }) => (underMs === 0 ? '0' : span(underMs))],
];

/** What each queue was entitled to and got, under each policy. */
function queueRows(policies: readonly PolicyResult[]): TextRow[] {
  const found = policies.map(({ queues }) => queues?.rows ?? []);
  const names = [...new Set(found.flat().map(({ queue }) => queue))];
  return SHARES.flatMap(([title, text]) =>
    names.map((name): TextRow => {
      const cells = found.map((rows) => rows.find(({ queue }) => queue === name)).map((row) => (row ? text(row) : '-'));
      return { label: `${title}, queue ${printable(name)}`, short: `${title}, ${printable(name)}`, cells };
    }),
  );
}

function fairnessRows(policies: readonly PolicyResult[], by: GroupBy): TextRow[] {
  const found = policies.map(({ fairness }) => fairness.find((one) => one.by === by));
  if (found.every((one) => one === undefined)) return [];
  const line = (label: string, short: string, text: (one: Fairness) => string): TextRow => ({
    label,
    short,
    cells: found.map((one) => (one ? text(one) : '-')),
  });
  return [
    line("fairness (Jain's index, 1 is best)", 'Jain index', ({ jain }) => jain.toFixed(3)),
    line('longest time under its share', 'under share', ({ worst }) =>
      worst.underShareMs === 0 ? '0' : `${span(worst.underShareMs)} ${printable(worst.name)}`,
    ),
  ];
}

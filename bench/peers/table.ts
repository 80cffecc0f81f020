import { short } from '../support/report.ts';
import { median } from '../support/statistics.ts';
import { COMPONENTS } from './measure.ts';
import type { Sizes } from './options.ts';
import { isSameSize, type Record } from './records.ts';

const HEAD = [
  'side',
  'pods bound a second',
  'x BASE',
  'created a second',
  'gang complete p50, p99 (s)',
  'ms a pod: all',
  'etcd, API server, scheduler, muster, bench',
  'nodes used',
  'pods bound',
  'partial gangs',
  'nodes overcommitted',
  'rounds',
];

/**
 * The measurements of one size as a table in Markdown: medians over the rounds, with the least and the most. The
 * multiple is that of the first side in the same round.
 */
export function peersTable(all: readonly Record[], sizes: Sizes, sides: readonly string[]): string {
  const records = all.filter((record) => isSameSize(record, sizes));
  const shown = sides.filter((side) => records.some((record) => record.side === side));
  const [base] = shown;
  if (base === undefined) return `${titleOf(sizes)}: nothing was measured.`;
  const rows = shown.map((side) => rowOf(ofSide(records, side), ofSide(records, base)));
  const head = HEAD.map((cell) => cell.replace('BASE', base));
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [`${titleOf(sizes)}:`, '', ...lines, '', ...notesOf(records)].join('\n');
}

const ofSide = (records: readonly Record[], side: string) => records.filter((record) => record.side === side);

function titleOf({ nodes, cores, gangs, executors, qps, driverFirst }: Sizes): string {
  const order = driverFirst ? 'executors when their driver is bound' : 'all pods at once';
  return `${nodes} nodes of ${cores} cores, ${gangs} gangs of 1 + ${executors}, ${order}, ${qps} client requests a second`;
}

function rowOf(records: readonly Record[], base: readonly Record[]): string[] {
  const figure = (of: (record: Record) => number) => spreadOf(records.map(of));
  const worst = (of: (record: Record) => number) => String(Math.max(...records.map(of)));
  const middle = (of: (record: Record) => number) => short(median(records.map(of)));
  const ratios = records.flatMap((record) => {
    const beside = base.find(({ round }) => round === record.round);
    return beside ? [record.podsPerSecond / beside.podsPerSecond] : [];
  });
  return [
    records[0]!.side,
    figure(({ podsPerSecond }) => podsPerSecond),
    spreadOf(ratios),
    middle(({ pods, createSeconds }) => pods / createSeconds),
    `${middle(({ gangP50 }) => gangP50 ?? NaN)}, ${middle(({ gangP99 }) => gangP99 ?? NaN)}`,
    figure(({ cpuMs }) => COMPONENTS.reduce((sum, name) => sum + cpuMs[name], 0)),
    COMPONENTS.map((name) => middle(({ cpuMs }) => cpuMs[name])).join(', '),
    figure(({ nodesUsed }) => nodesUsed),
    boundText(records),
    worst(({ partialGangs }) => partialGangs),
    worst(({ overcommittedNodes }) => overcommittedNodes),
    String(records.length),
  ];
}

/** The median, the least and the most. */
function spreadOf(values: readonly number[]): string {
  if (values.length === 0) return '-';
  const text = short(median(values));
  return values.length === 1 ? text : `${text} (${short(Math.min(...values))} .. ${short(Math.max(...values))})`;
}

/** Of the worst round. */
function boundText(records: readonly Record[]): string {
  const { bound, pods } = records.reduce((worst, one) => (one.bound < worst.bound ? one : worst));
  return bound === pods ? 'all' : `${bound} of ${pods}`;
}

function notesOf(records: readonly Record[]): string[] {
  const of = (read: (record: Record) => string) => [...new Set(records.map(read))].join('; ');
  return [`${of(({ machine }) => machine)}; ${of(({ revision }) => revision)}`];
}

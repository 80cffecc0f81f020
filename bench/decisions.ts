import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { medianOf } from '../src/replay/report/paired.ts';
import { columnsOf, type Column } from '../src/replay/report/runs.ts';
import type { SweepResult } from '../src/replay/report/sweep-result.ts';
import {
  CRITERIA,
  highestPriority,
  merged,
  ratioRows,
  ratiosTo,
  rowOf,
  waitOf,
  type Ratios,
  type Shown,
} from './support/decision-ratios.ts';

/**
 * Prints the tables of docs/benchmarks.md: every policy on every trace at three offered loads, each with five seeds.
 * --against: each policy's figures per those of this one, run by run, and the median over all runs. --keep: results that
 * are in the folder already are not made again.
 */
const USAGE = `npm run bench:decisions -- [--cases itp-03,...] [--loads 0.7,...] [--policies muster,...] [--seeds 1..5]
  [--against barrier] [--forecasts MODE] [--forecast-error SIGMA] [--forecast-known SHARE] [--out FOLDER] [--keep]`;

const TRACES = 'bench/traces';
const SMALL = ['--nodes', 'preset:S'];

/** A part of a trace that is replayed in seconds; docs/benchmarks.md names the parts. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  'itp-03': [`${TRACES}/msft-itp/cluster03.csv.gz`, ...SMALL, '--max-jobs', '1000', '--speed', '5'],
  'itp-04': [`${TRACES}/msft-itp/cluster04.csv.gz`, ...SMALL, '--max-jobs', '1000'],
  'itp-06': [`${TRACES}/msft-itp/cluster06.csv.gz`, ...SMALL, '--max-jobs', '1000', '--speed', '5'],
  philly: [
    `${TRACES}/msft-philly/philly.csv.gz`,
    ...SMALL,
    '--from-hours',
    '480',
    '--max-jobs',
    '1000',
    '--shorten',
    '20',
  ],
  pai: [
    `${TRACES}/alibaba-pai-2020/pai_instance_table.tail-1500-jobs.csv.gz`,
    '--nodes',
    `${TRACES}/alibaba-pai-2020/pai_machine_spec.csv.gz`,
    '--speed',
    '30',
  ],
  'lyft-day': ['preset:lyft-day', '--nodes', 'preset:lyft-day', '--until-hours', '0.25', '--shorten', '4'],
};

const POLICIES = [
  'kube-default',
  'kube-no-preemption',
  'fifo-gang',
  'bench/policies/barrier.yaml',
  'bench/policies/whoever-fits.yaml',
  'muster',
  'muster-preempt',
];

const SHOWN: readonly Shown[] = [
  rowOf('jobs done'),
  rowOf('wait mean'),
  rowOf('wait p95'),
  waitOf('wait mean, 32+ members', 'mean', 'size', () => '32+'),
  waitOf('wait mean, highest priority', 'mean', 'priority', highestPriority),
  rowOf('slowdown mean'),
  rowOf('completion mean'),
  rowOf('work in window'),
  rowOf('core-h lost to evictions'),
];
const shortsOf = (rows: readonly Shown[]) => rows.map(({ short }) => short);

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: Object.keys(CASES).join(',') },
    loads: { type: 'string', default: '0.7,0.85,0.95' },
    policies: { type: 'string', default: POLICIES.join(',') },
    seeds: { type: 'string', default: '1..5' },
    against: { type: 'string' },
    forecasts: { type: 'string' },
    'forecast-error': { type: 'string' },
    'forecast-known': { type: 'string' },
    out: { type: 'string', default: 'dist/decisions' },
    keep: { type: 'boolean', default: false },
  },
});

/** `1h 2m (50m .. 2h)`: the median over the runs, the least and the most; `>=` where a run has a lower bound. */
function cell(row: Shown, { runs }: Column): string {
  const results = [...runs.values()];
  const known = results.map(row.value).filter((value) => value !== null);
  if (known.length === 0) return '-';
  const bound = results.some(row.isLowerBound) ? '>= ' : '';
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const middle = `${bound}${row.format(medianOf(known))}`;
  return least === most ? middle : `${middle} (${row.format(least)} .. ${row.format(most)})`;
}

/** The options about forecasts, for the sweep; and for the names of its files. */
const forecasts = (['forecasts', 'forecast-error', 'forecast-known'] as const).flatMap((option) => {
  const value = values[option];
  return value === undefined ? [] : [`--${option}`, value];
});

/** A sweep per policy, so that one can be made again alone: without its files, and with --keep. */
function sweep(name: string, load: string, policy: string): SweepResult {
  const file = `${values.out}/${[name, load, basename(policy, '.yaml'), ...forecasts].join('-')}.json`;
  if (values.keep && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as SweepResult;
  const runs = ['--policy', policy, '--offered', load, '--seeds', values.seeds, ...forecasts, '--json', file];
  const args = ['dist/cli.js', 'sweep', ...CASES[name]!, ...runs];
  console.error(`node ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.error(`The sweep ended with ${status}: what it lost is named above.`);
  return JSON.parse(readFileSync(file, 'utf8')) as SweepResult;
}

/** The beginning of a table with these columns after the first two. */
const headOf = (title: string, shorts: readonly string[]) => `
### ${title}

| offered load | policy | ${shorts.join(' | ')} |
| --- | --- |${' --- |'.repeat(shorts.length)}`;

/** Prints a line per policy. @returns the figures per those of --against */
function tell(name: string, load: string): Ratios {
  const sweeps = values.policies.split(',').map((policy) => sweep(name, load, policy));
  const results = sweeps.flatMap((one) => one.results);
  for (const column of columnsOf(results)) {
    const cells = SHOWN.map((row) => cell(row, column));
    console.log(`| ${load} | ${column.policy} (${column.runs.size}) | ${cells.join(' | ')} |`);
  }
  for (const { run, why } of sweeps.flatMap(({ lost }) => lost))
    console.log(`| ${load} | lost: ${run}: ${why} |${' |'.repeat(SHOWN.length)}`);
  return ratiosTo(values.against ?? '', results);
}

const names = values.cases.split(',');
const unknown = names.filter((name) => !CASES[name]);
if (unknown.length > 0) {
  console.error(`Unknown case ${unknown.join(', ')}; expected some of ${Object.keys(CASES).join(', ')}.\n\n${USAGE}`);
  process.exit(2);
}
mkdirSync(values.out, { recursive: true });
const compared: (readonly [where: string, ratios: Ratios])[] = [];
for (const name of names) {
  console.log(headOf(name, shortsOf(SHOWN)));
  for (const load of values.loads.split(',')) compared.push([`${name} ${load}`, tell(name, load)]);
}
if (values.against !== undefined) {
  console.log(headOf(`As ratios to ${values.against}`, shortsOf(CRITERIA)));
  for (const [where, ratios] of compared) for (const line of ratioRows(where, ratios)) console.log(line);
  for (const line of ratioRows('all', merged(compared.map(([, ratios]) => ratios)))) console.log(line);
}

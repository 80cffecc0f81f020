import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { medianOf } from '../src/replay/report/paired.ts';
import { ROWS, type Row } from '../src/replay/report/rows.ts';
import { columnsOf, type Column } from '../src/replay/report/runs.ts';
import type { SweepResult } from '../src/replay/report/sweep-result.ts';
import type { GroupBy, PolicyResult } from '../src/replay/result.ts';

/**
 * Prints the tables of docs/benchmarks.md: every policy on every trace at three offered loads, each with five seeds.
 * --keep: results that are in the folder already are not made again.
 */
const USAGE =
  'npm run bench:decisions -- [--cases itp-03,...] [--loads 0.7,...] [--policies muster,...] [--seeds 1..5] [--out FOLDER] [--keep]';

const TRACES = 'bench/traces';
const SMALL = ['--nodes', 'preset:S'];

/** A part of a trace that is replayed in seconds; docs/benchmarks.md names the parts. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  'itp-03': [`${TRACES}/msft-itp/cluster03.csv.gz`, ...SMALL, '--max-jobs', '1000', '--speed', '5'],
  'itp-04': [`${TRACES}/msft-itp/cluster04.csv.gz`, ...SMALL, '--max-jobs', '1000'],
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
  'bench/policies/whoever-fits.yaml',
  'muster',
  'muster-preempt',
];

type Shown = Pick<Row, 'short' | 'value' | 'format' | 'isLowerBound'>;

const rowOf = (short: string): Shown => ROWS.find((row) => row.short === short)!;

/** The mean wait of a group of jobs. */
function waitOf(short: string, by: GroupBy, nameOf: (names: readonly string[]) => string): Shown {
  const group = ({ groups }: PolicyResult) => {
    const rows = groups.find((one) => one.by === by)?.rows ?? [];
    const name = nameOf(rows.map((row) => row.name));
    return rows.find((row) => row.name === name)?.waitMs;
  };
  return {
    short,
    value: (result) => group(result)?.mean ?? null,
    format: rowOf('wait mean').format,
    isLowerBound: (result) => group(result)?.atLeast.includes('mean') ?? false,
  };
}

const SHOWN: readonly Shown[] = [
  rowOf('jobs done'),
  rowOf('wait mean'),
  rowOf('wait p95'),
  waitOf('wait mean, 32+ members', 'size', () => '32+'),
  waitOf('wait mean, highest priority', 'priority', (names) => String(Math.max(...names.map(Number)))),
  rowOf('slowdown mean'),
  rowOf('completion mean'),
  rowOf('work in window'),
  rowOf('core-h lost to evictions'),
];
const heads = SHOWN.map(({ short }) => short);

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: Object.keys(CASES).join(',') },
    loads: { type: 'string', default: '0.7,0.85,0.95' },
    policies: { type: 'string', default: POLICIES.join(',') },
    seeds: { type: 'string', default: '1..5' },
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

function sweep(name: string, load: string): SweepResult {
  const file = `${values.out}/${name}-${load}.json`;
  if (values.keep && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as SweepResult;
  const policies = values.policies.split(',').flatMap((policy) => ['--policy', policy]);
  const runs = ['--offered', load, '--seeds', values.seeds, '--json', file];
  const args = ['dist/cli.js', 'sweep', ...CASES[name]!, ...policies, ...runs];
  console.error(`node ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.error(`The sweep ended with ${status}: what it lost is named above.`);
  return JSON.parse(readFileSync(file, 'utf8')) as SweepResult;
}

const names = values.cases.split(',');
const unknown = names.filter((name) => !CASES[name]);
if (unknown.length > 0) {
  console.error(`Unknown case ${unknown.join(', ')}; expected some of ${Object.keys(CASES).join(', ')}.\n\n${USAGE}`);
  process.exit(2);
}
mkdirSync(values.out, { recursive: true });
for (const name of names) {
  console.log(`\n### ${name}\n`);
  console.log(`| offered load | policy | ${heads.join(' | ')} |`);
  console.log(`| --- | --- |${' --- |'.repeat(SHOWN.length)}`);
  for (const load of values.loads.split(',')) {
    const { results, lost } = sweep(name, load);
    for (const column of columnsOf(results)) {
      const cells = SHOWN.map((row) => cell(row, column));
      console.log(`| ${load} | ${column.policy} (${column.runs.size}) | ${cells.join(' | ')} |`);
    }
    for (const { run, why } of lost) console.log(`| ${load} | lost: ${run}: ${why} |${' |'.repeat(SHOWN.length)}`);
  }
}

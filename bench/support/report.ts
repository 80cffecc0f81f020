import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import Table from 'cli-table3';
import type { Benchmark, BenchmarkContext, Check, Report, Result } from './benchmark.ts';

const RESULTS = 'bench/results';

/** What the figures were measured on. */
export const MACHINE = `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;

/** Runs the benchmark, prints its figures and writes them down. @returns whether every check holds */
export async function runAndReport(benchmark: Benchmark, context: BenchmarkContext): Promise<boolean> {
  const started = Date.now();
  console.log(`\n${benchmark.name}: ${benchmark.about}`);
  const results = await benchmark.run(context);
  context.progress('');
  const report: Report = {
    benchmark: benchmark.name,
    machine: MACHINE,
    node: process.version,
    revision: revision(),
    startedAt: new Date(started).toISOString(),
    seconds: Math.round((Date.now() - started) / 1000),
    quick: context.quick,
    results,
  };
  console.log(textOf(report));
  console.log(`written to ${save(report)}`);
  return results.every(({ checks = [] }) => checks.every(holds));
}

/** The commit that is checked out. */
export function revision(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    return git('rev-parse', '--short=10', 'HEAD') + (git('status', '--porcelain', '-uno') === '' ? '' : ' (changed)');
  } catch {
    return 'unknown';
  }
}

function save(report: Report): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = `${RESULTS}/${report.benchmark}-${report.startedAt.slice(0, 19).replaceAll(':', '')}.json`;
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  return file;
}

/** @throws Error that names the file, where it is none that a run of a benchmark wrote */
export function readReport(file: string): Report {
  let report: Partial<Report>;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Partial<Report>;
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
  if (typeof report.benchmark !== 'string' || !Array.isArray(report.results))
    throw new Error(`${file}: not a result of a benchmark.`);
  return report as Report;
}

function textOf({ results, machine, node, revision, seconds, quick }: Report): string {
  const table = new Table({
    head: ['', 'unit', 'median', 'p99', 'middle half', 'n', 'check'],
    style: { head: [], border: [] },
  });
  for (const result of results) table.push(rowOf(result));
  const hint = quick ? '\nA quick run: its figures count for nothing.' : '';
  return `${table.toString()}\n${machine}; Node.js ${node}; ${revision}; ${seconds} s${hint}`;
}

function rowOf({ name, unit, median, p99, spread, samples, checks = [] }: Result): string[] {
  const half = spread ? `${short(spread[0])} .. ${short(spread[1])}` : '';
  return [
    name,
    unit,
    short(median),
    p99 === undefined ? '' : short(p99),
    half,
    `${samples}`,
    checks.map(checkText).join('\n'),
  ];
}

const holds = ({ value, limit, atLeast }: Check): boolean => (atLeast ? value >= limit : value <= limit);

function checkText(check: Check): string {
  const { what, value, limit, atLeast } = check;
  return `${what}: ${short(value)} (${atLeast ? '>=' : '<='} ${short(limit)})${holds(check) ? '' : '  MISSED'}`;
}

/** Three digits that count. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : `${Number(value.toPrecision(3))}`;
}

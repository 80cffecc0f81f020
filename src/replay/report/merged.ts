import Table from 'cli-table3';
import { MusterError } from '../../core/errors.ts';
import type { PolicyResult, ReplayResult } from '../result.ts';
import { count, printable } from './format.ts';
import { ROWS, type Row } from './rows.ts';

/** A result and the name of its file. */
export interface NamedResult {
  readonly name: string;
  readonly result: ReplayResult;
}

/** The results of one policy, by their inputs as JSON. */
type Runs = ReadonlyMap<string, PolicyResult>;

/**
 * The results of many runs in one table: for each policy the median over its runs, with minimum and maximum.
 * @throws MusterError MUSTER_RESULT_INVALID for a duplicate run, or without any run
 */
export function mergedTable(results: readonly NamedResult[]): string {
  const whole = results.filter(({ result }) => result.complete);
  const byPolicy = runsOf(whole);
  const head = [...byPolicy].map(([policy, runs]) => `${printable(policy)}\nn = ${runs.size}`);
  const table = new Table({ head: ['median (least .. most)', ...head], style: { head: [], border: [] } });
  for (const row of ROWS) {
    table.push([row.label, ...[...byPolicy.values()].map((runs) => spreadOf(row, [...runs.values()]))]);
  }
  const partial = results.filter((one) => !whole.includes(one)).map(({ name }) => `left out, stopped early: ${name}`);
  const uneven = isEven(byPolicy) ? [] : ['THE POLICIES DID NOT RUN ON THE SAME INPUTS: compare with care.'];
  return [...describe(whole), ...partial, ...uneven].map(printable).concat(table.toString()).join('\n');
}

function runsOf(results: readonly NamedResult[]): ReadonlyMap<string, Runs> {
  const byPolicy = new Map<string, Map<string, PolicyResult>>();
  for (const { name, result } of results) {
    const { trace, nodes, seed, changes, options, notes } = result;
    const run = JSON.stringify([trace, nodes, seed, changes, options, notes]);
    for (const policy of result.policies) {
      const runs = byPolicy.get(policy.policy) ?? new Map<string, PolicyResult>();
      if (runs.has(run))
        throw new MusterError('MUSTER_RESULT_INVALID', `${name}: another file has the same run of ${policy.policy}.`);
      byPolicy.set(policy.policy, runs.set(run, policy));
    }
  }
  if (byPolicy.size > 0) return byPolicy;
  throw new MusterError('MUSTER_RESULT_INVALID', 'There are no finished runs to merge.');
}

function isEven(byPolicy: ReadonlyMap<string, Runs>): boolean {
  const [first, ...others] = [...byPolicy.values()];
  if (!first) return true;
  return others.every((runs) => runs.size === first.size && [...runs.keys()].every((run) => first.has(run)));
}

function spreadOf({ value, format }: Row, runs: readonly PolicyResult[]): string {
  const known = runs.map(value).filter((figure) => figure !== null);
  if (known.length === 0) return '-';
  known.sort((a, b) => a - b);
  const [least, most] = [known[0]!, known.at(-1)!];
  const middle = (known[(known.length - 1) >> 1]! + known[known.length >> 1]!) / 2;
  return least === most ? format(least) : `${format(middle)} (${format(least)} .. ${format(most)})`;
}

function describe(results: readonly NamedResult[]): string[] {
  const different = (of: (result: ReplayResult) => string) => [...new Set(results.map(({ result }) => of(result)))];
  const seeds = different(({ seed }) => String(seed));
  return [
    `traces: ${different(({ trace }) => `${trace.name} (${trace.format})`).join(', ')}`,
    `nodes: ${different(({ nodes }) => `${count(nodes.count)} (${nodes.name})`).join(', ')}`,
    `seeds: ${seeds.join(', ')}`,
    ...different(({ changes, notes }) => [...changes, ...notes].join('; '))
      .filter((note) => note !== '')
      .map((note) => `  - ${note}`),
  ];
}

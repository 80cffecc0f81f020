import Table from 'cli-table3';
import type { ReplayResult } from '../result.ts';
import { count, ROWS, textOf, WALL_ROWS } from './rows.ts';

/** Replaces control characters: names come from files and must not move the cursor or clear the screen. */
// eslint-disable-next-line no-control-regex -- these are what must go
export const printable = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');

/** Compares all policies in the terminal. */
export function comparisonTable(result: ReplayResult): string {
  const table = new Table({
    head: ['', ...result.policies.map(({ policy }) => printable(policy))],
    style: { head: [], border: [] },
  });
  for (const row of ROWS) table.push([row.label, ...result.policies.map((policy) => textOf(row, policy))]);
  for (const [label, value] of WALL_ROWS) table.push([label, ...result.latency.map(value)]);
  const { trace, nodes, seed, complete } = result;
  const head = [
    `${trace.name} (${trace.format}): ${count(trace.jobs)} jobs, ${count(trace.pods)} pods, on ${count(nodes.count)} nodes (${nodes.name}), seed ${seed}`,
    ...(complete ? [] : ['STOPPED EARLY: the figures cover only the part that ran.']),
    ...[...result.notes, ...result.options].map((note) => `  - ${note}`),
    ...result.drawn.map((note) => `  - drawn: ${note}`),
  ];
  return `${head.map(printable).join('\n')}\n${table.toString()}`;
}

import type { PolicyResult, ReplayResult } from '../result.ts';

/** Texts, and what is drawn rather than compared. */
const LEFT_OUT: ReadonlySet<string> = new Set(['policy', 'source', 'policyText', 'series', 'occupancy']);

/** One line per run and policy: its place in the sweep, then every figure under its path in the JSON. */
export function resultsCsv(results: readonly ReplayResult[]): string {
  const rows = results.flatMap((result) => result.policies.map((policy) => rowOf(result, policy)));
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const lines = rows.map((row) => columns.map((column) => row.get(column) ?? ''));
  return [columns, ...lines].map((cells) => `${cells.map(cell).join(',')}\n`).join('');
}

type Value = string | number;

function rowOf({ trace, nodes, seed, offered, cell: place }: ReplayResult, policy: PolicyResult): Map<string, Value> {
  const row = new Map<string, Value>([
    ['policy', policy.policy],
    ['trace', trace.name],
    ['nodes', nodes.name],
    ['nodeCount', nodes.count],
    ['seed', seed],
    ['day', place?.day ?? ''],
    ['offered', offered.load],
  ]);
  for (const [field, value] of Object.entries(place?.settings ?? {})) row.set(`set ${field}`, value);
  addFigures(row, policy, '');
  return row;
}

/** Lists are left out, but for the names of the figures that are lower bounds. */
function addFigures(row: Map<string, Value>, from: object, path: string): void {
  for (const [key, value] of Object.entries(from) as [string, unknown][]) {
    if (path === '' && LEFT_OUT.has(key)) continue;
    if (typeof value === 'number') row.set(path + key, value);
    else if (Array.isArray(value)) {
      if (key === 'atLeast') row.set(path + key, value.join(' '));
    } else if (typeof value === 'object' && value !== null) addFigures(row, value, `${path}${key}.`);
  }
}

const cell = (value: Value): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

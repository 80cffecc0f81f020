import type { CostResult, CostRow } from '../result.ts';
import { sumOf } from '../sim/cost.ts';

export const COST_KEYS = ['queue', 'user', 'namespace', 'app', 'class'] as const;
export type CostKey = (typeof COST_KEYS)[number];

/** The rows that have the same keys, together. */
export interface CostGroup extends Omit<CostRow, CostKey> {
  readonly names: readonly string[];
  readonly total: number;
}

/** Groups by these keys, those who paid most first. */
export function groupCosts({ rows }: CostResult, by: readonly CostKey[]): readonly CostGroup[] {
  const groups = new Map<string, { -readonly [K in keyof CostGroup]: CostGroup[K] }>();
  for (const row of rows) {
    const names = by.map((key) => (key === 'class' ? (row.class ?? 'batch') : row[key] || '(none)'));
    const key = JSON.stringify(names);
    let group = groups.get(key);
    if (!group) {
      group = { names, jobs: 0, work: 0, partial: 0, starting: 0, broken: 0, lostCoreHours: 0, total: 0 };
      groups.set(key, group);
    }
    for (const what of ['jobs', 'work', 'partial', 'starting', 'broken', 'lostCoreHours'] as const)
      group[what] += row[what];
    group.total += sumOf(row);
  }
  return [...groups.values()].sort((a, b) => b.total - a.total);
}

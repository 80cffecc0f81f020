import type { GroupBy, GroupRow } from '../result.ts';
import type { Column } from './runs.ts';

/** One group, such as the priority 1000, with its row under each policy; undefined where a policy has no such job. */
export interface Group {
  readonly name: string;
  readonly rows: readonly (GroupRow | undefined)[];
}

/** The groups of all policies, each of which has one run. */
export function groupsOf(by: GroupBy, columns: readonly Column[]): Group[] {
  const rows = columns.map(({ runs }) => {
    const [result] = runs.values();
    return result?.groups.find((one) => one.by === by)?.rows ?? [];
  });
  const names = [...new Set(rows.flatMap((some) => some.map(({ name }) => name)))];
  return names.map((name) => ({
    name: name === '' ? '(none)' : name,
    rows: rows.map((some) => some.find((row) => row.name === name)),
  }));
}

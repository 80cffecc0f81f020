import type { TableView } from '../cluster/node-table.ts';
import type { Vector } from '../resources.ts';
import type { Policy, Preference } from './policy.ts';

/** What the scorers know of the pod (or slot) that wants a node. */
export interface ScoreInput {
  readonly table: TableView;
  /** Free room per column and row: the table's own, or a planner's scratch copy. */
  readonly free: readonly Float64Array[];
  readonly request: Vector;
  readonly images: readonly string[];
  readonly preference: Preference;
  readonly policy: Policy;
  /** Leaders of gangs per row, placed or reserved; scorer leaderSpread. */
  readonly leaders: Int32Array;
  /**
   * Scorer topology: how many members of the pod's own gang are in the row's domain, per row, for each key of the
   * policy's topology, narrowest first; and how many members are placed in all.
   */
  readonly siblings: { readonly perKey: readonly ((row: number) => number)[]; readonly placed: number };
}

/** One opinion on nodes. */
export interface Scorer {
  /**
   * What makes the opinion on a row change while members of one gang are placed one after the other: `own-row`, only a
   * member placed at the row itself; `placed-members`, a member placed anywhere. Strategy `weighted` scores all rows again
   * after each placement for the latter.
   */
  readonly dependsOn: 'own-row' | 'placed-members';
  /**
   * Writes the opinion, 0 (worst) to 1 (best), into `out[i]` for row `rows[i]`, i < rows.length.
   * Reads its arguments and nothing else; the opinion on a row does not depend on which other rows are asked about.
   */
  score(input: ScoreInput, rows: Int32Array, out: Float64Array): void;
}

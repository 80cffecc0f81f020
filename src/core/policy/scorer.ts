import type { TableView } from '../cluster/node-table.ts';
import type { Vector } from '../resources.ts';
import type { Policy, Preference } from './policy.ts';

/** The facts on which scorers rate nodes for a pod or a slot. */
export interface ScoreInput {
  readonly table: TableView;
  /** Free room per column and row: the table's own, or a planner's scratch copy. */
  readonly free: readonly Float64Array[];
  readonly request: Vector;
  readonly images: readonly string[];
  readonly preference: Preference;
  readonly policy: Policy;
  /** For scorer leaderSpread: leaders of gangs per row, placed or reserved. */
  readonly leaders: Int32Array;
  /**
   * For scorer topology: the pod's siblings. `perKey`: for each key of the policy's topology, narrowest first, the
   * number of siblings in a row's domain; `placed`: the number of all siblings.
   */
  readonly siblings: { readonly perKey: readonly ((row: number) => number)[]; readonly placed: number };
}

/** One opinion on which nodes are good for a pod. */
export interface Scorer {
  /**
   * What changes the opinion on a row while the members of a gang are placed one after the other. `own-row`: only a
   * member placed at the row itself. `placed-members`: a member placed anywhere, so that strategy `weighted` scores all
   * rows again after each placement.
   */
  readonly dependsOn: 'own-row' | 'placed-members';
  /**
   * Writes the opinion, 0 (worst) to 1 (best), into `out[i]` for row `rows[i]`, i < rows.length.
   * Depends on its arguments alone; the opinion on a row does not depend on which other rows are scored with it.
   */
  score(input: ScoreInput, rows: Int32Array, out: Float64Array): void;
}

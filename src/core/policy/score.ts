import type { ScorerName } from './policy.ts';
import { scorers } from './registry.ts';
import type { ScoreInput } from './scorer.ts';

/** The weight engine: combines the scorers' opinions. Keeps a buffer from call to call. */
export class WeightEngine {
  #opinion = new Float64Array(64);

  /**
   * Into `out[i]`, for row `rows[i]`, the mean of the scorers' opinions by the preference's weights, 0..1; 0 where no
   * scorer weighs.
   */
  score(input: ScoreInput, rows: Int32Array, out: Float64Array): void {
    out.fill(0, 0, rows.length);
    if (this.#opinion.length < rows.length) this.#opinion = new Float64Array(rows.length * 2);
    let total = 0;
    for (const [name, weight] of input.preference.weights) {
      if (weight === 0) continue;
      total += weight;
      scorers[name].score(input, rows, this.#opinion);
      for (let i = 0; i < rows.length; i++) out[i]! += weight * this.#opinion[i]!;
    }
    if (total > 0) for (let i = 0; i < rows.length; i++) out[i]! /= total;
  }
}

/** Whether a member placed anywhere can change the score of every row. */
export function dependsOnPlaced(weights: ReadonlyMap<ScorerName, number>): boolean {
  for (const [name, weight] of weights) if (weight > 0 && scorers[name].dependsOn === 'placed-members') return true;
  return false;
}

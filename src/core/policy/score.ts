import type { ScorerName } from './policy.ts';
import { scorers } from './registry.ts';
import type { ScoreInput } from './scorer.ts';

/** Combines the scorers' opinions by their weights. Reuses a buffer. */
export class WeightEngine {
  #opinion = new Float64Array(64);

  /**
   * Writes into `out[i]` the mean of the scorers' opinions on row `rows[i]`, 0..1, weighted by the preference; 0 if all
   * weights are 0.
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

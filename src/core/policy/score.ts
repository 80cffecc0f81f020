import { scorers } from './registry.ts';
import type { ScoreInput } from './scorer.ts';

let scratch = new Float64Array(64);

/**
 * The weight engine: into `out[i]`, for row `rows[i]`, the mean of the scorers' opinions by the preference's weights,
 * 0..1; 0 where nothing weighs.
 */
export function weightedScores(input: ScoreInput, rows: Int32Array, out: Float64Array): void {
  out.fill(0, 0, rows.length);
  if (scratch.length < rows.length) scratch = new Float64Array(rows.length * 2);
  let total = 0;
  for (const [name, weight] of input.preference.weights) {
    if (weight === 0) continue;
    total += weight;
    scorers[name](input, rows, scratch);
    for (let i = 0; i < rows.length; i++) out[i]! += weight * scratch[i]!;
  }
  if (total > 0) for (let i = 0; i < rows.length; i++) out[i]! /= total;
}

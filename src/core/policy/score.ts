import type { ScoreInput } from './scorer.ts';
export function weightedScores(_input: ScoreInput, _rows: Int32Array, out: Float64Array): void {
  out.fill(0);
}

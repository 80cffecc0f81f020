import type { Scorer } from '../scorer.ts';
import { meanInUse } from './shares.ts';

/** Prefers full nodes. */
export const binPacking: Scorer = (input, rows, out) => {
  for (let i = 0; i < rows.length; i++) out[i] = meanInUse(input, rows[i]!);
};

import type { Scorer } from '../scorer.ts';
import { meanInUse } from './shares.ts';

/** Prefers empty nodes. */
export const spreading: Scorer = (input, rows, out) => {
  meanInUse(input, rows, out);
  for (let i = 0; i < rows.length; i++) out[i] = 1 - out[i]!;
};

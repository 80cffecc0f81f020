import type { Scorer } from '../scorer.ts';
import { meanInUse } from './shares.ts';

/** Prefers empty nodes. */
export const spreading: Scorer = {
  dependsOn: 'own-row',
  score: (input, rows, out) => {
    meanInUse(input, rows, out);
    for (let i = 0; i < rows.length; i++) out[i] = 1 - out[i]!;
  },
};

import type { Scorer } from '../scorer.ts';
import { meanInUse } from './shares.ts';

/** Prefers full nodes. */
export const binPacking: Scorer = {
  dependsOn: 'own-row',
  score: (input, rows, out) => meanInUse(input, rows, out),
};

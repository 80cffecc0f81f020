import type { Scorer } from '../scorer.ts';
import { meanInUse } from './shares.ts';

/** Prefers full nodes. */
export const binPacking: Scorer = (input, rows, out) => meanInUse(input, rows, out);

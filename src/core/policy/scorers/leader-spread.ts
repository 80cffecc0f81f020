import type { Scorer } from '../scorer.ts';

/** Prefers nodes with few gang leaders, so that the loss of a node ends few gangs: 1, 1/2, 1/3 ... */
export const leaderSpread: Scorer = {
  dependsOn: 'own-row',
  score: ({ leaders }, rows, out) => {
    for (let i = 0; i < rows.length; i++) out[i] = 1 / (1 + (leaders[rows[i]!] ?? 0));
  },
};

import type { Scorer } from '../scorer.ts';

/**
 * Prefers the domains where the gang's own members are: per topology key the share of them in the row's domain, a
 * narrower key weighing twice the next wider one. 0 before the first member.
 */
export const topology: Scorer = {
  dependsOn: 'placed-members',
  score: ({ siblings }, rows, out) => {
    const weights = siblings.perKey.map((_, k) => 2 ** -k);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < rows.length; i++) {
      let score = 0;
      for (let k = 0; k < weights.length; k++) score += weights[k]! * siblings.perKey[k]!(rows[i]!);
      out[i] = siblings.placed === 0 || total === 0 ? 0 : score / (total * siblings.placed);
    }
  },
};

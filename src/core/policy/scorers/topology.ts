import type { Scorer } from '../scorer.ts';

/**
 * Prefers the domains of the pod's siblings: per topology key the share of the siblings in the row's domain; a key
 * weighs twice as much as the next wider one. 0 for a pod without siblings.
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

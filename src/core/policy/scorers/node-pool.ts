import type { Scorer } from '../scorer.ts';

/**
 * Prefers nodes with labels that the policy prefers (weight > 0), and avoids those with labels that it avoids (< 0):
 * 0.5 + half of (sum of the weights of the node's labels) / (sum of all absolute weights).
 */
export const nodePool: Scorer = {
  dependsOn: 'own-row',
  score: ({ table, preference }, rows, out) => {
    let scale = 0;
    for (const { weight } of preference.pools) scale += Math.abs(weight);
    for (let i = 0; i < rows.length; i++) {
      let sum = 0;
      const labels = table.nodeAt(rows[i]!)?.labels;
      for (const { key, value, weight } of preference.pools) if (labels?.get(key) === value) sum += weight;
      out[i] = scale === 0 ? 0.5 : 0.5 + sum / scale / 2;
    }
  },
};

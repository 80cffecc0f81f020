import type { Scorer } from '../scorer.ts';

/**
 * Prefers nodes whose labels the policy wants and shuns those it avoids: 0.5 where neither, up to 1 where everything
 * wanted and nothing avoided is there, down to 0 for the reverse.
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

import type { Scorer } from '../scorer.ts';

/**
 * Rates a numeric node label such as a price: `lower` scores 1/(1+x), `higher` x/(1+x), so that any scale works and the
 * score of a node does not depend on the others. A label that is missing, negative or not a number scores 0.
 */
export const nodeLabel: Scorer = {
  dependsOn: 'own-row',
  score: ({ table, policy }, rows, out) => {
    const { key, better } = policy.nodeLabel;
    for (let i = 0; i < rows.length; i++) {
      const text = table.nodeAt(rows[i]!)?.labels.get(key);
      const value = text === undefined || text.trim() === '' ? NaN : Number(text);
      if (!(value >= 0) || value === Infinity) out[i] = 0;
      else out[i] = better === 'lower' ? 1 / (1 + value) : value / (1 + value);
    }
  },
};

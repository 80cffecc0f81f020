import type { Scorer } from '../scorer.ts';

/** 1 for the nodes that the policy prefers (spot nodes, or all others), 0 for the rest. */
export const spot: Scorer = {
  dependsOn: 'own-row',
  score: ({ table, preference, policy }, rows, out) => {
    for (let i = 0; i < rows.length; i++) {
      const labels = table.nodeAt(rows[i]!)?.labels;
      let isSpot = false;
      for (const [key, values] of policy.spotLabels) {
        const value = labels?.get(key);
        if (value !== undefined && (values.length === 0 || values.includes(value))) isSpot = true;
      }
      out[i] = isSpot === (preference.spot === 'prefer') ? 1 : 0;
    }
  },
};

import type { Scorer } from '../scorer.ts';

/** The share of the pod's images that are already on the node. 0 for a pod whose images are not known. */
export const imageLocality: Scorer = {
  dependsOn: 'own-row',
  score: ({ table, images }, rows, out) => {
    for (let i = 0; i < rows.length; i++) {
      const held = table.nodeAt(rows[i]!)?.images;
      let found = 0;
      for (const image of images) if (held?.has(image)) found++;
      out[i] = images.length === 0 ? 0 : found / images.length;
    }
  },
};

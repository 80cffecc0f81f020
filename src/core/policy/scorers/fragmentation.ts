import type { Scorer } from '../scorer.ts';

/**
 * Prefers nodes on which the remaining room is a multiple of the request: the mean over the requested resources of
 * 1 - (remainder after whole pods) / (one pod). Keeps GPUs for pods that request them: on a node with free GPUs, the
 * score of a pod that requests none is halved.
 */
export const fragmentation: Scorer = {
  dependsOn: 'own-row',
  score: ({ table, free, request }, rows, out) => {
    const pods = table.columns.indexOf('pods');
    const gpus = table.columns.names.flatMap((name, c) => (name.endsWith('/gpu') ? [c] : []));
    const wantsGpu = gpus.some((c) => (request[c] ?? 0) > 0);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      let sum = 0;
      let asked = 0;
      for (let c = 0; c < request.length; c++) {
        if (request[c] === 0 || c === pods) continue;
        const rest = Math.max(0, free[c]![row]! - request[c]!);
        sum += 1 - (rest % request[c]!) / request[c]!;
        asked++;
      }
      const strandsGpu = !wantsGpu && gpus.some((c) => free[c]![row]! > 0);
      out[i] = (asked === 0 ? 0 : sum / asked) * (strandsGpu ? 0.5 : 1);
    }
  },
};

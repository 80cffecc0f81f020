import type { Scorer } from '../scorer.ts';

/**
 * Prefers nodes that are left with nothing, or with room for whole further pods of the kind: per requested resource,
 * 1 - (what remains past whole pods) / (one pod), the mean. And keeps GPUs for who asks for them: on a node with free
 * GPUs, a pod that asks for none scores by half.
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

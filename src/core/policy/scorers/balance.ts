import type { Scorer } from '../scorer.ts';
import { shareInUse } from './shares.ts';

/** Prefers nodes whose cpu and memory are in use to the same share with the pod there. */
export const balance: Scorer = {
  dependsOn: 'own-row',
  score: ({ table, free, request }, rows, out) => {
    const { cpu, memory } = table.columns;
    const share = (c: number, row: number) =>
      shareInUse(free[c]![row]! - (request[c] ?? 0), table.allocatable[c]![row]!);
    for (let i = 0; i < rows.length; i++) out[i] = 1 - Math.abs(share(cpu, rows[i]!) - share(memory, rows[i]!));
  },
};

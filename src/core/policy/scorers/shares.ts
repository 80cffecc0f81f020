import type { ScoreInput } from '../scorer.ts';

/**
 * Writes into `out[i]` the mean, over the requested resources, of the share of row `rows[i]` that is in use with the
 * pod there, 0..1; 0 for a pod without requests. As MostAllocated of kube-scheduler v1.36
 * (plugins/noderesources/most_allocated.go) without weights and rounding. Pod slots do not count: they say nothing
 * about how full a node is.
 */
export function meanInUse({ table, free, request }: ScoreInput, rows: Int32Array, out: Float64Array): void {
  out.fill(0, 0, rows.length);
  let asked = 0;
  for (let c = 0; c < request.length; c++) {
    const amount = request[c]!;
    if (amount === 0 || c === table.columns.pods) continue;
    const [room, total] = [free[c]!, table.allocatable[c]!];
    for (let i = 0; i < rows.length; i++) out[i]! += shareInUse(room[rows[i]!]! - amount, total[rows[i]!]!);
    asked++;
  }
  if (asked > 1) for (let i = 0; i < rows.length; i++) out[i]! /= asked;
}

/** The share in use, 0..1: a node without the resource or with negative free room is full. */
export function shareInUse(free: number, allocatable: number): number {
  if (allocatable <= 0) return 1;
  return Math.min(1, Math.max(0, 1 - free / allocatable));
}

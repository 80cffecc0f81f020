import type { ScoreInput } from '../scorer.ts';

/**
 * Mean over the requested resources of the share in use once the pod is there, 0..1; 0 for a pod that asks nothing.
 * After MostAllocated of kube-scheduler v1.36 (plugins/noderesources/most_allocated.go), without its weights and its
 * rounding. Pod slots do not count: they say nothing about how full a node is.
 */
export function meanInUse({ table, free, request }: ScoreInput, row: number): number {
  const pods = table.columns.indexOf('pods');
  let inUse = 0;
  let asked = 0;
  for (let c = 0; c < request.length; c++) {
    if (request[c] === 0 || c === pods) continue;
    inUse += shareInUse(free[c]![row]! - request[c]!, table.allocatable[c]![row]!);
    asked++;
  }
  return asked === 0 ? 0 : inUse / asked;
}

/** 0..1 for any figures: a node without the resource, or one overtaken by others, is full. */
export function shareInUse(free: number, allocatable: number): number {
  if (allocatable <= 0) return 1;
  return Math.min(1, Math.max(0, 1 - free / allocatable));
}

import { breachesOf, type NodeAmounts } from '../../test/e2e/harness/audit.ts';
import type { Pod } from '../../test/e2e/harness/objects.ts';
import { gangOf } from './objects.ts';

/** What the API server holds at the end of a measurement. */
export interface Outcome {
  /** Gangs of which some members are bound and others are not. */
  readonly partialGangs: number;
  /** Nodes whose pods ask for more than there is. */
  readonly overcommittedNodes: number;
  /** Nodes with a pod of a gang. */
  readonly nodesUsed: number;
}

/** @param members pods of a gang */
export function outcomeOf(nodes: readonly NodeAmounts[], pods: readonly Pod[], members: number): Outcome {
  const bound = pods.filter(({ spec }) => spec.nodeName !== undefined);
  const counts = new Map<string, number>();
  for (const { metadata } of bound) {
    const gang = gangOf(metadata.name);
    if (gang !== undefined) counts.set(gang, (counts.get(gang) ?? 0) + 1);
  }
  const inGangs = bound.filter(({ metadata }) => gangOf(metadata.name) !== undefined);
  const breaches = breachesOf(nodes, pods).map((breach) => breach.slice(0, breach.indexOf(':')));
  return {
    partialGangs: [...counts.values()].filter((count) => count < members).length,
    overcommittedNodes: new Set(breaches).size,
    nodesUsed: new Set(inGangs.map(({ spec }) => spec.nodeName)).size,
  };
}

/**
 * Seconds from the creation of each gang's first pod to the binding of its last one, of the gangs that are complete.
 * @param createdMs of each gang's first pod @param boundMs of each pod, by name
 */
export function gangSeconds(
  createdMs: ReadonlyMap<string, number>,
  boundMs: ReadonlyMap<string, number>,
  members: number,
): number[] {
  const bound = new Map<string, { count: number; lastMs: number }>();
  for (const [pod, atMs] of boundMs) {
    const gang = gangOf(pod);
    if (gang === undefined) continue;
    const { count, lastMs } = bound.get(gang) ?? { count: 0, lastMs: 0 };
    bound.set(gang, { count: count + 1, lastMs: Math.max(lastMs, atMs) });
  }
  return [...createdMs].flatMap(([gang, fromMs]) => {
    const found = bound.get(gang);
    return found?.count === members ? [(found.lastMs - fromMs) / 1000] : [];
  });
}

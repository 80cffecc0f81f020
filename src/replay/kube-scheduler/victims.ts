import type { Vector } from '../../core/resources.ts';

/** A pod that may be evicted. */
export interface Evictable {
  readonly priority: number;
  /** status.startTime, in whole seconds. */
  readonly startedS: number;
  readonly vector: Vector;
}

/** A node, and the pods that must go there, the most important first; one at least. */
export interface Candidate<V extends Evictable> {
  readonly node: string;
  readonly victims: readonly V[];
}

/**
 * The pods whose eviction makes room on a node (SelectVictimsOnNode in defaultpreemption, v1.36): all pods of lower
 * priority are taken away, and if the preemptor fits then, they are put back as long as it still does, the most
 * important first: the higher priority, then the one that runs longer. There are no disruption budgets in a replay.
 *
 * @param lower the node's pods of lower priority than the preemptor
 * @param room what is free beside them, less what is nominated to others ahead of the preemptor
 * @returns the most important first; undefined: the preemptor does not fit without them either, or none has to go
 */
export function victimsOn<V extends Evictable>(lower: readonly V[], room: Vector, request: Vector): V[] | undefined {
  const left = Float64Array.from(room);
  const change = (vector: Vector, sign: 1 | -1) => left.forEach((_, c) => (left[c]! += sign * (vector[c] ?? 0)));
  const fits = () => request.every((amount, c) => amount === 0 || amount <= left[c]!);
  for (const { vector } of lower) change(vector, 1);
  if (!fits()) return undefined;
  const victims = [...lower].sort(byImportance).filter(({ vector }) => {
    change(vector, -1);
    if (fits()) return false;
    change(vector, 1);
    return true;
  });
  return victims.length === 0 ? undefined : victims;
}

function byImportance(a: Evictable, b: Evictable): number {
  return b.priority - a.priority || a.startedS - b.startedS;
}

/** Makes a priority's share of the sum positive, so that of two nodes the one with fewer victims is the better. */
const PRIORITY_OFFSET = 2 ** 31;

/** What a node should have as little of as possible, in the order in which it counts. */
const CRITERIA: readonly ((victims: readonly Evictable[]) => number)[] = [
  (victims) => highest(victims),
  (victims) => victims.reduce((sum, { priority }) => sum + priority + PRIORITY_OFFSET, 0),
  (victims) => victims.length,
  // The node whose most important victims started last loses the least work.
  (victims) => {
    const most = highest(victims);
    return -Math.min(...victims.filter(({ priority }) => priority === most).map(({ startedS }) => startedS));
  },
];

const highest = (victims: readonly Evictable[]) => Math.max(...victims.map(({ priority }) => priority));

/**
 * The candidates of which kube-scheduler takes one, as chance has it (pickOneNodeForPreemption, v1.36: it takes the
 * first, in the random order of a Go map).
 */
export function bestCandidates<V extends Evictable>(candidates: readonly Candidate<V>[]): readonly Candidate<V>[] {
  return CRITERIA.reduce((left, criterion) => {
    const values = left.map(({ victims }) => criterion(victims));
    const least = Math.min(...values);
    return left.filter((_, i) => values[i] === least);
  }, candidates);
}

const LEAST_CANDIDATES = 100;
const LEAST_SHARE = 0.1;

/** How many candidates are enough to choose from, of the nodes on which evictions might help. */
export function candidatesToFind(nodes: number): number {
  return Math.min(nodes, Math.max(LEAST_CANDIDATES, Math.floor(nodes * LEAST_SHARE)));
}

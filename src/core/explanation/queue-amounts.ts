import type { GangContextView } from '../gang/context.ts';
import type { Tally } from '../queue/tally.ts';
import type { QueueNode } from '../queue/tree.ts';
import type { Resources, Vector } from '../resources.ts';

/** What a queue holds and what it should have, of the resources that are shared out and those that are limited. */
export interface QueueAmounts {
  /** All that it holds: bound pods and places held for pods. */
  readonly held: Resources;
  /** Of that: bound pods. */
  readonly bound: Resources;
  /** Of that: pods that are being evicted. */
  readonly leaving: Resources;
  /** What it holds and what its waiting gangs need that could start. */
  readonly demand: Resources;
  readonly guaranteed: Resources;
  readonly entitled: Resources;
  /** Of its guarantee: idle, and not lent. */
  readonly withheld: Resources;
  /** Only resources that have a limit. */
  readonly max: Resources;
}

/** Differences up to one unit are rounding. */
const ROUNDING = 1;

/** The columns of which queues are told. */
export const sharedOf = ({ shares }: Pick<GangContextView, 'shares'>): readonly number[] => shares.columns;

/** As of the last time that shares were computed, at most a second ago; what it holds is of now. O(resources). */
export function amountsOf(ctx: GangContextView, node: QueueNode, shared: readonly number[]): QueueAmounts {
  const { names } = ctx.cluster.columns;
  const { guaranteed, max, demand, entitled, withheld } = ctx.shares.of(node);
  const { vector, held, leaving } = node.holds;
  const limited = [...names.keys()].filter((c) => Number.isFinite(max[c] ?? Infinity));
  const told = limited.length === 0 ? shared : [...new Set([...shared, ...limited])];
  const of = (amounts: Vector, columns = told): Resources => new Map(columns.map((c) => [names[c]!, amounts[c] ?? 0]));
  return {
    held: of(vector),
    bound: new Map(told.map((c) => [names[c]!, (vector[c] ?? 0) - (held[c] ?? 0)])),
    leaving: of(leaving),
    demand: of(demand),
    guaranteed: of(guaranteed, shared),
    entitled: of(entitled, shared),
    withheld: of(withheld, shared),
    max: of(max, limited),
  };
}

/** The largest part of a resource of the cluster that is held, and the resource; undefined: nothing is. */
export function dominantOf(
  { shares, cluster }: GangContextView,
  { vector }: Pick<Tally, 'vector'>,
  shared: readonly number[],
): { readonly resource: string; readonly share: number } | undefined {
  let most: { resource: string; share: number } | undefined;
  for (const c of shared) {
    const capacity = shares.capacity[c] ?? 0;
    const share = capacity > 0 ? (vector[c] ?? 0) / capacity : 0;
    if (share > (most?.share ?? 0)) most = { resource: cluster.columns.names[c]!, share };
  }
  return most;
}

/**
 * The resources of which the queue holds more than it is entitled to, and of which it holds less and needs more; what is
 * being evicted does not count.
 */
export function standingOf(
  { shares, cluster }: GangContextView,
  node: QueueNode,
  shared: readonly number[],
): { readonly over: readonly string[]; readonly under: readonly string[] } {
  const { entitled, demand } = shares.of(node);
  const used = (c: number) => shares.usedOf(node, c);
  const named = (test: (c: number) => boolean) => shared.filter(test).map((c) => cluster.columns.names[c]!);
  return {
    over: named((c) => used(c) - (entitled[c] ?? 0) > ROUNDING),
    // The root is entitled to the whole cluster, whatever is needed.
    under: named((c) => Math.min(entitled[c] ?? 0, demand[c] ?? 0) - used(c) > ROUNDING),
  };
}

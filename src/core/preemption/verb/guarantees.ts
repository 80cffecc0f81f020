import type { BoundPod } from '../../cluster/cluster.ts';
import { ownPriority } from '../../gang/priority.ts';
import type { PodInfo } from '../../model.ts';
import { isOfSystem } from '../../policy/system-priority.ts';
import { pathTo, type QueueNode } from '../../queue/tree.ts';
import type { Vector } from '../../resources.ts';
import type { PreemptionContextView } from '../candidates/context.ts';
import { leafOf } from '../candidates/share-rules.ts';

/** Whether some pods, evicted in this order, would take from what a queue is guaranteed. */
export type GuaranteeTest = (victims: readonly BoundPod[]) => boolean;

const NEVER: GuaranteeTest = () => false;

/**
 * Whether one of the victims is of a queue that is within its guarantee when its turn comes, and that the pod itself is
 * not in. Pods of the system may take everything. What is being deleted anyway is nothing that a queue holds.
 */
export function guaranteeTest(ctx: PreemptionContextView, pod: PodInfo): GuaranteeTest {
  const { tree, shares, classes, gangs, usage, cluster } = ctx;
  if (!tree.isConfigured || isOfSystem(ownPriority(classes, pod))) return NEVER;
  const own = new Set(pathTo(usage.ownerOfPending(pod)?.leaf ?? tree.root));
  const chainOf = (one: PodInfo) => {
    const leaf = leafOf(ctx, one, gangs.get(one.membership?.gang ?? ''));
    return leaf ? pathTo(leaf).filter((node) => !own.has(node)) : [];
  };
  const going = new Sums(cluster.columns.size);
  for (const one of cluster.deletingPods) if (!one.isLeaving) going.add(chainOf(one.pod), one.vector);
  return (victims) => {
    const taken = new Sums(cluster.columns.size);
    const heldOf = (node: QueueNode, c: number) => shares.usedOf(node, c) - going.of(node, c) - taken.of(node, c);
    const isWithin = (node: QueueNode) => {
      const { assured } = shares.of(node);
      return shares.columns.every((c) => heldOf(node, c) <= (assured[c] ?? 0));
    };
    return victims.some(({ pod: victim, vector, isLeaving }) => {
      if (victim.deleting || isLeaving) return false;
      const chain = chainOf(victim);
      if (chain.some(isWithin)) return true;
      taken.add(chain, vector);
      return false;
    });
  };
}

/** Amounts by queue and column. */
class Sums {
  readonly #width: number;
  readonly #byQueue = new Map<QueueNode, Float64Array>();

  constructor(width: number) {
    this.#width = width;
  }

  add(queues: readonly QueueNode[], vector: Vector): void {
    for (const queue of queues) {
      let sum = this.#byQueue.get(queue);
      if (!sum) this.#byQueue.set(queue, (sum = new Float64Array(this.#width)));
      for (let c = 0; c < vector.length; c++) sum[c]! += vector[c]!;
    }
  }

  of(queue: QueueNode, c: number): number {
    return this.#byQueue.get(queue)?.[c] ?? 0;
  }
}

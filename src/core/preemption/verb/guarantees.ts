import type { BoundPod } from '../../cluster/cluster.ts';
import { ownPriority } from '../../gang/priority.ts';
import type { PodInfo } from '../../model.ts';
import { isOfSystem } from '../../policy/system-priority.ts';
import { pathTo, type QueueNode } from '../../queue/tree.ts';
import type { PreemptionContextView } from '../candidates/context.ts';
import { leafOf } from '../candidates/exclusion-rules.ts';

/**
 * Whether one of the victims is of a queue that is within its guarantee when its turn comes, and that the pod itself is
 * not in. Pods of the system may take everything.
 */
export function takesFromGuarantee(ctx: PreemptionContextView, pod: PodInfo, victims: readonly BoundPod[]): boolean {
  const { tree, shares, classes, gangs, usage } = ctx;
  if (!tree.isConfigured || isOfSystem(ownPriority(classes, pod))) return false;
  const own = new Set(pathTo(usage.ownerOfPending(pod)?.leaf ?? tree.root));
  const taken = new Map<QueueNode, Float64Array>();
  const isWithin = (node: QueueNode) => {
    const { assured } = shares.of(node);
    return shares.columns.every((c) => shares.usedOf(node, c) - (taken.get(node)?.[c] ?? 0) <= (assured[c] ?? 0));
  };
  return victims.some(({ pod: victim, vector, isLeaving }) => {
    const leaf = leafOf(ctx, victim, gangs.get(victim.membership?.gang ?? ''));
    if (!leaf || victim.deleting || isLeaving) return false;
    const chain = pathTo(leaf).filter((node) => !own.has(node));
    if (chain.some(isWithin)) return true;
    for (const node of chain) {
      const sum = taken.get(node) ?? new Float64Array(vector.length);
      taken.set(
        node,
        sum.map((amount, c) => amount + vector[c]!),
      );
    }
    return false;
  });
}

import type { QueueNode } from '../queue/tree.ts';
import type { GangContextView } from './context.ts';
import type { Gang, Refusal } from './gang.ts';

type QuotaRefusal = Extract<Refusal, { kind: 'quota' }>;

/** The first limit that keeps the gang from starting, however much room there is; undefined: none does. O(depth). */
export function limitOn(ctx: GangContextView, { queue, ask }: Gang): QuotaRefusal | undefined {
  for (let node: QueueNode | undefined = queue; node; node = node.parent) {
    const over = overMax(ctx, node, ask);
    if (over === undefined) continue;
    const reason = `queue ${node.path} is at its max of ${over}`;
    return { kind: 'quota', reason, limit: 'max', at: node.path, holder: node.holds, version: node.holds.version };
  }
  return undefined;
}

/** The resource of which the queue would hold more than its max; what is being evicted still counts. */
function overMax({ shares, cluster }: GangContextView, node: QueueNode, ask: Gang['ask']): string | undefined {
  const { max } = shares.of(node);
  const { vector } = node.holds;
  const column = ask.findIndex((amount, c) => amount > 0 && (vector[c] ?? 0) + amount > (max[c] ?? Infinity));
  return cluster.columns.names[column];
}

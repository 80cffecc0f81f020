import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { askOf } from '../gang/needs.ts';
import type { LimitKind } from '../queue/limits.ts';
import { firstLimit, groupLimit } from '../queue/quota-check.ts';
import type { QueueNode } from '../queue/tree.ts';
import type { Vector } from '../resources.ts';

interface Sum {
  readonly vector: Vector;
  readonly pods: number;
  readonly gangs: number;
}

/** A sum that a gang counts in. */
interface CountedIn {
  readonly name: string;
  /** Whether a limit allows less. */
  readonly isBeyond: (sum: Sum) => boolean;
}

const NOTHING: Sum = { vector: new Float64Array(0), pods: 0, gangs: 0 };

const OF_QUEUE: readonly LimitKind[] = ['max', 'running gangs', 'running pods'];
const OF_USER: readonly LimitKind[] = ['user', 'user gangs'];
const OF_NAMESPACE: readonly LimitKind[] = ['pods of the namespace'];

/**
 * What all gangs together have asked the autoscaler for: no queue, user or namespace may ask for more than its limits
 * leave beside what it holds. Each gang alone is within them, and all of them together need not be.
 */
export class AskedSoFar {
  readonly #ctx: GangContextView;
  readonly #sums = new Map<string, Sum>();

  constructor(ctx: GangContextView) {
    this.#ctx = ctx;
  }

  /** Counts the gang if it is within all limits together with those counted before. O(depth of its queue). */
  take(gang: Gang): boolean {
    const { cluster, usage } = this.#ctx;
    const vector = askOf(cluster, gang);
    const gangs = (usage.ofGang(gang.key)?.parts ?? 0) > 0 ? 0 : 1;
    const own: Sum = { vector, pods: vector[cluster.columns.pods] ?? 0, gangs };
    const claims = this.#claims(gang).map(({ name, isBeyond }) => ({ name, isBeyond, sum: this.#with(name, own) }));
    if (claims.some(({ isBeyond, sum }) => isBeyond(sum))) return false;
    for (const { name, sum } of claims) this.#sums.set(name, sum);
    return true;
  }

  #with(name: string, own: Sum): Sum {
    const before = this.#sums.get(name) ?? NOTHING;
    const vector = own.vector.map((amount, c) => amount + (before.vector[c] ?? 0));
    return { vector, pods: before.pods + own.pods, gangs: before.gangs + own.gangs };
  }

  /** The sums that the gang counts in, and whether one is beyond a limit on it. */
  #claims({ queue, user, spec: { namespace } }: Gang): readonly CountedIn[] {
    const ctx = this.#ctx;
    const out: CountedIn[] = [];
    const limitedAt = (at: QueueNode, limits: readonly LimitKind[]) => (sum: Sum) =>
      firstLimit(ctx, { queue: at, user, namespace, ...sum }, 'it', limits) !== undefined;
    for (let node: QueueNode | undefined = queue; node; node = node.parent) {
      out.push({ name: `queue ${node.path}`, isBeyond: limitedAt(node, OF_QUEUE) });
      out.push({ name: `user ${JSON.stringify([node.path, user])}`, isBeyond: limitedAt(node, OF_USER) });
    }
    out.push({ name: `namespace ${namespace}`, isBeyond: limitedAt(queue, OF_NAMESPACE) });
    for (const group of ctx.tree.groupsOf(namespace)) {
      const isBeyond = ({ pods }: Sum) => groupLimit(ctx, { namespace, pods }) !== undefined;
      out.push({ name: `group ${group}`, isBeyond });
    }
    return out;
  }
}

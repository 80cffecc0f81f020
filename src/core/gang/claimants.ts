import { pathTo, type QueueNode } from '../queue/tree.ts';
import type { Vector } from '../resources.ts';
import type { Shares } from '../queue/shares.ts';
import { refusalOf, type Gang } from './gang.ts';

interface Context {
  readonly shares: Pick<Shares, 'version' | 'tierAt'>;
  readonly queues: { waiting(): Iterable<Gang> };
}

/** Whether a queue on the way to the leaf would hold more than it is entitled to with this. O(depth). */
export const isBeyondShare = ({ shares }: Pick<Context, 'shares'>, leaf: QueueNode, ask: Vector): boolean =>
  pathTo(leaf).some((node) => shares.tierAt(node, ask) === 2);

/** The gangs that wait for room within their queues' share. Looked up anew when shares are. */
export class Claimants {
  #version = -1;
  #gangs: readonly Gang[] = [];

  /** Those with a better claim to room than the leaf, which is beyond its share. */
  *before(ctx: Context, leaf: QueueNode): Generator<Gang> {
    if (this.#version !== ctx.shares.version) this.#refresh(ctx);
    for (const gang of this.#gangs) if (isWaiting(gang) && isWithinShare(ctx, gang, leaf)) yield gang;
  }

  #refresh(ctx: Context): void {
    this.#version = ctx.shares.version;
    this.#gangs = [...ctx.queues.waiting()].filter(
      (gang) => isWaiting(gang) && ctx.shares.tierAt(gang.queue, gang.ask) <= 1,
    );
  }
}

const isWaiting = (gang: Gang) => gang.state.kind === 'waiting' && refusalOf(gang)?.kind === 'room';

/** Whether every queue from below the common ancestor with the leaf down to the gang's own stays within its share. */
function isWithinShare({ shares }: Context, { queue, ask }: Gang, leaf: QueueNode): boolean {
  const [own, other] = [pathTo(queue), pathTo(leaf)];
  return queue !== leaf && own.every((node, i) => node === other[i] || shares.tierAt(node, ask) <= 1);
}

import { pathTo, type QueueNode } from '../queue/tree.ts';
import type { Vector } from '../resources.ts';
import type { Shares } from '../queue/shares.ts';
import { refusalOf, type Gang } from './gang.ts';

interface Context {
  readonly shares: Pick<Shares, 'version' | 'madeMs' | 'tierAt'>;
  readonly queues: { waiting(): Iterable<Gang> };
}

/** Gangs looked at to find one that needs certain rows. */
export const MOST_LOOKED_AT = 32;

/** Whether a queue on the way to the leaf would hold more than it is entitled to with this. O(depth). */
export const isBeyondShare = ({ shares }: Pick<Context, 'shares'>, leaf: QueueNode, ask: Vector): boolean =>
  pathTo(leaf).some((node) => shares.tierAt(node, ask) === 2);

/** The gangs that wait for room within their queues' share. Looked up anew when shares are. */
export class Claimants {
  #version = -1;
  #madeMs = NaN;
  #gangs: readonly Gang[] = [];

  /** Those with a better claim to room than the leaf, which is beyond its share. */
  *before(ctx: Context, leaf: QueueNode): Generator<Gang> {
    const { version, madeMs } = ctx.shares;
    if (this.#version !== version || this.#madeMs !== madeMs) {
      [this.#version, this.#madeMs] = [version, madeMs];
      this.#gangs = [...waitingWithin(ctx)];
    }
    for (const gang of this.#gangs) if (isWaiting(gang) && isBefore(ctx, gang, leaf)) yield gang;
  }
}

/** The same, looked up now. O(waiting gangs). */
export function* claimantsBefore(ctx: Context, leaf: QueueNode): Generator<Gang> {
  for (const gang of waitingWithin(ctx)) if (isBefore(ctx, gang, leaf)) yield gang;
}

function* waitingWithin({ queues, shares }: Context): Generator<Gang> {
  for (const gang of queues.waiting()) if (isWaiting(gang) && shares.tierAt(gang.queue, gang.ask) <= 1) yield gang;
}

const isWaiting = (gang: Gang) => gang.state.kind === 'waiting' && refusalOf(gang)?.kind === 'room';

/** Whether every queue from below the common ancestor with the leaf down to the gang's own stays within its share. */
function isBefore({ shares }: Context, { queue, ask }: Gang, leaf: QueueNode): boolean {
  const [own, other] = [pathTo(queue), pathTo(leaf)];
  return queue !== leaf && own.every((node, i) => node === other[i] || shares.tierAt(node, ask) <= 1);
}

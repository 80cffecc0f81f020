import { blockerOf, isHead, lineOf } from '../gang/blocking.ts';
import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { limitOn } from '../gang/limits.ts';
import type { QueueNode } from '../queue/tree.ts';
import type { Vector } from '../resources.ts';

/** As many heads of higher priority get a start time of their own; whoever would run past the last of them waits. */
const MAX_HEADS = 32;
/** Of so many queues that are below their share, the first head gets one for those of other queues that are not. */
const MAX_CLAIMS = 8;

/** The gangs that have lost their patience at one moment, in admission order. */
export interface Heads {
  readonly all: readonly Gang[];
  /** The place of each in that order. */
  readonly place: ReadonlyMap<Gang, number>;
  /** The first of each queue and priority, by lineOf. */
  readonly firsts: ReadonlyMap<string, Gang>;
  readonly ofQueue: ReadonlyMap<QueueNode, readonly Gang[]>;
  /** Those that get a start time because others than those of their line may have to mind them. */
  readonly planned: readonly Gang[];
  /** More of higher priority than have a start time. */
  readonly unplanned: readonly Gang[];
  /** Those of `planned` that gangs of other queues may have to mind because of their shares. */
  readonly claims: ReadonlySet<Gang>;
  readonly lowest: Lowest;
}

/** The lowest priority of a waiting gang, in all and of each queue. */
interface Lowest {
  readonly ofAll: number;
  readonly ofQueue: ReadonlyMap<QueueNode, number>;
}

export const NO_HEADS: Heads = {
  all: [],
  place: new Map(),
  firsts: new Map(),
  ofQueue: new Map(),
  planned: [],
  unplanned: [],
  claims: new Set(),
  lowest: { ofAll: Infinity, ofQueue: new Map() },
};

/** @param asked a gang that must find all that it has to mind; it need not wait */
export function headsNow(
  ctx: GangContextView,
  asked: Pick<Gang, 'queue' | 'priority'> | undefined,
  nowMs: number,
): Heads {
  // A limit may have been reached since the gang was refused: it cannot start, however much room there is.
  const isLimited = (gang: Gang) => limitOn(ctx, gang) !== undefined;
  const all = ctx.queues.standing((gang) => isHead(gang, nowMs) && !isLimited(gang));
  const firsts = new Map<string, Gang>();
  const ofQueue = new Map<QueueNode, Gang[]>();
  for (const head of all) {
    const line = lineOf(head);
    if (!firsts.has(line)) firsts.set(line, head);
    const others = ofQueue.get(head.queue);
    if (others) others.push(head);
    else ofQueue.set(head.queue, [head]);
  }
  const lowest = lowestOf(ctx, asked);
  const place = new Map(all.map((head, i) => [head, i]));
  return { all, place, firsts, ofQueue, lowest, ...chosen(ctx, { all, firsts, lowest }, nowMs) };
}

/** Whether a gang finds all heads that it has to mind among those that are planned. */
export const isCovered = ({ lowest }: Heads, { queue, priority }: Pick<Gang, 'queue' | 'priority'>): boolean =>
  priority >= lowest.ofAll && priority >= (lowest.ofQueue.get(queue) ?? -Infinity);

function lowestOf({ queues }: GangContextView, asked: Pick<Gang, 'queue' | 'priority'> | undefined): Lowest {
  let ofAll = Infinity;
  const ofQueue = new Map<QueueNode, number>();
  const count = ({ queue, priority }: Pick<Gang, 'queue' | 'priority'>) => {
    ofAll = Math.min(ofAll, priority);
    ofQueue.set(queue, Math.min(priority, ofQueue.get(queue) ?? Infinity));
  };
  for (const gang of queues.waiting()) count(gang);
  if (asked) count(asked);
  return { ofAll, ofQueue };
}

function chosen(
  ctx: GangContextView,
  { all, firsts, lowest }: Pick<Heads, 'all' | 'firsts' | 'lowest'>,
  nowMs: number,
): Pick<Heads, 'planned' | 'unplanned' | 'claims'> {
  const planned: Gang[] = [];
  const unplanned: Gang[] = [];
  const claims = new Set<Gang>();
  let higher = 0;
  for (const head of all) {
    const least = isFenced(head.queue) ? lowest.ofQueue.get(head.queue)! : lowest.ofAll;
    const isHigher = head.priority > least;
    const hasClaim = firsts.get(lineOf(head)) === head && claims.size < MAX_CLAIMS && mayClaim(ctx, head, nowMs);
    if (hasClaim) claims.add(head);
    if (isHigher) higher++;
    if (hasClaim || (isHigher && higher <= MAX_HEADS)) planned.push(head);
    else if (isHigher && unplanned.length < MAX_HEADS) unplanned.push(head);
  }
  return { planned, unplanned, claims };
}

/** Whether priority says nothing between this queue and any other. */
function isFenced(queue: QueueNode): boolean {
  for (let node = queue.parent; node; node = node.parent) if (node.priority !== 'within') return false;
  return true;
}

/**
 * Whether gangs of other queues may have to mind the head: nothing but room keeps it from starting, and it stays within
 * a share once all that its queue holds has ended.
 */
function mayClaim({ tree, shares, queues }: GangContextView, head: Gang, nowMs: number): boolean {
  if (tree.size <= 2 || tree.root.turns !== 'share') return false;
  let isWithin = false;
  for (let node: QueueNode = head.queue; node.parent && !isWithin; node = node.parent)
    isWithin = shares.tierAt(node, head.ask, withoutAll(node)) < 2;
  return isWithin && blockerOf(queues, head, nowMs) === undefined;
}

/** What the queue holds less when all that runs in it has ended; what leaves is not counted as held anyway. */
const withoutAll = ({ holds: { vector, leaving } }: QueueNode): Vector =>
  vector.map((amount, c) => (leaving[c] ?? 0) - amount);

import type { Vector } from '../resources.ts';
import type { Shares, Waiting } from './shares.ts';
import { MAX_QUEUES, pathTo, type QueueNode, type QueueTree } from './tree.ts';

/**
 * A leaf is treated unfairly while one of its gangs waits for room, and all of this holds:
 *  1. with the gang, the leaf and every queue above it would still be within its entitlement;
 *  2. other queues hold more than their entitlement of a resource that the gang needs;
 *  3. what they hold beyond it, and what is free, would be enough for the gang, resource by resource.
 * A queue is beyond its entitlement by no more than those below it are together, and the queues that the leaf is in are
 * not others. Where the free room lies on the nodes does not count. What is being evicted is free.
 */
export function treatedUnfairly(
  {
    tree,
    shares,
  }: { readonly tree: QueueTree; readonly shares: Pick<Shares, 'of' | 'columns' | 'usedOf' | 'capacity'> },
  waiting: Iterable<Waiting>,
): ReadonlySet<QueueNode> {
  const out = new Set<QueueNode>();
  let beyond: ReadonlyMap<QueueNode, Vector> | undefined;
  for (const { queue, ask } of waiting) {
    if (out.has(queue)) continue;
    const path = pathTo(queue);
    if (!path.every((node) => isWithin(shares, node, ask))) continue;
    beyond ??= beyondOf(shares, tree.root);
    if (others(shares, { path, ask, beyond, root: tree.root })) out.add(queue);
  }
  return out;
}

type Figures = Pick<Shares, 'of' | 'columns' | 'usedOf' | 'capacity'>;

/** Differences up to one unit are rounding. */
const ROUNDING = 1;

function isWithin(shares: Figures, node: QueueNode, ask: Vector): boolean {
  const { entitled } = shares.of(node);
  return shares.columns.every(
    (c) => !((ask[c] ?? 0) > 0) || shares.usedOf(node, c) + ask[c]! <= (entitled[c] ?? 0) + ROUNDING,
  );
}

/** What every queue holds beyond its entitlement, as far as it is held beyond theirs by those below it. O(queues). */
function beyondOf(shares: Figures, root: QueueNode): ReadonlyMap<QueueNode, Vector> {
  const out = new Map<QueueNode, Vector>();
  const visit = (node: QueueNode): Vector => {
    const below = new Float64Array(shares.capacity.length);
    for (const child of node.children) visit(child).forEach((amount, c) => (below[c]! += amount));
    const { entitled } = shares.of(node);
    const own = new Float64Array(below.length);
    for (const c of shares.columns) {
      const over = Math.max(0, shares.usedOf(node, c) - (entitled[c] ?? 0) - ROUNDING);
      own[c] = node.isLeaf ? over : Math.min(over, below[c]!);
    }
    out.set(node, own);
    return own;
  };
  visit(root);
  return out;
}

interface Claim {
  /** The leaf and those above it, without the root. */
  readonly path: readonly QueueNode[];
  readonly ask: Vector;
  readonly beyond: ReadonlyMap<QueueNode, Vector>;
  readonly root: QueueNode;
}

/** Whether others hold enough beyond their entitlement. O(siblings of the path x resources). */
function others(shares: Figures, { path, ask, beyond, root }: Claim): boolean {
  const theirs = new Float64Array(shares.capacity.length);
  for (const node of path)
    for (const sibling of node.parent?.children ?? [])
      if (sibling !== node) beyond.get(sibling)?.forEach((amount, c) => (theirs[c]! += amount));
  const needed = shares.columns.filter((c) => (ask[c] ?? 0) > 0);
  const free = (c: number) => (shares.capacity[c] ?? 0) - shares.usedOf(root, c);
  return (
    needed.some((c) => theirs[c]! > 0) && needed.every((c) => ask[c]! <= Math.max(0, free(c)) + theirs[c]! + ROUNDING)
  );
}

/** For how long each leaf has been treated unfairly, in ms, by path. */
export class Unfairness {
  readonly #ms = new Map<string, number>();
  /** Of the last look, who was, and when that was. */
  #before: ReadonlySet<QueueNode> = new Set();
  #atMs: number | undefined;

  /** Call about once a second: who is treated unfairly at two looks was so in between. */
  look(now: ReadonlySet<QueueNode>, nowMs: number): void {
    const passedMs = nowMs - (this.#atMs ?? nowMs);
    for (const queue of now)
      if (this.#before.has(queue)) this.#ms.set(queue.path, (this.#ms.get(queue.path) ?? 0) + passedMs);
    this.#before = now;
    this.#atMs = nowMs;
  }

  /** In ms; 0: never, or it has been forgotten with its queue. */
  ofQueue({ path }: Pick<QueueNode, 'path'>): number {
    return this.#ms.get(path) ?? 0;
  }

  /** Forgets queues that are gone, once there are more than there may be. */
  tidy(tree: QueueTree): void {
    if (this.#ms.size <= MAX_QUEUES) return;
    for (const path of this.#ms.keys()) if (!tree.find(path)) this.#ms.delete(path);
  }
}

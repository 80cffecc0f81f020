import type { Fairness } from '../policy/tenancy.ts';
import type { QueueNode, QueueTree } from './tree.ts';

/** Weights change with past use at most this often, in ms. */
const REWEIGH_MS = 300_000;
/** Past use makes a weight so many times as large at most, and as small. */
const MOST = 4;

interface Used {
  /** The integral over time of what part of the cluster it held, in ms; what was a half-life ago counts half. */
  usedMs: number;
  /** Of the cluster since `atMs`: the largest part of any resource, 0..1. */
  part: number;
  atMs: number;
}

/** What was remembered of each queue when it was written down. */
export type SavedUse = Readonly<Record<string, { readonly usedMs: number; readonly atMs: number }>>;

/**
 * What queues have held lately, by path, so that it outlives a reload. A queue that has held more than its part counts
 * with a smaller weight. The decay is exact for a part that stays the same between two calls.
 */
export class UsageMemory {
  readonly #used = new Map<string, Used>();
  #factors = new WeakMap<QueueNode, number>();
  #weighedMs = -Infinity;

  /** Time goes on, and queues hold what they hold from now on. @param partOf the part of the cluster that a queue holds, 0..1 */
  advance(tree: QueueTree, partOf: (queue: QueueNode) => number, nowMs: number): void {
    const { fairness } = tree.tenancy;
    for (const queue of tree.nodes()) {
      const known = this.#used.get(queue.path);
      const usedMs = known ? usedAt(known, fairness.halfLifeMs, nowMs) : 0;
      this.#used.set(queue.path, { usedMs, part: partOf(queue), atMs: nowMs });
    }
    if (nowMs - this.#weighedMs < REWEIGH_MS) return;
    this.#weighedMs = nowMs;
    this.#forgetGone(tree);
    this.#factors = new WeakMap();
    for (const queue of tree.nodes()) this.#weigh(queue, fairness);
  }

  /** What the queue's weight is multiplied by, for what it has held lately. */
  factorOf(queue: QueueNode): number {
    return this.#factors.get(queue) ?? 1;
  }

  state(): SavedUse {
    return Object.fromEntries(Array.from(this.#used, ([path, { usedMs, atMs }]) => [path, { usedMs, atMs }]));
  }

  /** Queues held nothing since it was written down, as far as anybody knows. */
  restore(saved: SavedUse): void {
    for (const [path, { usedMs, atMs }] of Object.entries(saved)) this.#used.set(path, { usedMs, part: 0, atMs });
    this.#weighedMs = -Infinity;
  }

  /** Between the queues below this one: its part of their weights over its part of what they held. */
  #weigh({ children }: QueueNode, { memory }: Fairness): void {
    const all = [...children].map((queue) => {
      return { queue, weight: queue.spec.weight, usedMs: this.#used.get(queue.path)!.usedMs };
    });
    const weights = all.reduce((sum, { weight }) => sum + weight, 0);
    const usedMs = all.reduce((sum, one) => sum + one.usedMs, 0);
    if (usedMs === 0) return;
    for (const one of all) {
      const ratio = one.weight / weights / (one.usedMs / usedMs);
      this.#factors.set(one.queue, Math.min(MOST, Math.max(1 / MOST, ratio ** memory)));
    }
  }

  #forgetGone(tree: QueueTree): void {
    if (this.#used.size <= 2 * tree.size) return;
    const paths = new Set(Array.from(tree.nodes(), ({ path }) => path));
    for (const path of this.#used.keys()) if (!paths.has(path)) this.#used.delete(path);
  }
}

function usedAt({ usedMs, part, atMs }: Used, halfLifeMs: number, nowMs: number): number {
  const left = 2 ** (-Math.max(0, nowMs - atMs) / halfLifeMs);
  return usedMs * left + ((part * halfLifeMs) / Math.LN2) * (1 - left);
}

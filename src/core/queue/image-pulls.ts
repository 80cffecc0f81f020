import type { TableView } from '../cluster/node-table.ts';

/** Long enough for an image of many GB; and then the node says itself that it has it. */
const UNDER_WAY_MS = 600_000;

/**
 * The image pulls that placed pods cause. What a node has, it says itself; what it is pulling, it does not, so that the
 * pulls of muster's own placements are remembered for a while.
 */
export class ImagePulls {
  /** Until when each `node image` counts as under way, in ms; the oldest first. */
  readonly #until = new Map<string, number>();

  /** The image of each pull that pods with these images cause on these nodes; from now on they are under way. */
  begin(table: TableView, images: readonly string[], nodes: Iterable<string>, nowMs: number): readonly string[] {
    const pulls: string[] = [];
    for (const node of new Set(nodes)) {
      const present = table.nodeAt(table.rowOf(node) ?? -1)?.images;
      for (const image of images) {
        const key = `${node} ${image}`;
        if (present?.has(image) || this.#until.has(key)) continue;
        this.#until.set(key, nowMs + UNDER_WAY_MS);
        pulls.push(image);
      }
    }
    return pulls;
  }

  /** How many pulls are remembered. */
  get size(): number {
    return this.#until.size;
  }

  expire(nowMs: number): void {
    for (const [key, untilMs] of this.#until) {
      if (untilMs > nowMs) return;
      this.#until.delete(key);
    }
  }
}

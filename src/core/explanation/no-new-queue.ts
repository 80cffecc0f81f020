import type { GangContextView } from '../gang/context.ts';
import type { QueueNode } from '../queue/tree.ts';

/** What `ask` says, in a queue that is in the tree for nobody else if it had to be made for the question. */
export function inNoNewQueue<T>(
  { tree }: Pick<GangContextView, 'tree'>,
  ask: () => T,
  queueOf: (found: T) => QueueNode,
): T {
  const before = tree.size;
  const found = ask();
  for (let node = queueOf(found); tree.size > before && node.parent; node = node.parent) tree.forget(node);
  return found;
}

import { setImmediate as nextTurn } from 'node:timers/promises';

/** How many objects are handled before other work has its turn: some milliseconds. */
export const SLICE = 100;

/**
 * Handles all items, and lets the event loop turn after each slice, so that health probes and kube-scheduler are
 * answered meanwhile.
 */
export async function inSlices<T>(items: Iterable<T>, signal: AbortSignal, act: (item: T) => void): Promise<void> {
  let handled = 0;
  for (const item of items) {
    if (handled > 0 && handled % SLICE === 0) await nextTurn();
    if (signal.aborted) return;
    act(item);
    handled++;
  }
}

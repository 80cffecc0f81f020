import { signal } from '@preact/signals';
import type { Decision } from './contract.ts';

/** How many recent decisions the page keeps. */
const MOST_KEPT = 1000;

/** Recent decisions, the newest first. */
export const decisions = signal<readonly Decision[]>([]);

/** Adds those that are new, whatever their order. */
export function addDecisions(items: readonly Decision[]): void {
  const known = new Set(decisions.peek().map(({ id }) => id));
  const fresh = items.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return;
  const all = [...fresh, ...decisions.peek()].sort((a, b) => b.id - a.id);
  decisions.value = all.slice(0, MOST_KEPT);
}

/** Those of another replica, whose clock was ahead: the numbers of this one begin before them. */
export const forgetDecisions = () => (decisions.value = []);

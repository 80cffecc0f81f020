/** How many futures are looked at; a prime, so that every step through the shares meets each of them. */
export const DRAWS = 11;

/**
 * The share of runs that have ended when this gang's run ends, in one of the futures: each gang meets each of DRAWS equal
 * parts of its distribution in exactly one of them (a Latin hypercube), and different gangs in different orders. So
 * the latest of all futures holds about nine times of ten, also where it takes many ends: not all runs are late at once.
 */
export function shareIn(draw: number, gang: string): number {
  const hash = hashOf(gang);
  const step = 1 + (hash % (DRAWS - 1));
  const first = (hash >>> 8) % DRAWS;
  return (((draw * step + first) % DRAWS) + 0.5) / DRAWS;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

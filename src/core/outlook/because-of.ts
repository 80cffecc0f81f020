import type { FreedRoom } from '../placement/need.ts';
import type { Vector } from '../resources.ts';

/** The end of a run, or of a pod by itself. */
export interface End {
  readonly atMs: number;
  /** '': a pod by itself. */
  readonly gang: string;
  readonly parts: readonly FreedRoom[];
}

/** As many ends are named as people read. */
const MOST_NAMED = 3;

/** The gangs whose ends make the room for these places, the last first. @param ends those until then, in order */
export function becauseOf(places: readonly FreedRoom[], ends: readonly End[]): readonly string[] {
  const owed = new Map<number, Vector>();
  for (const { row, vector } of places) pay(owed, row, vector, 1);
  const names = new Set<string>();
  for (let i = ends.length - 1; i >= 0 && names.size < MOST_NAMED && owed.size > 0; i--) {
    const { gang, parts } = ends[i]!;
    for (const { row, vector } of parts) {
      if (!owed.has(row)) continue;
      pay(owed, row, vector, -1);
      if (gang !== '') names.add(gang);
    }
  }
  return [...names];
}

/** Adds what a place takes of a row, or takes off what an end gave to it: a row is forgotten once all is paid. */
function pay(owed: Map<number, Vector>, row: number, vector: Vector, sign: 1 | -1): void {
  const before = owed.get(row) ?? [];
  const now = Float64Array.from({ length: Math.max(before.length, vector.length) }, (_, c) => {
    return (before[c] ?? 0) + sign * (vector[c] ?? 0);
  });
  if (now.some((amount) => amount > 0)) owed.set(row, now);
  else owed.delete(row);
}

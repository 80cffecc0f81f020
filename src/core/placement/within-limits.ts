import type { Vector } from '../resources.ts';
import type { DomainLimit, FreedRoom, Plan, PlanRequest } from './need.ts';

interface Planning {
  readonly plan: (request: PlanRequest) => Plan;
  /** How many pods more a row may have, whatever they ask. */
  readonly podsAt: (row: number) => number;
  /** Of a vector, where it counts pods. */
  readonly column: number;
  readonly rows: number;
}

/**
 * Plans so that no domain gets more pods than its limit: a plan that has more in one domain keeps the first of them there,
 * and the rest is planned elsewhere. At most as many plans as there are domains, and one.
 */
export function planWithin(request: PlanRequest, limits: readonly DomainLimit[], planning: Planning): Plan {
  /** How many pods a row may get. */
  const caps = new Map<number, number>();
  for (const { of, left } of limits)
    for (let row = 0; row < planning.rows; row++) if (of[row]! >= 0 && left[of[row]!]! <= 0) caps.set(row, 0);
  for (;;) {
    const freed = [...(request.freed ?? []), ...lessRoom(caps, planning)];
    const plan = planning.plan({ ...request, freed });
    if (
      plan.kind === 'short' ||
      !capOne(
        plan.rows.flatMap((rows) => [...rows]),
        limits,
        caps,
        planning.rows,
      )
    )
      return plan;
  }
}

/** Caps the rows of the first domain with more pods than it may have. @returns whether there is one */
function capOne(
  placed: readonly number[],
  limits: readonly DomainLimit[],
  caps: Map<number, number>,
  rows: number,
): boolean {
  for (const { of, left } of limits) {
    const there = new Map<number, number[]>();
    for (const row of placed) {
      const domain = of[row]!;
      const known = there.get(domain);
      if (known) known.push(row);
      else if (domain >= 0) there.set(domain, [row]);
    }
    for (const [domain, all] of there) {
      if (all.length <= left[domain]!) continue;
      const kept = new Map<number, number>();
      for (const row of all.slice(0, left[domain])) kept.set(row, (kept.get(row) ?? 0) + 1);
      for (let row = 0; row < rows; row++)
        if (of[row] === domain) caps.set(row, Math.min(caps.get(row) ?? Infinity, kept.get(row) ?? 0));
      return true;
    }
  }
  return false;
}

function* lessRoom(caps: ReadonlyMap<number, number>, { podsAt, column }: Planning): Generator<FreedRoom> {
  for (const [row, cap] of caps) {
    const vector: Vector = new Float64Array(column + 1);
    vector[column] = Math.min(0, cap - podsAt(row));
    if (vector[column] < 0) yield { row, vector };
  }
}

/** One queue among its siblings, as far as one resource goes. Amounts in the unit of the resource. */
export interface Claimant {
  /** What it holds and what its waiting gangs need. */
  readonly demand: number;
  readonly guaranteed: number;
  /** Infinity: no limit. */
  readonly max: number;
  /** So much of its idle guarantee others may use; Infinity: all. */
  readonly lend: number;
  /** Above 0. */
  readonly weight: number;
}

/** What siblings are entitled to, and what of their guarantees stays idle for each because it is not lent. */
export interface Division {
  readonly entitled: readonly number[];
  readonly withheld: readonly number[];
}

/**
 * Divides an amount among siblings: everybody gets what it is guaranteed and needs; the rest goes by weight to those
 * that need more, until each has its demand or its max (max-min fairness, by water-filling). If there is less than what
 * is guaranteed, all guarantees shrink by one factor. Depends on demand and not on who holds what. O(n log n).
 */
export function divide(amount: number, claimants: readonly Claimant[]): Division {
  const most = claimants.map(({ demand, max }) => Math.max(0, Math.min(demand, max)));
  const floor = claimants.map(({ guaranteed }, i) => Math.min(guaranteed, most[i]!));
  const withheld = claimants.map(({ guaranteed, max, lend }, i) =>
    Math.max(0, Math.min(guaranteed, max) - floor[i]! - lend),
  );
  const promised = sum(floor) + sum(withheld);
  if (promised > amount) {
    const part = Math.max(0, amount) / promised;
    return { entitled: floor.map((one) => one * part), withheld: withheld.map((one) => one * part) };
  }
  const extra = fill(
    amount - promised,
    claimants.map(({ weight }, i) => ({ weight, wants: most[i]! - floor[i]! })),
  );
  return { entitled: floor.map((one, i) => one + extra[i]!), withheld };
}

/** Who wants least for its weight is filled first; what it leaves is divided among the others. */
function fill(amount: number, all: readonly { readonly weight: number; readonly wants: number }[]): Float64Array {
  const out = new Float64Array(all.length);
  const order = all.map((_, i) => i).sort((a, b) => all[a]!.wants / all[a]!.weight - all[b]!.wants / all[b]!.weight);
  let left = amount;
  let weight = all.reduce((total, one) => total + one.weight, 0);
  for (const i of order) {
    const one = all[i]!;
    out[i] = Math.min(one.wants, (left * one.weight) / weight);
    left = Math.max(0, left - out[i]);
    weight -= one.weight;
  }
  return out;
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

import type { Survival } from './histogram.ts';

/** One of several distributions that together tell how long a run takes. */
export interface Part {
  /** Its share in the whole; the shares sum up to 1. */
  readonly share: number;
  readonly survival: Survival;
  /** ln of the factor by which its times are to be multiplied. */
  readonly shift: number;
}

/** Steps that halve a span of ln of ms: from 5 s to a month it is then exact to a thousandth of a percent. */
const STEPS = 20;
/** Fewer than that are left: nothing is known of those. */
const NOBODY = 1e-9;
/** Shares are sums and products of counts, and not exact. */
const ROUNDING = 1e-6;
/** A run beyond all that is known takes as long again, and some seconds at least. */
const LEAST_MORE_MS = 5000;

/**
 * The time within which this share of the runs has ended, of those that took longer than `ranMs`, in ms from the start.
 * Where no run is known that took so long: twice the longest time known, `ranMs` included.
 */
export function quantile(parts: readonly Part[], share: number, ranMs: number): number {
  const from = Math.log(Math.max(1, ranMs));
  const alive = leftOf(parts, from);
  const top = parts.reduce((most, { survival, shift }) => Math.max(most, survival.top + shift), from);
  const wanted = alive * (1 - share + ROUNDING);
  if (alive < NOBODY || leftOf(parts, top) > wanted) return overdue(Math.max(ranMs, Math.exp(top)));
  let [low, high] = [from, top];
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (leftOf(parts, middle) > wanted) low = middle;
    else high = middle;
  }
  return Math.max(ranMs, Math.round(Math.exp(high)));
}

const overdue = (ms: number) => Math.round(Math.max(2 * ms, ms + LEAST_MORE_MS));

function leftOf(parts: readonly Part[], x: number): number {
  let left = 0;
  for (const { share, survival, shift } of parts) left += share * survival.at(x - shift);
  return left;
}

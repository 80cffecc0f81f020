import type { NodeInfo } from '../model.ts';
import type { Price } from '../policy/tenancy.ts';

/** Where nothing prices a node: 1 per core-hour, and other resources by their weights. */
const DEFAULT_PER_UNIT = 1;
/** Prices are counted in whole parts of this size per hour, so that sums of them are exact. */
export const PARTS = 1e9;
const GIB = 2 ** 30;
const GPU = /(^|[./-])gpu$/;

/**
 * What one unit of the resource weighs beside a core: a core 1, a GiB of memory 0.125, a GPU 16, everything else 0.
 * Per unit of Resources: per millicore and per byte.
 */
export function weightOf(resource: string): number {
  if (resource === 'cpu') return 1 / 1000;
  if (resource === 'memory') return 0.125 / GIB;
  return GPU.test(resource) ? 16 : 0;
}

export interface NodePrice {
  /** Of the whole node for an hour, in parts of 1 / PARTS; a whole number. */
  readonly perHour: number;
  /** The same for one weighted unit; 0: nothing of the node has a weight. */
  readonly perUnit: number;
}

/**
 * What the node costs: the first price whose labels match and that names a number; else DEFAULT_PER_UNIT.
 * @param weighted what the node has, weighted: in cores
 */
export function priceOf(prices: readonly Price[], { labels }: NodeInfo, weighted: number): NodePrice {
  for (const price of prices) {
    if (![...price.labels].every(([key, value]) => labels.get(key) === value)) continue;
    const perHour = price.kind === 'fixed' ? price.perHour : numberIn(labels.get(price.key));
    if (perHour !== undefined) return ofNode(perHour, weighted);
  }
  return ofNode(DEFAULT_PER_UNIT * weighted, weighted);
}

function ofNode(price: number, weighted: number): NodePrice {
  const perHour = Math.round(price * PARTS);
  return { perHour, perUnit: weighted > 0 ? perHour / weighted : 0 };
}

/** A label's value as a price; undefined: it is none. */
function numberIn(text: string | undefined): number | undefined {
  const price = text === undefined || text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(price) && price >= 0 && price < Number.MAX_SAFE_INTEGER / PARTS ? price : undefined;
}

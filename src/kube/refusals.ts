import type { ApiError } from './transport.ts';

/** The first pause; it doubles with each refusal. */
const FIRST_MS = 1000;
const LONGEST_MS = 300_000;
const MAX_REMEMBERED = 10_000;

/** Statuses that stay until somebody changes a right, a name or an object. */
const FOR_GOOD: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 413, 422]);

export const isForGood = ({ status }: ApiError): boolean => FOR_GOOD.has(status);

interface Refusal {
  readonly error: ApiError;
  readonly times: number;
  readonly untilMs: number;
}

/** Writes that the API server refused for good, by key: each is sent again after a pause that doubles. */
export class Refusals {
  readonly #byKey = new Map<string, Refusal>();

  /** The error of the last write, while it is too early for the next. */
  heldBack(key: string, nowMs: number): ApiError | undefined {
    const refusal = this.#byKey.get(key);
    return refusal && nowMs < refusal.untilMs ? refusal.error : undefined;
  }

  add(key: string, error: ApiError, nowMs: number): void {
    const times = (this.#byKey.get(key)?.times ?? 0) + 1;
    const untilMs = nowMs + Math.min(LONGEST_MS, FIRST_MS * 2 ** (times - 1));
    // Deleted first, so that the map is in the order of the last refusals.
    this.#byKey.delete(key);
    this.#byKey.set(key, { error, times, untilMs });
    if (this.#byKey.size > MAX_REMEMBERED) this.#byKey.delete(this.#byKey.keys().next().value!);
  }

  remove(key: string): void {
    this.#byKey.delete(key);
  }
}

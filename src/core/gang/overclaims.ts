const FIRST_MS = 600_000;
const MOST_MS = 86_400_000;
/** How long after its end an overclaim makes the next one count longer. */
const REMEMBERED_MS = 86_400_000;

/** That no pods are evicted for a namespace, because members came with a lower priority than their gang claimed. */
export interface Overclaim {
  /** Pods evicted for members that came so, since muster began to count. */
  readonly victims: number;
  /** How long no more pods are evicted for the namespace, in ms. */
  readonly forMs: number;
  readonly untilMs: number;
}

/** Overclaims by namespace: ten minutes for the first, twice as long for each that follows, at most a day. */
export class Overclaims {
  readonly #byNamespace = new Map<string, Overclaim>();

  /** Counts an overclaim. @param victims pods that were evicted for its gang */
  add(namespace: string, victims: number, nowMs: number): Overclaim {
    const known = this.#byNamespace.get(namespace);
    const forMs = known ? Math.min(MOST_MS, known.forMs * 2) : FIRST_MS;
    const overclaim = { victims: victims + (known?.victims ?? 0), forMs, untilMs: nowMs + forMs };
    this.#byNamespace.set(namespace, overclaim);
    return overclaim;
  }

  /** The one that counts now; undefined: pods may be evicted for the namespace. */
  at(namespace: string, nowMs: number): Overclaim | undefined {
    const known = this.#byNamespace.get(namespace);
    return known && nowMs < known.untilMs ? known : undefined;
  }

  expire(nowMs: number): void {
    for (const [namespace, { untilMs }] of this.#byNamespace)
      if (nowMs - untilMs >= REMEMBERED_MS) this.#byNamespace.delete(namespace);
  }
}

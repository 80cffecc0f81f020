import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { AccessReviews, Listing } from '../../kube/access-reviews.ts';
import type { KnownUser } from './known-users.ts';
import { Lanes } from './lanes.ts';

/** For so long an answer of the API server counts. */
const KNOWN_MS = 60_000;
const MOST_ANSWERS = 50_000;
/** Questions to the API server at once, of all users. */
const LANES = 10;
const MOST_WAITING = 1000;
/** Namespaces that one request asks about; the next one goes on. */
const MOST_NEW = 500;
/** For so long a request waits for the answers; a namespace without one is hidden. */
const PATIENCE_MS = 2000;

interface Options {
  readonly nowMs: () => number;
  /** Absent: PATIENCE_MS. */
  readonly patienceMs?: number | undefined;
}

/** What users may list, as the API server says. */
export class KnownRights {
  readonly #reviews: AccessReviews;
  readonly #nowMs: () => number;
  readonly #patienceMs: number;
  readonly #answers: LRUCache<string, boolean>;
  readonly #asking = new Map<string, Promise<boolean>>();
  readonly #lanes = new Lanes(LANES, MOST_WAITING);

  constructor(reviews: AccessReviews, { nowMs, patienceMs = PATIENCE_MS }: Options) {
    this.#reviews = reviews;
    this.#nowMs = nowMs;
    this.#patienceMs = patienceMs;
    this.#answers = new LRUCache({ max: MOST_ANSWERS, ttl: KNOWN_MS, ttlResolution: 0, perf: { now: nowMs } });
  }

  /** @throws as AccessReviews.mayList */
  async mayList(user: KnownUser, listing: Listing): Promise<boolean> {
    const key = keyOf(user, listing);
    const known = this.#answers.get(key) ?? this.#asking.get(key);
    if (known !== undefined) return known;
    const asking = this.#lanes
      .run(() => this.#reviews.mayList(user.info, listing))
      .then((answer) => {
        this.#answers.set(key, answer);
        return answer;
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  /**
   * Those of the namespaces whose pods the user may list, as far as that is known in time.
   * @throws as AccessReviews.mayList
   */
  async namespacesOf(user: KnownUser, namespaces: Iterable<string>): Promise<ReadonlySet<string>> {
    const seen = new Set<string>();
    const unknown: string[] = [];
    for (const namespace of namespaces) {
      const known = this.#answers.get(keyOf(user, podsOf(namespace)));
      if (known) seen.add(namespace);
      else if (known === undefined && unknown.length < MOST_NEW) unknown.push(namespace);
    }
    if (unknown.length === 0) return seen;
    const untilMs = this.#nowMs() + this.#patienceMs;
    const ask = async (): Promise<void> => {
      for (let next = unknown.pop(); next !== undefined; next = this.#nowMs() < untilMs ? unknown.pop() : undefined)
        if (await this.mayList(user, podsOf(next))) seen.add(next);
    };
    const asking = Promise.all(Array.from({ length: LANES }, ask));
    const patience = new AbortController();
    const late = sleep(this.#patienceMs, undefined, { signal: patience.signal, ref: false }).catch(() => undefined);
    await Promise.race([asking, late]).finally(() => patience.abort());
    // What comes later is in the cache for the next request.
    asking.catch(() => undefined);
    return new Set(seen);
  }
}

const podsOf = (namespace: string): Listing => ({ resource: 'pods', namespace });

const keyOf = ({ key }: KnownUser, { resource, namespace = '' }: Listing): string => `${key} ${resource} ${namespace}`;

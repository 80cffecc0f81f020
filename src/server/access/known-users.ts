import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AccessReviews, UserInfo } from '../../kube/access-reviews.ts';
import { TokenBucket } from '../../kube/token-bucket.ts';

/** For so long an answer of the API server about a token counts. */
const KNOWN_MS = 60_000;
const UNKNOWN_MS = 10_000;
/** Digests, in caches apart: invented tokens push no valid one out. */
const MOST_KNOWN = 2000;
const MOST_UNKNOWN = 5000;
/** Questions about tokens of which the API server has not been asked lately: of one address, and of all. */
const EACH = { perSecond: 5, burst: 20 };
const ALL = { perSecond: 50, burst: 200 };
const MOST_ADDRESSES = 1000;

/** Somebody whose token is valid. */
export interface KnownUser {
  /** The same for the same name, groups and scopes. */
  readonly key: string;
  readonly info: UserInfo;
}

/** Who a token belongs to: `stranger`: nobody; `busy`: too many new tokens are asked about. */
export type Whose = KnownUser | 'stranger' | 'busy';

interface Options {
  readonly nowMs: () => number;
}

/** Whose the tokens are that come, as the API server says. */
export class KnownUsers {
  readonly #reviews: AccessReviews;
  readonly #nowMs: () => number;
  readonly #known: LRUCache<string, KnownUser>;
  readonly #strangers: LRUCache<string, true>;
  readonly #asking = new Map<string, Promise<Whose>>();
  readonly #rate = new TokenBucket(ALL.perSecond, ALL.burst);
  readonly #rates = new LRUCache<string, TokenBucket>({ max: MOST_ADDRESSES });

  constructor(reviews: AccessReviews, { nowMs }: Options) {
    this.#reviews = reviews;
    this.#nowMs = nowMs;
    const perf = { now: nowMs };
    this.#known = new LRUCache({ max: MOST_KNOWN, ttl: KNOWN_MS, ttlResolution: 0, perf });
    this.#strangers = new LRUCache({ max: MOST_UNKNOWN, ttl: UNKNOWN_MS, ttlResolution: 0, perf });
  }

  /**
   * @param address the other end of the connection
   * @throws as AccessReviews.whoIs
   */
  async whose(token: string, address: string): Promise<Whose> {
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(digest) ?? (this.#strangers.has(digest) ? 'stranger' : this.#asking.get(digest));
    if (known !== undefined) return known;
    if (!this.#mayAsk(address)) return 'busy';
    const asking = this.#ask(digest, token).finally(() => this.#asking.delete(digest));
    this.#asking.set(digest, asking);
    return asking;
  }

  async #ask(digest: string, token: string): Promise<Whose> {
    const info = await this.#reviews.whoIs(token);
    if (!info) {
      this.#strangers.set(digest, true);
      return 'stranger';
    }
    const user = { key: createHash('sha256').update(JSON.stringify(info)).digest('base64'), info };
    this.#known.set(digest, user);
    return user;
  }

  #mayAsk(address: string): boolean {
    let own = this.#rates.get(address);
    if (!own) this.#rates.set(address, (own = new TokenBucket(EACH.perSecond, EACH.burst)));
    return own.take(this.#nowMs()) && this.#rate.take(this.#nowMs());
  }
}

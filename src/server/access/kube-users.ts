import type { AccessReviews } from '../../kube/access-reviews.ts';
import { troubleOf } from '../../kube/access-reviews.ts';
import type { Viewer } from '../api/viewer.ts';
import type { Effect } from '../../core/effects.ts';
import type { Asker } from './asker.ts';
import type { GangNamespaces } from './gang-namespaces.ts';
import { KnownRights } from './known-rights.ts';
import { KnownUsers, type KnownUser } from './known-users.ts';
import type { ReadAccess, Verdict } from './read-access.ts';
import type { Refusal } from './refusal.ts';

export interface KubeUsersOptions {
  readonly reviews: AccessReviews;
  /** The namespaces that are asked about. */
  readonly namespaces: Pick<GangNamespaces, 'all' | 'onEffects'>;
  /** Monotonic, in ms. */
  readonly nowMs?: () => number;
  /** How long a request waits for answers about namespaces, in ms. */
  readonly patienceMs?: number;
  /** Told of what keeps the API server from answering, at most once a minute. */
  readonly onTrouble?: (trouble: string) => void;
}

const TROUBLE_MS = 60_000;
/** What is no name of a namespace is in none. */
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Everybody whom the API server knows: who may list the pods of the cluster sees all gangs, others see those of the
 * namespaces whose pods they may list. Names of nodes need the right to list nodes. Where the API server gives no
 * answer, nobody is let in.
 */
export class KubeUsers implements ReadAccess {
  readonly needsToken = true;
  readonly #options: KubeUsersOptions;
  readonly #users: KnownUsers;
  readonly #rights: KnownRights;
  readonly #nowMs: () => number;
  #toldMs = -Infinity;

  constructor(options: KubeUsersOptions) {
    const { reviews, patienceMs, nowMs = () => performance.now() } = options;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#users = new KnownUsers(reviews, { nowMs });
    this.#rights = new KnownRights(reviews, { nowMs, patienceMs });
  }

  onEffects(effects: readonly Effect[]): void {
    this.#options.namespaces.onEffects(effects);
  }

  async decide({ token, address }: Asker, namespace?: string): Promise<Verdict> {
    if (token === undefined) return { refusal: NO_TOKEN };
    try {
      const user = await this.#users.whose(token, address);
      if (user === 'busy') return { refusal: BUSY };
      if (user === 'stranger') return { refusal: WRONG_TOKEN };
      return { viewer: await this.#viewerOf(user, namespace) };
    } catch (error) {
      return { refusal: this.#trouble(troubleOf(error)) };
    }
  }

  async #viewerOf(user: KnownUser, namespace: string | undefined): Promise<Viewer> {
    const about = namespace !== undefined && NAMESPACE.test(namespace) ? [namespace] : [];
    const [seesAll, seesNodes, isSeen] = await Promise.all([
      this.#rights.mayList(user, { resource: 'pods' }),
      this.#rights.mayList(user, { resource: 'nodes' }),
      this.#rights.namespacesOf(user, about),
    ]);
    if (seesAll) return { seesAll, seesNodes, sees: () => true };
    const seen = await this.#rights.namespacesOf(user, this.#options.namespaces.all());
    return { seesAll, seesNodes, sees: (name) => seen.has(name) || isSeen.has(name) };
  }

  #trouble(trouble: string): Refusal {
    if (this.#nowMs() - this.#toldMs >= TROUBLE_MS) {
      this.#toldMs = this.#nowMs();
      this.#options.onTrouble?.(trouble);
    }
    const error = `The API server did not say what you may see: ${trouble}. Ask again in a few seconds.`;
    return { status: 503, reason: 'api-server', error };
  }
}

const HOW =
  'send the header "Authorization: Bearer TOKEN", with a token of the cluster, such as kubectl create token prints';
const NO_TOKEN: Refusal = { status: 401, reason: 'token', error: `A token is required: ${HOW}.` };
const WRONG_TOKEN: Refusal = {
  status: 401,
  reason: 'token',
  error: `The API server does not accept this token, or not any more: ${HOW}.`,
};
const BUSY: Refusal = {
  status: 429,
  reason: 'busy',
  error: 'Too many new tokens are being asked about: ask again in a few seconds.',
};

import { LRUCache } from 'lru-cache';
import type { Effect } from '../../core/effects.ts';

/** For so long the list of gangs counts, in ms. */
const LISTED_MS = 1000;
/** Namespaces of which decisions and timelines still tell, although their gangs are gone. */
const MOST_LATELY = 2000;

/** The namespaces that have gangs, or had lately. */
export class GangNamespaces {
  readonly #gangs: () => readonly { readonly gang: string }[];
  readonly #nowMs: () => number;
  readonly #lately = new LRUCache<string, true>({ max: MOST_LATELY });
  #listed: ReadonlySet<string> = new Set();
  #listedMs = -Infinity;

  /** @param gangs all gangs now, as `namespace/name` */
  constructor(gangs: () => readonly { readonly gang: string }[], nowMs = () => performance.now()) {
    this.#gangs = gangs;
    this.#nowMs = nowMs;
  }

  /** A gang that has just come must not be hidden from its owner until the list is made again. */
  onEffects(effects: readonly Effect[]): void {
    for (const effect of effects)
      if ('gang' in effect && effect.gang !== undefined) this.#lately.set(namespaceOf(effect.gang), true);
  }

  all(): ReadonlySet<string> {
    const nowMs = this.#nowMs();
    if (nowMs - this.#listedMs >= LISTED_MS) {
      this.#listedMs = nowMs;
      this.#listed = new Set(this.#gangs().map(({ gang }) => namespaceOf(gang)));
    }
    return new Set([...this.#listed, ...this.#lately.keys()]);
  }
}

const namespaceOf = (gang: string): string => gang.slice(0, gang.indexOf('/'));

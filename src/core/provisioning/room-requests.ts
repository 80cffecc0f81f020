import type { RoomRequest, RoomRequestState } from '../model.ts';
import { endOf, retryAfterMs, retryOf, type RoomAsk } from './room-request.ts';

/**
 * An ask that was handed out and that the API server has not shown yet counts as under way for so long, in ms: as long as
 * a write may be tried. Mostly its end is told before.
 */
const UNDER_WAY_MS = 300_000;

/** What muster knows of the requests of one gang. */
export interface GangRequests {
  /** As the API server has them, by name. More than one: the older ones are on their way out. */
  readonly requests: Map<string, RoomRequest>;
  /** Since when it waits for room, or for anything else, without a break; in ms. */
  wantsSinceMs: number | undefined;
  idleSinceMs: number | undefined;
  /** Of its last request. */
  generation: number;
  /** Requests in a row that were not met. */
  failures: number;
  /** No request before this time, in ms. */
  retryMs: number;
  /** Why its last request came to nothing; undefined: it did not. */
  why: string | undefined;
  /** The ask that is being written, and until when that is believed, in ms. */
  underWay: { readonly ask: RoomAsk; readonly untilMs: number } | undefined;
}

/**
 * The requests to the autoscaler: what the API server tells of them, which are being written, and when a gang may ask
 * again. A muster that starts learns all of it from the objects, but for the back-off of gangs whose objects are gone.
 */
export class RoomRequests {
  readonly #gangs = new Map<string, GangRequests>();
  /** The names of the objects that muster withdraws, by gang. */
  readonly #leaving = new Map<string, Set<string>>();
  #validMs = Infinity;

  get gangs(): ReadonlyMap<string, GangRequests> {
    return this.#gangs;
  }

  /** How many requests there are, in each state that one is in. */
  counts(): ReadonlyMap<RoomRequestState, number> {
    const out = new Map<RoomRequestState, number>();
    for (const { requests } of this.#gangs.values())
      for (const { state } of requests.values()) out.set(state, (out.get(state) ?? 0) + 1);
    return out;
  }

  /** How long the autoscaler may take, as the last decision said. */
  get validMs(): number {
    return this.#validMs;
  }

  set validMs(ms: number) {
    this.#validMs = ms;
  }

  /** The request that counts for the gang: the last one. */
  of(gang: string): RoomRequest | undefined {
    const known = this.#gangs.get(gang);
    return known && lastOf(known);
  }

  entry(gang: string): GangRequests {
    let known = this.#gangs.get(gang);
    if (!known) this.#gangs.set(gang, (known = newEntry()));
    return known;
  }

  /** The API server has the request. @returns what was known of it */
  put(request: RoomRequest): { readonly before: RoomRequest | undefined; readonly asked: RoomAsk | undefined } {
    const known = this.entry(request.gang);
    const before = known.requests.get(request.name);
    known.requests.set(request.name, request);
    const asked = known.underWay?.ask.generation === request.generation ? known.underWay.ask : undefined;
    if (asked) known.underWay = undefined;
    known.generation = Math.max(known.generation, request.generation);
    if (lastOf(known) === request) known.failures = Math.max(known.failures, request.failures);
    return { before, asked };
  }

  /**
   * The request is gone. If muster did not withdraw it, somebody else did: then the gang does not ask at once again.
   * While another replica decides, that is the one that withdraws.
   */
  gone(gang: string, name: string, { nowMs, isFollowing }: { nowMs: number; isFollowing: boolean }): void {
    const known = this.#gangs.get(gang);
    if (!known) return;
    const wasLast = lastOf(known)?.name === name;
    known.requests.delete(name);
    const leaving = this.#leaving.get(gang);
    const isOurs = leaving?.delete(name) === true;
    if (leaving?.size === 0) this.#leaving.delete(gang);
    if (isFollowing) {
      if (known.requests.size === 0) this.#gangs.delete(gang);
    } else if (wasLast && !isOurs) this.failed(gang, nowMs, 'another hand deleted the request');
  }

  /** A request came to nothing. */
  failed(gang: string, atMs: number, why: string): void {
    const known = this.#gangs.get(gang);
    if (!known) return;
    known.failures++;
    known.retryMs = atMs + retryAfterMs(known.failures);
    known.why = why;
    known.underWay = undefined;
  }

  /** Notes an ask that is handed out to be written. */
  handOut(ask: RoomAsk, nowMs: number): void {
    const known = this.entry(ask.gang);
    known.generation = ask.generation;
    known.underWay = { ask, untilMs: nowMs + UNDER_WAY_MS };
  }

  /** Whether an ask is on its way to the API server. */
  isUnderWay(known: GangRequests, nowMs: number): boolean {
    if (known.underWay && known.underWay.untilMs <= nowMs) known.underWay = undefined;
    return known.underWay !== undefined;
  }

  /** Takes note of the end of the gang's last request. @returns whether it has ended without room */
  hasEnded(known: GangRequests, nowMs: number): boolean {
    const last = lastOf(known);
    const end = last && endOf(last, this.#validMs, nowMs);
    if (!last || !end) return false;
    known.failures = Math.max(known.failures, last.failures + 1);
    known.retryMs = Math.max(known.retryMs, retryOf(last, end));
    known.why = end.why;
    return true;
  }

  /** Muster withdraws the request. */
  withdraw({ gang, name }: RoomRequest): void {
    let names = this.#leaving.get(gang);
    if (!names) this.#leaving.set(gang, (names = new Set()));
    names.add(name);
  }

  /** Forgets the gang, of which there is no request any more. */
  forget(gang: string): void {
    this.#gangs.delete(gang);
    this.#leaving.delete(gang);
  }
}

const newEntry = (): GangRequests => ({
  requests: new Map(),
  wantsSinceMs: undefined,
  idleSinceMs: undefined,
  generation: 0,
  failures: 0,
  retryMs: -Infinity,
  why: undefined,
  underWay: undefined,
});

/** Of several the one with the highest generation. */
export function lastOf({ requests }: GangRequests): RoomRequest | undefined {
  let last: RoomRequest | undefined;
  for (const one of requests.values()) if (!last || one.generation > last.generation) last = one;
  return last;
}

import type { Effect, PlannedVictim } from '../core/effects.ts';
import { counted } from '../core/wording.ts';
import { decisionText, type DecisionText } from './decision-text.ts';
import type { Timelines } from './timelines.ts';

/** A decision that people may read; the time in ms. */
export interface Decision extends DecisionText {
  readonly id: number;
  readonly atMs: number;
  readonly kind: Effect['kind'];
  /** `namespace/name`; '' where it is about no gang. */
  readonly gang: string;
}

/** So many are kept. */
export const MOST_DECISIONS = 2000;

/**
 * The last decisions, and what befell each gang. In memory alone: the numbers of a replica begin with the time, in ms, of its
 * first decision, so that they are beyond those that were decided before it.
 */
export class Decisions {
  /** The decision of number n is at n modulo MOST_DECISIONS, as those before it of which as many are kept. */
  readonly #ring = new Array<Decision | undefined>(MOST_DECISIONS);
  #kept = 0;
  readonly #timelines: Timelines;
  readonly #toWall: (ms: number) => number;
  #lastId = 0;

  constructor(timelines: Timelines, toWall: (ms: number) => number) {
    [this.#timelines, this.#toWall] = [timelines, toWall];
  }

  /** The number of the last decision; 0: there was none. */
  get lastId(): number {
    return this.#lastId;
  }

  onEffects(effects: readonly Effect[], nowMs: number): void {
    for (const effect of effects) this.#on(effect, nowMs);
  }

  /** Those after this number, the oldest first, at most `most`: of more, the last ones. */
  after(id: number, most: number = MOST_DECISIONS): readonly Decision[] {
    const count = Math.min(this.#lastId - id, this.#kept, most);
    if (count <= 0) return [];
    return Array.from({ length: count }, (_, i) => this.#at(this.#lastId - count + 1 + i));
  }

  /** The last that pass the test, the newest first. */
  last(most: number, test: (decision: Decision) => boolean): readonly Decision[] {
    const out: Decision[] = [];
    for (let i = 0; i < this.#kept && out.length < most; i++) {
      const decision = this.#at(this.#lastId - i);
      if (test(decision)) out.push(decision);
    }
    return out;
  }

  #at(id: number): Decision {
    return this.#ring[id % MOST_DECISIONS]!;
  }

  #on(effect: Effect, nowMs: number): void {
    const text = decisionText(effect, this.#toWall);
    if (!text) return;
    const { kind, gang } = effect;
    const id = this.#lastId === 0 ? Math.max(1, Math.round(this.#toWall(nowMs))) : this.#lastId + 1;
    this.#lastId = id;
    this.#kept = Math.min(this.#kept + 1, MOST_DECISIONS);
    this.#ring[id % MOST_DECISIONS] = { id, atMs: nowMs, kind, gang, ...text };
    if (gang !== '') this.#remember(effect, text, nowMs);
    if (effect.kind === 'eviction-planned') this.#loses(effect, nowMs);
  }

  /** What the gangs of the victims hear of it. */
  #loses({ gang, victims }: { gang: string; victims: readonly PlannedVictim[] }, atMs: number): void {
    const counts = new Map<string, number>();
    for (const { gang: whose } of victims)
      if (whose !== undefined && whose !== gang) counts.set(whose, (counts.get(whose) ?? 0) + 1);
    for (const [whose, pods] of counts) {
      const text = (taker: string) =>
        `${counted(pods, 'pod')} of it ${pods === 1 ? 'is' : 'are'} evicted for ${taker}.`;
      this.#timelines.note(whose, { atMs, what: 'evicted', text: text(`gang ${gang}`), own: text('another gang') });
    }
  }

  #remember({ kind, gang, ...effect }: Effect, { full, own }: DecisionText, nowMs: number): void {
    const timelines = this.#timelines;
    timelines.note(gang, { atMs: nowMs, what: WHAT[kind] ?? kind, text: full, ...(own === full ? {} : { own }) });
    if (kind === 'gang-admitted' || kind === 'gang-adopted') timelines.reserved(gang, nowMs);
    else if (kind === 'reservation-revoked' || ('whole' in effect && effect.whole)) timelines.unreserved(gang);
    else if (kind === 'gang-complete') timelines.seen(gang);
    else if (kind === 'gang-released') timelines.ended(gang, nowMs);
  }
}

/** What a timeline calls them; others have the name of their kind. */
const WHAT: { readonly [kind in Effect['kind']]?: string } = {
  'gang-admitted': 'reserved',
  'gang-adopted': 'reserved',
  'gang-waits': 'waits',
  'gang-complete': 'running',
  'gang-released': 'over',
};

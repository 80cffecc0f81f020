import type { Gang } from './gang.ts';

/** How long a gang that had to return room gets none on the strength of its forecast, in ms. */
const REMEMBERED_MS = 86_400_000;

/** Room that was lent until a time: its borrower may start only because it is to be over by then. */
export interface Loan {
  /** When the borrower is to be over, in ms: its end as it was foretold when it got the room. */
  readonly untilMs: number;
  /** The gangs that start after that and need the room. Keeps none of them that is over. */
  readonly lenders: Pick<WeakSet<Gang>, 'has'>;
}

/**
 * The room that is on loan: to whole gangs, and to members beyond the minimum. Nothing of it is written down: after a
 * restart nobody has borrowed anything.
 */
export class Loans {
  readonly #toGangs = new Map<string, Loan>();
  readonly #toPods = new Map<string, Loan>();
  /** When a gang was last asked to return what it had borrowed, in ms, by key: it may be submitted again. */
  readonly #returnedMs = new Map<string, number>();

  /** The gang starts. @param loan undefined: nobody lends anything to it */
  gangStarts(key: string, loan: Loan | undefined): void {
    put(this.#toGangs, key, loan);
  }

  /** The gang is over, or waits again. */
  gangEnds(key: string): void {
    this.#toGangs.delete(key);
  }

  /** A member beyond the minimum gets a place. @param loan undefined: nobody lends anything to it */
  podStarts(uid: string, loan: Loan | undefined): void {
    put(this.#toPods, uid, loan);
  }

  podEnded(uid: string): void {
    this.#toPods.delete(uid);
  }

  /** Whether members beyond the minimum have borrowed room by themselves. */
  get areOfPods(): boolean {
    return this.#toPods.size > 0;
  }

  /** What the lender has lent to the gang, or to this member of it, and should have got back by now. */
  overdue(key: string, uid: string | undefined, lender: Gang, nowMs: number): Loan | undefined {
    const isOverdue = (loan: Loan | undefined) => loan && nowMs > loan.untilMs && loan.lenders.has(lender);
    return [this.#toGangs.get(key), uid === undefined ? undefined : this.#toPods.get(uid)].find(isOverdue);
  }

  /** A gang of this key must return what it has borrowed. */
  returns(key: string, nowMs: number): void {
    this.#returnedMs.set(key, nowMs);
  }

  /** Whether a gang of this key had to return something in the last day: its forecast lends it nothing. */
  hasReturned(key: string): boolean {
    return this.#returnedMs.has(key);
  }

  expire(nowMs: number): void {
    for (const [key, atMs] of this.#returnedMs) if (nowMs - atMs >= REMEMBERED_MS) this.#returnedMs.delete(key);
  }
}

function put(loans: Map<string, Loan>, of: string, loan: Loan | undefined): void {
  if (loan) loans.set(of, loan);
  else loans.delete(of);
}

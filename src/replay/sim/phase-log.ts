import type { Phase, PhaseChange, PhaseTotal } from '../job-record.ts';

/** How many phase changes are kept from the beginning, and how many from the end. */
const KEPT = 20;

/** The phases of one job: all times by phase and reason, and the first and last changes. */
export class PhaseLog {
  readonly #first: PhaseChange[] = [];
  readonly #last: PhaseChange[] = [];
  readonly #totals: { phase: Phase; reason: string | undefined; ms: number }[] = [];
  #phase: Phase | undefined;
  #reason: string | undefined;
  #sinceMs = 0;

  /** Does nothing if phase and reason are as they were. */
  enter(nowMs: number, phase: Phase, reason?: string): void {
    if (phase === this.#phase && reason === this.#reason) return;
    this.#close(nowMs);
    [this.#phase, this.#reason, this.#sinceMs] = [phase, reason, nowMs];
    const change = { atMs: nowMs, phase, ...(reason === undefined ? {} : { reason }) };
    if (this.#first.length < KEPT) this.#first.push(change);
    else if (this.#last.push(change) > KEPT) this.#last.shift();
  }

  changes(): readonly PhaseChange[] {
    return [...this.#first, ...this.#last];
  }

  /** The time in each phase until now, in the order in which they first came. */
  totals(nowMs: number): readonly PhaseTotal[] {
    this.#close(nowMs);
    this.#sinceMs = nowMs;
    return this.#totals.map(({ phase, reason, ms }) => ({ phase, ...(reason === undefined ? {} : { reason }), ms }));
  }

  #close(nowMs: number): void {
    const ms = nowMs - this.#sinceMs;
    if (this.#phase === undefined || ms <= 0) return;
    const known = this.#totals.find(({ phase, reason }) => phase === this.#phase && reason === this.#reason);
    if (known) known.ms += ms;
    else this.#totals.push({ phase: this.#phase, reason: this.#reason, ms });
  }
}

/** What a job waited for longest: a reason, or else the phase. Undefined: it did not wait. */
export function longestWait(totals: readonly PhaseTotal[]): string | undefined {
  const waits = totals.filter(({ phase }) => phase !== 'working' && phase !== 'over');
  const [longest] = [...waits].sort((a, b) => b.ms - a.ms);
  return longest && (longest.reason ?? longest.phase);
}

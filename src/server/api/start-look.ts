import { setImmediate, setTimeout } from 'node:timers/promises';
import type { RowStart } from '../../core/board/start-times.ts';
import type { Scheduler } from '../../core/scheduler.ts';

/** So many gangs are told when they start. */
const MOST_GANGS = 50;
/** The look takes at most so much of the time: after each stretch of work it rests for the rest. */
const SHARE = 0.05;
/** A stretch of slices, in ms: a timer rests a millisecond at least. */
const STRETCH_MS = 2;
/** A longer rest would follow a stretch in which the machine stood still. */
const LONGEST_REST_MS = 2000;
/** Looked at again after so long, in ms, while somebody asks. */
const AGAIN_MS = 10_000;
/** Nobody asks any more if nobody has for so long. */
const ASKED_MS = 15_000;
/** Times that could not be looked at again for so long are not shown. */
const OLD_MS = 120_000;

export interface LookDeps {
  readonly board: Pick<Scheduler['board'], 'startTimes' | 'changes'>;
  readonly nowMs: () => number;
  readonly onProblem: (error: unknown) => void;
}

/** Looks for start times in the background while somebody asks, in slices and with rests. */
export class StartLook {
  readonly #deps: LookDeps;
  #times: ReadonlyMap<string, RowStart> = new Map();
  /** When they were found, and from which state of the list. */
  #foundAtMs = -Infinity;
  #foundAt = -1;
  #askedAtMs = -Infinity;
  #isLooking = false;
  #isClosed = false;
  #finds = 0;

  constructor(deps: LookDeps) {
    this.#deps = deps;
  }

  /** Grows when times were found. */
  get finds(): number {
    return this.#finds;
  }

  of(gang: string): RowStart | undefined {
    return this.#times.get(gang);
  }

  /** Somebody looks at the list. */
  ask(): void {
    this.#askedAtMs = performance.now();
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    void this.#look()
      .catch(this.#deps.onProblem)
      .finally(() => (this.#isLooking = false));
  }

  /** Looks no more; the rest that is under way ends by itself. */
  close(): void {
    this.#isClosed = true;
  }

  get #isWanted(): boolean {
    return !this.#isClosed && performance.now() - this.#askedAtMs < ASKED_MS;
  }

  async #look(): Promise<void> {
    while (this.#isWanted) {
      const { board } = this.#deps;
      const age = performance.now() - this.#foundAtMs;
      if (age >= AGAIN_MS && board.changes !== this.#foundAt) await this.#find();
      else if (age >= OLD_MS) this.#foundAt = -1;
      await setTimeout(1000, undefined, { ref: false });
    }
  }

  async #find(): Promise<void> {
    const { board, nowMs } = this.#deps;
    const changes = board.changes;
    const slices = board.startTimes(nowMs(), MOST_GANGS);
    let beganMs = performance.now();
    for (;;) {
      const { done, value } = slices.next();
      if (done) return this.#found(value, changes);
      const spentMs = performance.now() - beganMs;
      // Without a timer for the shortest slices.
      if (spentMs < STRETCH_MS) await setImmediate();
      else {
        await setTimeout(Math.min(LONGEST_REST_MS, spentMs / SHARE - spentMs), undefined, { ref: false });
        if (!this.#isWanted) return;
        beganMs = performance.now();
      }
    }
  }

  #found(times: ReadonlyMap<string, RowStart> | undefined, changes: number): void {
    const atMs = performance.now();
    if (times) [this.#times, this.#foundAtMs, this.#foundAt] = [times, atMs, changes];
    else if (atMs - this.#foundAtMs >= OLD_MS) this.#times = new Map();
    else return;
    this.#finds++;
  }
}

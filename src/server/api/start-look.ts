import { setImmediate, setTimeout } from 'node:timers/promises';
import type { GangRow } from '../../core/board/gang-rows.ts';
import type { RowStart } from '../../core/board/start-times.ts';
import type { WaitKind } from '../../core/explanation/wait-kind.ts';
import type { Scheduler } from '../../core/scheduler.ts';

/** So many gangs are told when they start. */
const MOST_GANGS = 50;
/** Those that lack room alone. */
const LOOKED_FOR: ReadonlySet<WaitKind> = new Set(['room', 'turn', 'start-time', 'evictions', 'not-asked']);
/** The look takes at most so much of the time: after each stretch of work it rests for the rest. */
const SHARE = 0.05;
/** The first look after a time without readers: one waits for it. */
const FIRST_SHARE = 0.25;
/** The same where the cluster's time runs so many times as fast. */
const FAST = 5;
/** A stretch of slices, in ms: a timer rests a millisecond at least. */
const STRETCH_MS = 2;
/** Looked at again after so long, in ms, while somebody asks. */
const AGAIN_MS = 10_000;
/**
 * The same where the cluster's time runs faster, as in the demo: after so long by its clock, and at least so long by that
 * of the process.
 */
const AGAIN_THERE_MS = 60_000;
const SOONEST_MS = 2000;
/** Nobody asks any more if nobody has for so long. */
const ASKED_MS = 15_000;
/** Times that could not be looked at again for so long are not shown. */
const OLD_MS = 120_000;

export interface LookDeps {
  readonly board: Pick<Scheduler['board'], 'startTimes' | 'changes'>;
  /** The time of the cluster. */
  readonly nowMs: () => number;
  readonly onProblem: (error: unknown) => void;
  /** A clock that never goes back, in ms; absent: that of the process. */
  readonly monotonicMs?: (() => number) | undefined;
  /** Resolves after so many ms, without keeping the process alive; absent: a timer. */
  readonly rest?: ((ms: number) => Promise<unknown>) | undefined;
}

const timer = (ms: number): Promise<unknown> => setTimeout(ms, undefined, { ref: false });

/** Looks for start times in the background while somebody asks, in slices and with rests. */
export class StartLook {
  readonly #deps: LookDeps;
  readonly #monotonicMs: () => number;
  readonly #rest: (ms: number) => Promise<unknown>;
  #times: ReadonlyMap<string, RowStart> = new Map();
  /** When they were found, by the process and by the cluster, and from which state of the list. */
  #foundAtMs = -Infinity;
  #foundThereMs = -Infinity;
  #foundAt = -1;
  #askedAtMs = -Infinity;
  #isLooking = false;
  #isFirst = true;
  #isClosed = false;
  #finds = 0;

  constructor(deps: LookDeps) {
    this.#deps = deps;
    this.#monotonicMs = deps.monotonicMs ?? (() => performance.now());
    this.#rest = deps.rest ?? timer;
  }

  /** Grows when times were found. */
  get finds(): number {
    return this.#finds;
  }

  of(gang: string): RowStart | undefined {
    return this.#times.get(gang);
  }

  /** Whether the look is for this gang too: of one without a time, it is being worked out. */
  isFor({ position = Infinity, waitsFor }: Pick<GangRow, 'position' | 'waitsFor'>): boolean {
    return position <= MOST_GANGS && waitsFor !== undefined && LOOKED_FOR.has(waitsFor);
  }

  /** Somebody looks at the list. */
  ask(): void {
    if (!this.#isWanted && this.#ageMs >= OLD_MS) this.#forget();
    this.#askedAtMs = this.#monotonicMs();
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
    return !this.#isClosed && this.#monotonicMs() - this.#askedAtMs < ASKED_MS;
  }

  async #look(): Promise<void> {
    while (this.#isWanted) {
      const { board } = this.#deps;
      if (this.#isDue && board.changes !== this.#foundAt) await this.#find();
      else if (this.#ageMs >= OLD_MS) this.#foundAt = -1;
      await this.#rest(1000);
    }
  }

  get #ageMs(): number {
    return this.#monotonicMs() - this.#foundAtMs;
  }

  get #isDue(): boolean {
    if (this.#ageMs >= AGAIN_MS) return true;
    return this.#ageMs >= SOONEST_MS && this.#deps.nowMs() - this.#foundThereMs >= AGAIN_THERE_MS;
  }

  /** Where an hour goes by in minutes, times are old before a slow look ends. */
  get #isFast(): boolean {
    return this.#deps.nowMs() - this.#foundThereMs > FAST * this.#ageMs;
  }

  async #find(): Promise<void> {
    const { board, nowMs } = this.#deps;
    const changes = board.changes;
    const asOfMs = nowMs();
    const slices = board.startTimes(asOfMs, MOST_GANGS);
    const share = this.#isFirst || this.#isFast ? FIRST_SHARE : SHARE;
    // Where nodes come and go, it may be in vain again and again.
    this.#isFirst = false;
    let beganMs = this.#monotonicMs();
    for (;;) {
      const { done, value } = slices.next();
      if (done) return this.#found(value, changes, asOfMs);
      const spentMs = this.#monotonicMs() - beganMs;
      // Without a timer for the shortest slices.
      if (spentMs < STRETCH_MS) await setImmediate();
      else {
        await this.#rest(spentMs / share - spentMs);
        if (!this.#isWanted) return;
        beganMs = this.#monotonicMs();
      }
    }
  }

  #found(times: ReadonlyMap<string, RowStart> | undefined, changes: number, asOfMs: number): void {
    if (times) {
      [this.#times, this.#foundAt] = [times, changes];
      [this.#foundAtMs, this.#foundThereMs] = [this.#monotonicMs(), asOfMs];
    } else if (this.#ageMs >= OLD_MS && this.#times.size > 0) this.#times = new Map();
    else return;
    this.#finds++;
  }

  #forget(): void {
    this.#times = new Map();
    this.#isFirst = true;
  }
}

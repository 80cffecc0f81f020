import type { Outcome } from '../model.ts';
import type { EndedRun, RunIdentity, RunTimes } from './run-times.ts';

/** How many ended runs may wait to hear how they ended, and for how long. */
const MOST_AWAITED = 1000;
const AWAIT_MS = 60_000;

/** A run that has ended, in ms of the core's clock. */
export interface OverRun {
  readonly identity: RunIdentity;
  /** Since when it had all the members that it needs. */
  readonly sinceMs: number;
  /** When muster heard of its end. */
  readonly endMs: number;
}

/** A run that was over sooner did not get to work. */
const LEAST_MS = 1000;

/** Ended runs of which it is not known yet how they ended. Without an answer in time they count as cut. */
export class AwaitedOutcomes {
  readonly #runTimes: Pick<RunTimes, 'learn'>;
  /** By the leader's UID, the oldest first. */
  readonly #awaited = new Map<string, OverRun>();

  constructor(runTimes: Pick<RunTimes, 'learn'>) {
    this.#runTimes = runTimes;
  }

  get size(): number {
    return this.#awaited.size;
  }

  /** The run waits to hear how it ended. @param uid of its leader */
  wait(uid: string, run: OverRun): void {
    this.#awaited.set(uid, run);
    if (this.#awaited.size <= MOST_AWAITED) return;
    const [oldest] = this.#awaited.keys();
    if (oldest !== undefined) this.hear(oldest, undefined);
  }

  /**
   * How the run ended.
   * @param outcome undefined: nobody knows
   * @param endedMs when it ended, if that is known better
   */
  hear(uid: string, outcome: Outcome | undefined, endedMs?: number): void {
    const run = this.#awaited.get(uid);
    if (!run) return;
    this.#awaited.delete(uid);
    this.over({ ...run, endMs: Math.min(run.endMs, endedMs ?? Infinity) }, outcome ?? 'cut');
  }

  expire(nowMs: number): void {
    for (const [uid, { endMs }] of this.#awaited) {
      if (nowMs - endMs < AWAIT_MS) return;
      this.hear(uid, undefined);
    }
  }

  /** The run ended so. */
  over({ identity, sinceMs, endMs }: OverRun, how: EndedRun['how']): void {
    const ranMs = endMs - sinceMs;
    if (ranMs >= LEAST_MS) this.#runTimes.learn(identity, { ranMs, how });
  }
}

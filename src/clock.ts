/** A smaller difference is drift or a leap second, and no pod's age depends on it. */
const JUMP_MS = 2000;

/**
 * The one clock of a running muster. Durations are measured with `nowMs`, which is never set: it starts at the wall
 * time of the start and then follows the monotonic clock. Wall time serves for what others read or wrote: timestamps
 * and deadlines are converted where they come in and go out.
 *
 * The monotonic clock of Linux stands still while the machine sleeps. The sleep is then seen as a jump of wall time.
 */
export class Clock {
  readonly #wallMs: () => number;
  readonly #steadyMs: () => number;
  readonly #startMs: number;
  #aheadMs = 0;

  /**
   * @param wallMs the wall clock, which may be set at any time
   * @param steadyMs a clock of any origin that never goes back
   */
  constructor(wallMs = () => Date.now(), steadyMs = () => performance.now()) {
    this.#wallMs = wallMs;
    this.#steadyMs = steadyMs;
    this.#startMs = wallMs() - steadyMs();
  }

  /** For durations: never goes back, never jumps. */
  readonly nowMs = (): number => this.#startMs + this.#steadyMs();

  /** A time of `nowMs` as wall time. */
  readonly toWall = (ms: number): number => ms + this.#aheadMs;

  /** A wall time as a time of `nowMs`. */
  readonly fromWall = (wallMs: number): number => wallMs - this.#aheadMs;

  /** Call about once a second. @returns by how many ms the wall clock was set since the last call; 0: it was not */
  check(): number {
    const aheadMs = this.#wallMs() - this.nowMs();
    const jumpMs = aheadMs - this.#aheadMs;
    if (Math.abs(jumpMs) < JUMP_MS) return 0;
    this.#aheadMs = aheadMs;
    return jumpMs;
  }
}

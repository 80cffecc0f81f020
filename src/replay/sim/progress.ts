/**
 * How far one run of a job has come, in ms of the job with all its workers. It only counts: Jobs says how fast it is.
 * Each worker's share is what the job did while it ran, divided evenly among the workers that ran at the time.
 */
export class Progress {
  readonly goalMs: number;
  #doneMs = 0;
  /** The share of a worker that has run from the beginning. */
  #shareMs = 0;
  #speed = 0;
  #workers = 0;
  #toMs = 0;

  constructor(goalMs: number) {
    this.goalMs = goalMs;
  }

  /** Done and not lost, as of the last call of `advance`. */
  get doneMs(): number {
    return this.#doneMs;
  }

  get shareMs(): number {
    return this.#shareMs;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Counts what was done until now. */
  advance(nowMs: number): void {
    const gained = Math.min(this.goalMs - this.#doneMs, this.#speed * (nowMs - this.#toMs));
    this.#toMs = nowMs;
    this.#doneMs += gained;
    if (this.#workers > 0) this.#shareMs += gained / this.#workers;
  }

  /** From now on it has this speed with so many workers. */
  setSpeed(nowMs: number, speed: number, workers: number): void {
    this.advance(nowMs);
    this.#speed = speed;
    this.#workers = workers;
  }

  /** Takes work back that is lost; call `advance` before. @returns how much of it had been done */
  lose(ms: number): number {
    const lost = Math.min(ms, this.#doneMs);
    this.#doneMs -= lost;
    return lost;
  }

  /** The time until it is done at its present speed; Infinity: it stands still. */
  leftMs(): number {
    return this.#speed === 0 ? Infinity : (this.goalMs - this.#doneMs) / this.#speed;
  }
}

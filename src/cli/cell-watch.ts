import type { Progress } from '../replay/sim/simulation.ts';

/** When a run is given up. In ms of real time; Infinity: never. */
export interface CellLimits {
  /** For the whole run. */
  readonly timeoutMs: number;
  /** Without any progress of the simulated time. */
  readonly stallMs: number;
}

/** Watches one run, so that a stuck one does not withhold the others. Reading the trace is no stall. */
export class CellWatch {
  readonly #limits: CellLimits;
  readonly #startMs: number;
  #last: { readonly progress: Progress; readonly atMs: number } | undefined;

  constructor(limits: CellLimits, nowMs: number) {
    this.#limits = limits;
    this.#startMs = nowMs;
  }

  saw(progress: Progress, nowMs: number): void {
    if (this.#last && progress.simulatedMs <= this.#last.progress.simulatedMs) return;
    this.#last = { progress, atMs: nowMs };
  }

  /** Why the run should be given up; undefined: it may go on. */
  verdict(nowMs: number): string | undefined {
    const { timeoutMs, stallMs } = this.#limits;
    if (this.#last && nowMs - this.#last.atMs >= stallMs)
      return `no simulated progress for ${seconds(stallMs)}${this.#place()}`;
    if (nowMs - this.#startMs >= timeoutMs) return `not over after ${seconds(timeoutMs)}${this.#place()}`;
    return undefined;
  }

  #place(): string {
    if (!this.#last) return ', before the simulation began';
    const { simulatedMs, ended, jobs } = this.#last.progress;
    return `, at day ${(simulatedMs / 86_400_000).toFixed(2)} with ${ended} of ${jobs} jobs ended`;
  }
}

const seconds = (ms: number) => `${ms / 1000} s`;

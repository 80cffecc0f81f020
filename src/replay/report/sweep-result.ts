import type { ReplayResult, RESULT_VERSION } from '../result.ts';

/** What `muster sweep --json` writes: the results of many runs, each with one policy. */
export interface SweepResult {
  readonly version: typeof RESULT_VERSION;
  readonly kind: 'sweep';
  /** muster's version. */
  readonly muster: string;
  readonly command: readonly string[];
  /** Runs without a result. */
  readonly lost: readonly LostRun[];
  readonly results: readonly ReplayResult[];
}

/** A run that was given up, and why. */
export interface LostRun {
  /** Policy, seed and the rest of its place in the sweep. */
  readonly run: string;
  readonly why: string;
}

import type { EndedRun } from '../../core/history/run-times.ts';

/** A run that another system recorded, with nothing of its record but this. */
export interface PastRun {
  readonly namespace?: string;
  readonly queue?: string;
  /** The app's name as it was submitted. */
  readonly app?: string;
  readonly user?: string;
  /** How many members it needed to start; absent: the record does not say. */
  readonly members?: number;
  /** Wall time, in ms; absent: the times of the record are simulated. */
  readonly endedMs?: number;
  readonly ended: EndedRun;
}

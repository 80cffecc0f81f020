import { unknownRun } from '../../src/core/history/forecasts.ts';
import type { Forecast, RunIdentity, RunTimes } from '../../src/core/history/run-times.ts';

/** Such runs take exactly so long; one that lasts longer may end at any time. */
export const exactly = (ms: number): Forecast => ({
  endsWithin: (_share, ranMs) => Math.max(ms, ranMs),
  isKnown: true,
  runs: 10,
  basis: 'a test',
  error: 0,
});

/** It serves until somebody ends it. */
export const ENDLESS = exactly(Infinity);

/** Run times by the names of the gangs, as a test tells them; of all others nothing is known. Learns nothing. */
export class ToldRunTimes implements RunTimes {
  readonly told = new Map<string, Forecast>();

  constructor(told: Readonly<Record<string, Forecast>> = {}) {
    for (const [name, forecast] of Object.entries(told)) this.told.set(name, forecast);
  }

  forecast({ name }: Pick<RunIdentity, 'name'>): Forecast {
    return this.told.get(name) ?? unknownRun();
  }

  learn(): void {
    // The test has told everything.
  }
}

import type { Forecast, RunTimes } from './run-times.ts';

const UNKNOWN: Forecast = {
  endsWithin: () => Infinity,
  isKnown: false,
  runs: 0,
  basis: 'nothing known',
  error: undefined,
};

/** Foretells nothing and learns nothing. */
export const NO_RUN_TIMES: RunTimes = { forecast: () => UNKNOWN, learn: () => undefined };

import { unknownRun } from './forecasts.ts';
import type { RunTimes } from './run-times.ts';

/** Learns nothing, and supposes of every run what is supposed of one that nothing is known of. */
export const NO_RUN_TIMES: RunTimes = { forecast: ({ capMs }) => unknownRun(capMs), learn: () => undefined };

import { Clock } from '../../clock.ts';

/** Answers take time, and tell whole seconds: smaller differences are no error of a clock. */
const STEP_MS = 2000;

const clock = new Clock();
let aheadMs = 0;

/** muster's time: that of this machine, set right by what muster's answers say. The demo's goes faster than life. */
export const serverNow = (): Date => new Date(clock.nowMs() + aheadMs);

/** @param date the header Date of an answer that was just read */
export function noteServerTime(date: string | undefined): void {
  const told = Date.parse(date ?? '') - clock.nowMs();
  if (Number.isNaN(told) || Math.abs(told - aheadMs) < STEP_MS) return;
  aheadMs = told;
}

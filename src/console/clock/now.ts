import { signal } from '@preact/signals';

/** The server's time: that of this machine, set right by what the stream says. */

const STEP_MS = 1000;
let aheadMs = 0;

/** The server's time, in ms since 1970, once a second. */
export const nowMs = signal(Date.now());

/** @param iso the server's time as it was just told */
export function noteServerTime(iso: string): void {
  const told = Date.parse(iso) - Date.now();
  // Answers take time: small differences are no error of the clock.
  if (Math.abs(told - aheadMs) < STEP_MS) return;
  aheadMs = told;
  nowMs.value = Date.now() + aheadMs;
}

/** Lets `nowMs` go. */
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) nowMs.value = Date.now() + aheadMs;
  }, STEP_MS);
}

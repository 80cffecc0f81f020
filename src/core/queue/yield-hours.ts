import type { YieldHours } from '../policy/tenancy.ts';

const MINUTE_MS = 60_000;

/** The wall clock of one zone. A format costs some microseconds: the last minute is remembered. */
class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  #atMinute = NaN;
  #minutes = 0;

  /** @throws RangeError where the zone is not known */
  constructor(zone: string) {
    const parts = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    this.#format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...parts });
  }

  /** Minutes since midnight, as the clock shows them. */
  minutesAt(nowMs: number): number {
    const atMinute = Math.floor(nowMs / MINUTE_MS);
    if (atMinute !== this.#atMinute) {
      const [hours, minutes] = this.#format.format(atMinute * MINUTE_MS).split(':');
      this.#atMinute = atMinute;
      this.#minutes = 60 * Number(hours) + Number(minutes);
    }
    return this.#minutes;
  }
}

const clocks = new Map<string, ZoneClock>();

function clockOf(zone: string): ZoneClock {
  let clock = clocks.get(zone);
  if (!clock) clocks.set(zone, (clock = new ZoneClock(zone)));
  return clock;
}

/** Whether it is within these hours, which may go over midnight. From the first minute to before the last. */
export function isWithin({ from, to, zone }: YieldHours, nowMs: number): boolean {
  const minutes = clockOf(zone).minutesAt(nowMs);
  return from <= to ? minutes >= from && minutes < to : minutes >= from || minutes < to;
}

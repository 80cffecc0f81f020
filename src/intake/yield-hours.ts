import type { YieldHours } from '../core/policy/tenancy.ts';

const FORM = /^(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)(?: +(\S+))?$/;

/** `08:00-18:00 Europe/Berlin`; without a zone UTC. @returns what is wrong with it, if it is no such text */
export function parseYieldHours(text: string): YieldHours | string {
  const match = FORM.exec(text.trim());
  if (!match) return 'these are no hours';
  const [, fromHour, fromMinute, toHour, toMinute, zone = 'UTC'] = match;
  const [from, to] = [minutes(fromHour!, fromMinute!), minutes(toHour!, toMinute!)];
  if (from === undefined || to === undefined || from === DAY) return 'a day has 24 hours of 60 minutes';
  if (from === to) return 'it begins when it ends';
  return isZone(zone) ? { from, to, zone } : `${zone} is no time zone`;
}

const DAY = 24 * 60;

/** Minutes since midnight; 24:00 is the end of the day. */
function minutes(hour: string, minute: string): number | undefined {
  const total = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && total <= DAY ? total : undefined;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** As `parseYieldHours` reads it. */
export const yieldText = ({ from, to, zone }: YieldHours): string => `${clock(from)}-${clock(to)} ${zone}`;

const clock = (total: number) =>
  [Math.floor(total / 60), total % 60].map((part) => String(part).padStart(2, '0')).join(':');

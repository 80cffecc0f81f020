import { refusalOf, type Gang } from '../gang/gang.ts';

/** What a gang that a rate holds up waits for, and how long at least, as a sentence; empty: no rate holds it up. */
export function rateAdvice(gang: Gang, nowMs: number): readonly string[] {
  const refusal = refusalOf(gang);
  if (refusal?.kind !== 'rate') return [];
  const what = refusal.reason.replace(/^gang waits for /, '');
  const seconds = Math.ceil((refusal.untilMs - nowMs) / 1000);
  const when = seconds > 0 ? `in ${seconds} s at the earliest` : 'at once';
  return [`It waits for ${what}; muster tries it again ${when}, after the gangs ahead of it that wait for the same.`];
}

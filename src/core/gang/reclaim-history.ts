const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** More often than this the pause is as long as it gets. */
const MOST = 8;

/** What a gang lost: members that it needs, or members beyond its minimum. */
export type Lost = 'needed' | 'extras';

interface Time {
  readonly atMs: number;
  pods: number;
}

/**
 * From which gangs room was reclaimed in the last day, by key: the gang may end and be submitted again. A gang from which
 * it happened n times pauses for 2^(n-1) minutes, at most an hour, before it borrows again. Nothing of it is written down:
 * after a restart nobody has to pause.
 */
export class ReclaimHistory {
  readonly #times: Readonly<Record<Lost, Map<string, Time[]>>> = { needed: new Map(), extras: new Map() };

  /** Room of the gang is reclaimed: one pod more of a plan of that time. */
  note(lost: Lost, gang: string, nowMs: number): void {
    const of = this.#times[lost];
    const times = of.get(gang) ?? [];
    const last = times.at(-1);
    if (last?.atMs === nowMs) last.pods++;
    else times.push({ atMs: nowMs, pods: 1 });
    if (times.length > MOST) times.shift();
    of.set(gang, times);
  }

  /** A pod that was selected at that time stays. */
  takeBack(gang: string, selectedMs: number): void {
    for (const of of Object.values(this.#times)) {
      const times = of.get(gang);
      const time = times?.find(({ atMs }) => atMs === selectedMs);
      if (!times || !time) continue;
      if (--time.pods === 0) times.splice(times.indexOf(time), 1);
      if (times.length === 0) of.delete(gang);
      return;
    }
  }

  /** How often it was reclaimed from the gang before, in the last day; at most 8. */
  timesOf(lost: Lost, gang: string, nowMs: number): number {
    return this.#times[lost].get(gang)?.filter(({ atMs }) => atMs < nowMs).length ?? 0;
  }

  /** Until when the gang borrows nothing, in ms; -Infinity: it may. O(1). */
  pausesUntil(lost: Lost, gang: string): number {
    const times = this.#times[lost].get(gang);
    const last = times?.at(-1);
    if (!times || !last) return -Infinity;
    return last.atMs + Math.min(HOUR_MS, MINUTE_MS * 2 ** (times.length - 1));
  }

  /** Whether it was reclaimed from the gang within the last hour: the longest pause is no longer than that. */
  isRecent(lost: Lost, gang: string, nowMs: number): boolean {
    const last = this.#times[lost].get(gang)?.at(-1);
    return last !== undefined && nowMs - last.atMs < HOUR_MS;
  }

  expire(nowMs: number): void {
    for (const of of Object.values(this.#times))
      for (const [gang, times] of of) {
        while (times.length > 0 && nowMs - times[0]!.atMs >= DAY_MS) times.shift();
        if (times.length === 0) of.delete(gang);
      }
  }
}

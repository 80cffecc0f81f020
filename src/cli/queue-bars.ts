/** What a bar shows, all in one unit. */
export interface BarFigures {
  readonly held: number;
  readonly entitled: number;
  readonly guaranteed: number;
  /** undefined: no limit. */
  readonly max: number | undefined;
}

/** How to read a bar. */
export const LEGEND = '# held  | entitled  : guaranteed  ] max   ! beyond its entitlement  < below it';

/**
 * A bar of that many characters, from 0 to `full`: `#` as far as is held, `|` where the entitlement ends, `:` where the
 * guarantee ends, `]` where the limit is. Of marks in one place the first of these shows.
 */
export function bar({ held, entitled, guaranteed, max }: BarFigures, full: number, width: number): string {
  const part = (amount: number) => (full > 0 ? Math.min(1, Math.max(0, amount / full)) : 0);
  const filled = held > 0 ? Math.max(1, Math.round(part(held) * width)) : 0;
  const out = Array.from({ length: width }, (_, i): string => (i < filled ? '#' : ' '));
  const mark = (amount: number, sign: string) => {
    if (amount > 0) out[Math.max(0, Math.round(part(amount) * width) - 1)] = sign;
  };
  if (max !== undefined && max <= full) mark(max, ']');
  mark(guaranteed, ':');
  mark(entitled, '|');
  return out.join('').trimEnd();
}

/** A limit that is further away than this many times all else does not make the bars shorter. */
const MOST_TIMES = 2;

/** The amount at which the bars of these queues end: the most that one of them has, should have, or may have. */
export function fullOf(all: readonly BarFigures[]): number {
  const most = all.reduce((top, one) => Math.max(top, one.held, one.entitled, one.guaranteed), 0);
  return all.reduce((top, { max = 0 }) => (max <= MOST_TIMES * most ? Math.max(top, max) : top), most);
}

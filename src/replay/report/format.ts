/** 90061000 ms -> `1d 1h`; 61500 -> `1m 2s`; 800 -> `0.8s`. */
export function span(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10}s`;
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const;
  const whole = Math.round(seconds);
  const first = units.findIndex(([, size]) => whole >= size);
  const [name, size] = units[first]!;
  const next = units[first + 1];
  const rest = next ? Math.floor((whole % size) / next[1]) : 0;
  return `${Math.floor(whole / size)}${name}${next && rest > 0 ? ` ${rest}${next[0]}` : ''}`;
}

/** 1234.56 -> `1,234.6`. */
export const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });

/** .4012 -> `40.1 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** 1.234 -> `1.23`; 123.4 -> `123`. */
export const ratio = (value: number): string =>
  value < 100 ? value.toFixed(2) : value.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** Replaces control characters: names come from files and must not move the cursor or clear the screen. */
export const printable = (text: string): string => text.replace(/\p{Control}/gu, '?');

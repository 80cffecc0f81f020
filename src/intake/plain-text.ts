/** What a file says, as plain values. */
export type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain };

const MS = ['ms', 1] as const;
const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], MS] as const;

/** 5400000 -> `90m`, in the largest unit that needs no fraction; 0 -> 0; Infinity -> `never`. */
export function durationText(ms: number): string | number {
  if (ms === 0) return 0;
  if (ms === Infinity) return 'never';
  const [name, size] = UNITS.find(([, one]) => ms % one === 0) ?? MS;
  return `${ms / size}${name}`;
}

import { InvalidArgumentError } from 'commander';

export const positive = (text: string) => numberFrom(text, (value) => value > 0, 'a number above 0');
export const notNegative = (text: string) => numberFrom(text, (value) => value >= 0, 'a number of at least 0');
export const share = (text: string) => numberFrom(text, (value) => value >= 0 && value <= 1, 'a number from 0 to 1');
export const whole = (text: string) =>
  numberFrom(text, (value) => Number.isSafeInteger(value) && value >= 0, 'an integer of at least 0');

function numberFrom(text: string, isAllowed: (value: number) => boolean, wanted: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || !isAllowed(value)) throw new InvalidArgumentError(`Expected ${wanted}.`);
  return value;
}

export const positiveWhole = (text: string) =>
  numberFrom(text, (value) => Number.isSafeInteger(value) && value > 0, 'an integer of at least 1');

/** In one range: more is taken for a typing mistake. */
const MAX_NUMBERS = 10_000;

/** `1..8`, `1,2,5..7` */
export function numbers(text: string): readonly number[] {
  const all = text.split(',').flatMap((part) => {
    const [first = NaN, last = first, ...more] = part
      .split('..')
      .map((one) => (/^\s*\d+\s*$/.test(one) ? Number(one) : NaN));
    const count = last - first + 1;
    if (more.length > 0 || !(count >= 1 && count <= MAX_NUMBERS))
      throw new InvalidArgumentError('Expected a list of numbers and ranges, such as 1..8 or 1,2,5..7.');
    return Array.from({ length: count }, (_, i) => first + i);
  });
  return [...new Set(all)];
}

import { LEAST_PAIRS, pairedDifference, type Difference } from './paired.ts';
import type { Row } from './rows.ts';
import { commonInputs, perWorkload, type Column } from './runs.ts';

/**
 * How much more of a figure there is under a policy than under the baseline, pair by pair.
 *
 * Where a figure is a lower bound under the policy, the true difference may be larger than any number, and where it is
 * one under the baseline, smaller: `low` and `high` are infinite accordingly, and `isClear` says what is certain anyway.
 */
export function compare({ value, isLowerBound }: Row, baseline: Column, column: Column): Difference {
  const pairs = commonInputs([baseline, column]).flatMap((input) => {
    const [a, b] = [baseline.runs.get(input), column.runs.get(input)];
    if (!a || !b) return [];
    const [from, to] = [value(a), value(b)];
    return from === null || to === null ? [] : [{ input, from, to, a, b }];
  });
  const inputs = pairs.map(({ input }) => input);
  const difference = pairedDifference(
    perWorkload(
      inputs,
      pairs.map(({ from }) => from),
    ),
    perWorkload(
      inputs,
      pairs.map(({ to }) => to),
    ),
  );
  const low = pairs.some(({ a }) => isLowerBound(a)) ? -Infinity : difference.low;
  const high = pairs.some(({ b }) => isLowerBound(b)) ? Infinity : difference.high;
  return { ...difference, low, high, isClear: difference.isClear && (low > 0 || high < 0) };
}

/**
 * `-8m (-9m 10s .. -6m 50s)`; `no difference shown (-1m .. 2m)` where the interval holds 0; `not known (? .. 2m)` where
 * lower bounds leave an end open.
 */
export function differenceText({ n, mean, low, high, isClear }: Difference, format: Row['format']): string {
  const signed = (value: number) => {
    if (!Number.isFinite(value)) return '?';
    // The mark of a figure that should be 0 is not for differences.
    const amount = format(Math.abs(value)).replace(/ !$/, '');
    return `${value < 0 ? '-' : value > 0 ? '+' : ''}${amount}`;
  };
  if (n === 0) return '-';
  if (low === 0 && high === 0) return 'equal';
  if (n < LEAST_PAIRS) return `${signed(mean)}, too few runs`;
  const interval = `(${signed(low)} .. ${signed(high)})`;
  if (isClear) return `${signed(mean)} ${interval}`;
  return `${Number.isFinite(low) && Number.isFinite(high) ? 'no difference shown' : 'not known'} ${interval}`;
}

/** What a search for the least number found. */
export interface SizeSearch {
  /** The least number for which the goal holds there and at the numbers looked at above it; undefined: there is none. */
  readonly answer: number | undefined;
  /** Numbers for which it did not hold though it held for a smaller one: chance is at work. */
  readonly dips: readonly number[];
}

export interface SizeRange {
  readonly low: number;
  readonly high: number;
  /** Where the search begins, as near to the answer as the caller can guess. */
  readonly start: number;
}

/**
 * Finds the least number in a range for which a goal holds, if more is never worse but for chance. From `start` it takes
 * steps that double until the answer lies between two numbers, and then halves. A cluster that is far too small is slow
 * to simulate: so it comes from above. The answer counts if the goal also holds at the next number and 5 % above; else
 * the search goes on above the number that failed.
 * @param holds asked once for each number
 */
export async function leastHolding(
  { low, high, start }: SizeRange,
  holds: (n: number) => Promise<boolean>,
): Promise<SizeSearch> {
  const known = new Map<number, boolean>();
  const ask = async (n: number) => {
    const before = known.get(n);
    if (before !== undefined) return before;
    const answer = await holds(n);
    known.set(n, answer);
    return answer;
  };
  const dips: number[] = [];
  let below = low - 1;
  for (;;) {
    const answer = await bisect({ low: below + 1, high, start: Math.max(start, below + 1) }, ask);
    if (answer === undefined) return { answer, dips };
    const failed = await firstFailing(neighbours(answer, high), ask);
    if (failed === undefined) return { answer, dips };
    dips.push(failed);
    below = failed;
  }
}

type Ask = (n: number) => Promise<boolean>;

/** The least number that holds, as if no larger one failed. */
async function bisect(range: SizeRange, ask: Ask): Promise<number | undefined> {
  let [below, above] = await bracket(range, ask);
  if (above === undefined) return undefined;
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (await ask(middle)) above = middle;
    else below = middle;
  }
  return above;
}

/** A number that fails and a larger one that holds; the former may lie just below the range. */
async function bracket(
  { low, high, start }: SizeRange,
  ask: Ask,
): Promise<readonly [below: number, above: number | undefined]> {
  let [below, above]: [number, number | undefined] = [low - 1, undefined];
  let n = Math.min(Math.max(start, low), high);
  for (let step = farther(n); ; step *= 2) {
    if (await ask(n)) above = n;
    else below = n;
    if (above === undefined ? below === high : below >= low || above === low) return [below, above];
    n = above === undefined ? Math.min(high, n + step) : Math.max(low, n - step);
  }
}

const farther = (n: number) => Math.max(1, Math.round(n / 20));

const neighbours = (n: number, high: number) =>
  [...new Set([n + 1, n + Math.max(2, farther(n))])].filter((one) => one <= high);

async function firstFailing(numbers: readonly number[], ask: Ask): Promise<number | undefined> {
  for (const n of numbers) if (!(await ask(n))) return n;
  return undefined;
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastHolding, type SizeRange } from '../../../src/cli/size-search.ts';

/** The search, and the numbers that it asked about, in order. */
async function search(range: SizeRange, holds: (n: number) => boolean) {
  const asked: number[] = [];
  const found = await leastHolding(range, (n) => {
    asked.push(n);
    return Promise.resolve(holds(n));
  });
  return { ...found, asked };
}

const range = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.nat(300), fc.nat(700))
  .map(([low, length, start]) => ({ low, high: low + length, start }));

test('it finds the least number that holds, asks about each once, and about few', async () => {
  await fc.assert(
    fc.asyncProperty(range, fc.nat(700), async (within, threshold) => {
      const { answer, asked, dips } = await search(within, (n) => n >= threshold);
      const all = Array.from({ length: within.high - within.low + 1 }, (_, i) => within.low + i);
      expect(answer).toBe(all.find((n) => n >= threshold));
      expect(dips).toEqual([]);
      expect(asked.every((n) => n >= within.low && n <= within.high)).toBe(true);
      expect(new Set(asked).size).toBe(asked.length);
      expect(asked.length).toBeLessThan(24);
    }),
  );
});

test('where chance is at work, the answer holds, and so do the numbers looked at above it', async () => {
  await fc.assert(
    fc.asyncProperty(range, fc.array(fc.boolean(), { minLength: 1000, maxLength: 1000 }), async (within, luck) => {
      const { answer, asked, dips } = await search(within, (n) => luck[n] === true);
      expect(dips.every((n) => luck[n] === false)).toBe(true);
      if (answer === undefined) return;
      const above = [answer, answer + 1, answer + Math.max(2, Math.round(answer / 20))].filter((n) => n <= within.high);
      expect(above.map((n) => luck[n])).toEqual(above.map(() => true));
      expect(asked).toEqual(expect.arrayContaining(above));
    }),
  );
});

test('one number that fails by chance above the answer starts the search again above it', async () => {
  expect(await search({ low: 1, high: 100, start: 50 }, (n) => n >= 40 && n !== 42)).toMatchObject({
    answer: 43,
    dips: [42],
  });
});

test('from above it comes down in growing steps, so that far too small clusters are not simulated', async () => {
  const { asked } = await search({ low: 1, high: 1000, start: 100 }, (n) => n >= 93);
  expect(asked).toEqual([100, 95, 85, 90, 92, 93, 94, 98]);
});

test('nothing is enough', async () => {
  expect(await search({ low: 1, high: 10, start: 8 }, () => false)).toEqual({
    answer: undefined,
    dips: [],
    asked: [8, 9, 10],
  });
});

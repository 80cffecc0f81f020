import { expect, test } from 'vitest';
import { Nominees } from '../../../src/core/gang/nominees.ts';

test('pods that suit few nodes do not change what is known of the sample', () => {
  const nominees = new Nominees();
  nominees.asked({ size: 420 }, 1000, 0);
  const sample = { size: 420, share: 0.42, isSample: true };
  expect(nominees.offer).toEqual(sample);
  for (const size of [1, 3, 99]) nominees.asked({ size }, 1000, 1);
  expect(nominees.offer).toEqual(sample);
  nominees.asked({ size: 1000 }, 1000, 2);
  expect(nominees.offer).toEqual({ size: 1000, share: 1, isSample: false });
  expect(nominees.asks).toBe(5);
});

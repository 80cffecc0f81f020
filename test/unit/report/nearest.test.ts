import { expect, test } from 'vitest';
import { nearest } from '../../../src/core/nearest.ts';

test('what contains the word comes first, then what differs least', () => {
  expect(nearest('etl-12', ['web-1', 'etl-21', 'nightly-etl-12', 'etl-1', 'etl-123'], 4)).toEqual([
    'etl-123',
    'nightly-etl-12',
    'etl-1',
    'etl-21',
  ]);
  expect(nearest('kitten', ['sitting', 'smitten', 'mitten'], 3)).toEqual(['mitten', 'smitten', 'sitting']);
  expect(nearest('a', [], 3)).toEqual([]);
});

import { expect, test } from 'vitest';
import { widthOf } from '../../../src/cli/streams.ts';

test.each([
  [{ columns: 80 }, { COLUMNS: '60' }, 80],
  [{}, { COLUMNS: '60' }, 60],
  [{}, { COLUMNS: 'wide' }, 100],
  [{}, { COLUMNS: '-3' }, 100],
  [{}, {}, 100],
  [{ columns: 0 }, {}, 100],
])('a stream of %j with %j is %d columns wide', (stream, env, width) => {
  expect(widthOf(stream, env)).toBe(width);
});

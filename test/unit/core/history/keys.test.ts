import { expect, test } from 'vitest';
import { levelsOf, meaningOf } from '../../../../src/core/history/keys.ts';
import type { RunIdentity } from '../../../../src/core/history/run-times.ts';

const run: RunIdentity = {
  namespace: 'jobs',
  name: 'etl-7',
  queue: 'prod queue',
  app: 'etl # of a day',
  user: 'ann',
  members: 9,
  expectedMs: 1000,
};
const keysOf = (one: RunIdentity, nameOf?: (names: string) => string) => levelsOf(one, nameOf).map(({ key }) => key);

test('each key says what it stands for', () => {
  const members = { from: 8, to: 15 };
  const app = { what: 'app', namespace: 'jobs', name: 'etl # of a day' };
  expect(keysOf(run).map(meaningOf)).toEqual([
    { ...app, members },
    app,
    { what: 'estimate', namespace: 'jobs' },
    { what: 'user', namespace: 'jobs', name: 'ann', members },
    { what: 'queue', name: 'prod queue', members },
    { what: 'queue', name: 'prod queue' },
    { what: 'cluster' },
  ]);
});

test.each(['', 'x', 'a100 jobs etl', 'constructor', 'toString a'])('%j is no key', (key) => {
  expect(meaningOf(key)).toBeUndefined();
});

test('a run of unknown size is kept by app, queue and cluster', () => {
  expect(keysOf({ ...run, members: 0 })).toEqual(['a jobs etl # of a day', 'e jobs', 'q prod queue', 'c']);
});

test('what stands for names replaces all of them', () => {
  const secret = keysOf(run, (names) => String(names.length));
  expect(secret).toEqual(['a3 19', 'a 19', 'e 4', 'u3 8', 'q3 10', 'q 10', 'c']);
  expect(meaningOf('a3 19')).toEqual({ what: 'app', name: '19', members: { from: 8, to: 15 } });
});

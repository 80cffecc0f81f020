import { expect, test } from 'vitest';
import { shortNames } from '../../../src/cli/policy-names.ts';

test.each([
  [
    ['muster', 'scheduler-config/policies/spark.yaml'],
    ['muster', 'spark'],
  ],
  [
    ['a/spark.yaml', 'b/spark.yml', 'c.yaml'],
    ['a/spark', 'b/spark', 'c'],
  ],
  [
    ['x/a/spark.yaml', 'y/a/spark.yaml'],
    ['x/a/spark', 'y/a/spark'],
  ],
  [
    ['muster', 'mine/muster.yaml'],
    ['muster', 'mine/muster'],
  ],
  [
    ['muster', 'muster.yaml'],
    ['muster', 'muster.yaml'],
  ],
  [
    ['a.yaml', './a.yaml'],
    ['a.yaml', './a'],
  ],
  [['/etc/muster/p.yaml'], ['p']],
])('%j are called %j', (sources, names) => {
  expect(shortNames(sources)).toEqual(names);
});

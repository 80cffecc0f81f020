import { describe, expect, test } from 'vitest';
import { toDisruptionBudget, toPriorityClass } from '../../../src/intake/disruption-budget.ts';

const metadata = { name: 'b', namespace: 'jobs' };
const NOBODY = [{ key: '', operator: 'In', values: [] }];

describe('a PodDisruptionBudget', () => {
  test('labels and expressions, all of which must hold', () => {
    const selector = {
      matchLabels: { app: 'etl' },
      matchExpressions: [
        { key: 'tier', operator: 'NotIn', values: ['dev', 'test'] },
        { key: 'spot', operator: 'DoesNotExist' },
      ],
    };
    const status = { disruptionsAllowed: 2 };
    expect(toDisruptionBudget({ metadata, spec: { selector }, status })).toEqual({
      key: 'jobs/b',
      namespace: 'jobs',
      selector: [
        { key: 'app', operator: 'In', values: ['etl'] },
        { key: 'tier', operator: 'NotIn', values: ['dev', 'test'] },
        { key: 'spot', operator: 'DoesNotExist', values: [] },
      ],
      allowed: 2,
    });
  });

  test.each<[string, object, object]>([
    ['no selector holds for nobody', { spec: {} }, { selector: NOBODY }],
    ['an empty selector holds for everybody', { spec: { selector: {} } }, { selector: [] }],
    [
      'an operator that is none holds for nobody',
      { spec: { selector: { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] } } },
      { selector: NOBODY },
    ],
    ['without a status nothing is allowed', { spec: {} }, { allowed: 0 }],
    ['a negative number is 0', { spec: {}, status: { disruptionsAllowed: -3 } }, { allowed: 0 }],
    ['nulls are nothing', { spec: { selector: null }, status: null }, { selector: NOBODY, allowed: 0 }],
  ])('%s', (_, object, expected) => {
    expect(toDisruptionBudget({ metadata, ...object })).toMatchObject(expected);
  });

  test.each<[string, object, RegExp]>([
    ['no name', { metadata: { namespace: 'jobs' } }, /PodDisruptionBudget\.metadata\.name/],
    ['a count that is no number', { metadata, status: { disruptionsAllowed: '2' } }, /status\.disruptionsAllowed/],
    ['a selector that is text', { metadata, spec: { selector: 'app=etl' } }, /spec\.selector/],
    ['expressions that are no list', { metadata, spec: { selector: { matchExpressions: {} } } }, /matchExpressions/],
    [
      'an expression without a key',
      { metadata, spec: { selector: { matchExpressions: [{ operator: 'Exists' }] } } },
      /matchExpressions\[0\]\.key/,
    ],
  ])('is refused with the field’s name: %s', (_, object, message) => {
    expect(() => toDisruptionBudget(object as Record<string, unknown>)).toThrow(message);
  });
});

test('a PriorityClass', () => {
  expect(toPriorityClass({ metadata: { name: 'high' }, value: 1000 })).toEqual({ name: 'high', value: 1000 });
  expect(toPriorityClass({ metadata: { name: 'none' } })).toEqual({ name: 'none', value: 0 });
  expect(() => toPriorityClass({ metadata: { name: 'high' }, value: 'much' })).toThrow(/PriorityClass\.value/);
  expect(() => toPriorityClass({ value: 1 })).toThrow(/PriorityClass\.metadata\.name/);
});

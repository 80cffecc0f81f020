import { expect, test } from 'vitest';
import { parseRules } from '../../../src/intake/policy-file.ts';
import { parseSettings, withSettings } from '../../../src/intake/policy-settings.ts';

const rules = parseRules('queues: [{ name: a }, { name: prod, queues: [{ name: etl }] }]', 'f');
const set = (text: string) => withSettings(rules, parseSettings(text), 'f').tenancy;

test('settings reach fairness, rates and queues by their path', () => {
  expect(set('fairness.memory=1').fairness.memory).toBe(1);
  expect(set('rates.pods={perSecond: 2, burst: 3}').rates.pods).toEqual({ perSecond: 2, burst: 3 });
  expect(set('queues.prod.weight=2').queues.map(({ weight }) => weight)).toEqual([1, 2]);
  expect(set('queues.prod.etl.order=shortest').queues[1]!.queues[0]!.order).toBe('shortest');
  expect(() => set('queues.prod.weight=0')).toThrow('queues[1].weight: must be at least 0.001, got 0');
  expect(() => set('queues.none.weight=2')).toThrow('no field queues.none.weight');
});

import { expect, test } from 'vitest';
import { MusterError } from '../../../src/core/errors.ts';
import { PRESETS } from '../../../src/core/policy/presets.ts';
import { parseRules } from '../../../src/intake/policy-file.ts';
import { parseSettings, withSettings } from '../../../src/intake/policy-settings.ts';

const two = parseRules(
  'policies:\n  - {name: etl, queue: {blockAfter: 5m}, members: {strategy: spread}}\n  - name: rest\n',
  'two.yaml',
);
const set = (...texts: string[]) => withSettings(two, texts.flatMap(parseSettings), 'two.yaml');
const blockAfter = ({ policies }: typeof two) => policies.map(({ queue }) => queue.blockAfterMs);

test('one setting per value, as it was written', () => {
  expect(parseSettings('queue.blockAfter=0, 10m,never')).toEqual([
    { field: 'queue.blockAfter', value: '0' },
    { field: 'queue.blockAfter', value: '10m' },
    { field: 'queue.blockAfter', value: 'never' },
  ]);
  expect(parseSettings('etl:topology.keys=[rack],[rack, zone]')).toEqual([
    { policy: 'etl', field: 'topology.keys', value: '[rack]' },
    { policy: 'etl', field: 'topology.keys', value: '[rack, zone]' },
  ]);
  expect(parseSettings('spotLabels={a.b/c: [x]}').map(({ value }) => value)).toEqual(['{a.b/c: [x]}']);
});

test.each(['queue.blockAfter', 'queue.blockAfter=', '=10m', 'a b=1', 'x=[1', 'x=1]', 'x=],[', 'ETL:x=1', 'x=1]#'])(
  'not a setting: %s',
  (text) => {
    expect(() => parseSettings(text)).toThrow('--set: expected FIELD=VALUE,VALUE');
  },
);

test('a field is set in every policy, or in the one that is named; the rest stays', () => {
  expect(blockAfter(set('queue.blockAfter=never'))).toEqual([Infinity, Infinity]);
  expect(blockAfter(set('rest:queue.blockAfter=0'))).toEqual([300_000, 0]);
  expect(set('rest:queue.blockAfter=0').policies[0]).toEqual(two.policies[0]);
  expect(set('other:queue.blockAfter=0')).toBe(two);
  const {
    policies: [preset],
  } = withSettings(PRESETS.get('muster')!, parseSettings('preemption.cost.keptOn.store=0.5'), 'muster');
  expect(preset!.preemption.cost.keptOn.store).toBe(0.5);
  expect(preset!.members.strategy).toBe('least-fragmentation');
});

test('fields that belong together are set together', () => {
  const {
    policies: [etl],
  } = set('members.strategy=weighted', 'members.weights={binPacking: 2}');
  expect(etl!.members).toMatchObject({ strategy: 'weighted', weights: new Map([['binPacking', 2]]) });
});

test.each([
  [
    ['queue.blockAfter=soon'],
    'two.yaml with --set queue.blockAfter=soon: policies[0].queue.blockAfter: expected a dur',
  ],
  [['rest:queue.blockAfter=-1'], 'with --set rest:queue.blockAfter=-1: policies[1].queue.blockAfter: expected a dur'],
  [
    ['queue.blockafter=1m'],
    'policies[0].queue.blockafter: unknown field; expected one of blockAfter, patience, backfill, order, overrun, extras (did you mean blockAfter?)',
  ],
  [['members.strategy=tetris'], 'policies[0].members.strategy: expected one of pack, spread'],
  [['etl:queue.blockAfter.x=1'], 'policies[0] has no field queue.blockAfter.x'],
  [['queue.__proto__=1'], '__proto__: unknown field'],
  [['members.strategy=weighted', 'members.weights={}'], 'needs a weight above 0'],
])('%s is refused by the schema', (texts, part) => {
  expect(() => set(...texts)).toThrow(MusterError);
  expect(() => set(...texts)).toThrow(part);
});

import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { resultsCsv } from '../../../src/replay/report/csv.ts';
import { policyResult, replayResult } from '../../support/replay-result.ts';

test('a line per run and policy, with every figure under its path', () => {
  const open = { ...policyResult('b').waitMs, p95: 5, atLeast: ['p95', 'max'] as const };
  const one = replayResult([policyResult('a'), policyResult('b', { waitMs: open })], { seed: 3 });
  const cell = { day: 2, settings: { 'topology.keys': '[rack, "zone"]' } };
  const two = replayResult([policyResult('a', { evictions: 7 })], { seed: 4, cell });
  const rows = parse<Record<string, string>>(resultsCsv([one, two]), { columns: true });
  expect(rows.map(({ policy, seed, day }) => [policy, seed, day])).toEqual([
    ['a', '3', ''],
    ['b', '3', ''],
    ['a', '4', '2'],
  ]);
  expect(rows[1]).toMatchObject({ 'waitMs.p95': '5', 'waitMs.atLeast': 'p95 max', 'outcomes.done': '10' });
  expect(rows[2]).toMatchObject({ evictions: '7', 'workShare.window': '0.5', 'set topology.keys': '[rack, "zone"]' });
  const columns = Object.keys(rows[0]!);
  expect(columns).toContain('idle.reserved');
  expect(columns.filter((name) => /series|occupancy|curve|text/i.test(name))).toEqual([]);
});

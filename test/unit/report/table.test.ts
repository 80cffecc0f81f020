import { expect, test } from 'vitest';
import { span } from '../../../src/replay/report/rows.ts';
import { comparisonTable } from '../../../src/replay/report/table.ts';
import { noneOpen, outcomes, policyResult, replayResult } from '../../support/replay-result.ts';

/** The cells of a row of the table, without the frame. */
function row(table: string, label: string): string[] {
  const line = table.split('\n').find((one) => one.includes(`│ ${label}`));
  if (line === undefined) throw new Error(`no row ${label}`);
  return line
    .split('│')
    .slice(2, -1)
    .map((cell) => cell.trim());
}

const partial = (hours: number) => ({ partial: hours * 3600, starting: 0, reserved: 0, broken: 0 });

test.each([
  [0, '0s'],
  [849, '0.8s'],
  [9_960, '10s'],
  [59_999, '1m'],
  [61_500, '1m 2s'],
  [3_600_000, '1h'],
  [3_661_000, '1h 1m'],
  [86_400_000, '1d'],
  [90_061_000, '1d 1h'],
  [86_400_000 * 400, '400d'],
])('%d ms is written %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});

test('every policy has its own column, in the order of the result', () => {
  const table = comparisonTable(
    replayResult([policyResult('one', { outcomes: outcomes(1000, { done: 4 }) }), policyResult('two')]),
  );
  expect(row(table, 'jobs done')).toEqual(['4 of 1,000', '10 of 10']);
  expect(row(table, 'wait p50')).toEqual(['9s', '9s']);
  expect(row(table, 'work done per capacity, over the makespan')).toEqual(['40.0 %', '40.0 %']);
  expect(row(table, 'extender decisions')).toEqual(['1,234', '1,234']);
  expect(row(table, 'decisions per second')).toEqual(['5,432', '5,432']);
  expect(row(table, 'filter p50 / p99')).toEqual(['12 / 100 µs', '12 / 100 µs']);
});

test('what must be 0 and is not is marked; a 0 is not', () => {
  const bad = policyResult('bad', { idle: partial(12.34), overcommits: 2, outcomes: outcomes(10, { deadlocked: 1 }) });
  const table = comparisonTable(replayResult([bad, policyResult('good')]));
  expect(row(table, 'core-hours held by partial')).toEqual(['12.3 !', '0']);
  expect(row(table, 'overcommits')).toEqual(['2 !', '0']);
  expect(row(table, 'deadlocked')).toEqual(['1 !', '0']);
});

test('a partial hour too small to round to a digit is marked all the same', () => {
  const table = comparisonTable(replayResult([policyResult('bad', { idle: partial(0.001) })]));
  expect(row(table, 'core-hours held by partial')[0]).toMatch(/!$/);
});

test('the head says where the figures come from, what was changed and what was drawn', () => {
  const head = comparisonTable(replayResult([policyResult('one')])).split('┌')[0];
  expect(head).toBe(
    [
      'day.csv (itp): 10 jobs, 60 pods, on 4 nodes (nodes.json), seed 7',
      '  - submissions 10 times denser',
      '  - a bind takes 20 ms (assumed)',
      '  - drawn: priorities',
      '',
    ].join('\n'),
  );
});

test('a run that was stopped says so', () => {
  const stopped = comparisonTable(replayResult([policyResult('one')], { complete: false }));
  expect(stopped).toContain('STOPPED EARLY');
  expect(comparisonTable(replayResult([policyResult('one')]))).not.toContain('STOPPED');
});

test('a run stopped before the first policy still gives a table', () => {
  expect(comparisonTable(replayResult([], { complete: false }))).toContain('jobs done');
});

test('a quantile of nothing is not 0', () => {
  const table = comparisonTable(replayResult([policyResult('stuck', { waitMs: noneOpen, completionMs: noneOpen })]));
  expect(row(table, 'wait p50')).toEqual(['-']);
  expect(row(table, 'job completion p95')).toEqual(['-']);
});

test('control characters of a policy name do not reach the terminal', () => {
  const table = comparisonTable(replayResult([policyResult('evil\u001b[2J\r\u0007')]));
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

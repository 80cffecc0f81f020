import { expect, test } from 'vitest';
import { Timeline } from '../../../src/replay/sim/timeline.ts';

/** Runs all entries. @returns what they said, with the times */
function all(timeline: Timeline, said: string[]): string[] {
  while (timeline.step()) said.push(`at ${timeline.nowMs}`);
  return said;
}

test('entries run in the order of their times, then in that of their making; none runs in the past', () => {
  const timeline = new Timeline();
  const said: string[] = [];
  timeline.at(20, () => void said.push('c'));
  timeline.at(10, () => {
    said.push('a');
    timeline.at(0, () => void said.push('b'));
  });
  timeline.at(20, () => void said.push('d'));
  expect(all(timeline, said)).toEqual(['a', 'at 10', 'b', 'at 10', 'c', 'at 20', 'd', 'at 20']);
});

test('a cancelled entry does not run, moves no time and is no work', () => {
  const timeline = new Timeline();
  const said: string[] = [];
  const end = timeline.at(30, () => void said.push('end'));
  timeline.at(10, () => void said.push('poll'), false);
  expect(timeline.workLeft).toBe(1);
  timeline.cancel(end);
  timeline.cancel(end);
  expect([timeline.workLeft, timeline.nextMs]).toEqual([0, 10]);
  expect([all(timeline, said), timeline.nowMs]).toEqual([['poll', 'at 10'], 10]);
  timeline.cancel(timeline.at(40, () => undefined));
  expect([timeline.nextMs, timeline.step(), timeline.size]).toEqual([Infinity, false, 0]);
});

test('an entry that has run can be cancelled without harm', () => {
  const timeline = new Timeline();
  const done = timeline.at(1, () => undefined);
  expect(timeline.step()).toBe(true);
  timeline.at(2, () => undefined);
  timeline.cancel(done);
  expect(timeline.workLeft).toBe(1);
});

test('an end that is planned again and again takes no more room than one', () => {
  const timeline = new Timeline();
  let end = timeline.at(1_000_000, () => undefined);
  for (let i = 0; i < 10_000; i++) {
    timeline.cancel(end);
    end = timeline.at(1_000_000 - i, () => undefined);
    expect(timeline.size).toBeLessThanOrEqual(3);
  }
  expect([timeline.step(), timeline.step(), timeline.nowMs]).toEqual([true, false, 990_001]);
});

import { expect, test } from 'vitest';
import { podEndOf } from '../../../src/intake/outcome.ts';

const at = (finishedAt: string) => ({ name: 'main', state: { terminated: { exitCode: 1, finishedAt } } });

test.each([
  ['Succeeded', 'succeeded'],
  ['Failed', 'failed'],
])('%s: the run has %s when its last container ended', (phase, outcome) => {
  const containerStatuses = [at('2026-11-22T10:00:00Z'), at('2026-11-22T10:00:07Z'), { state: { running: {} } }];
  expect(podEndOf({ status: { phase, containerStatuses } })).toEqual({
    outcome,
    endedMs: Date.parse('2026-11-22T10:00:07Z'),
  });
});

test.each([
  ['no containers, as after an eviction by the kubelet', undefined],
  ['null', null],
  ['no time', [{ state: { terminated: {} } }]],
  ['a time that is none', [at('soon')]],
])('%s: when it ended is not known', (_what, containerStatuses) => {
  expect(podEndOf({ status: { phase: 'Failed', containerStatuses } })).toEqual({ outcome: 'failed' });
});

test.each(['Running', 'Pending', 'Unknown', undefined])('%s is no end', (phase) => {
  expect(podEndOf({ status: { phase } })).toBeUndefined();
});

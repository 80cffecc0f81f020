import { expect, test } from 'vitest';
import type { PodEnd } from '../../../src/intake/outcome.ts';
import { OutcomeReader } from '../../../src/kube/outcome-reader.ts';

const pod = (i: number) => ({ namespace: 'jobs', name: `p${i}`, uid: String(i) });
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('four are read at a time, a thousand wait, and of more nobody asks', async () => {
  const counts: Record<string, number> = {};
  const ended: string[] = [];
  const answers: ((end: PodEnd) => void)[] = [];
  const reader = new OutcomeReader({
    api: { readEnd: () => new Promise((resolve) => answers.push(resolve)) },
    onEnd: ({ uid }, end) => ended.push(`${uid} ${end?.outcome}`),
    count: (outcome) => (counts[outcome] = (counts[outcome] ?? 0) + 1),
  });
  for (let i = 0; i < 1010; i++) reader.read(pod(i));
  expect(ended).toEqual([]);
  await settle();
  expect(answers).toHaveLength(4);
  expect(counts).toEqual({ limited: 10 });
  expect(ended[0]).toBe('1000 undefined');
  while (answers.length > 0) {
    for (const answer of answers.splice(0)) answer({ outcome: 'succeeded' });
    await settle();
    expect(answers.length).toBeLessThanOrEqual(4);
  }
  expect(counts).toEqual({ limited: 10, done: 1000 });
  expect(new Set(ended).size).toBe(1010);
});

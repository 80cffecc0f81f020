import { expect, test } from 'vitest';
import type { PodInfo } from '../../../src/core/model.ts';
import { Nominations } from '../../../src/replay/kube-scheduler/nominations.ts';

const pod = (uid: string, priority: number) => ({ uid, priority }) as PodInfo;
const ONE = Float64Array.of(1000, 0, 1);

function heard(): { nominations: Nominations; released: number[] } {
  const nominations = new Nominations();
  const released: number[] = [];
  nominations.onReleased = (priority) => released.push(priority);
  return { nominations, released };
}

test('room is released where a pod is nominated elsewhere, or no more, and not where the node is the same again', () => {
  const { nominations, released } = heard();
  nominations.add(pod('a', 10), 'n0', ONE);
  nominations.add(pod('a', 10), 'n0', ONE);
  expect(released).toEqual([]);
  nominations.add(pod('a', 10), 'n1', ONE);
  expect(released).toEqual([10]);
  nominations.delete('a');
  nominations.delete('a');
  expect([released, nominations.isEmpty]).toEqual([[10, 10], true]);
});

test('a pod that is bound takes its room, and nobody hears of it, wherever that is', () => {
  const { nominations, released } = heard();
  nominations.add(pod('a', 10), 'n0', ONE);
  nominations.bound('a');
  expect([released, nominations.nodeOf('a'), nominations.isEmpty]).toEqual([[], undefined, true]);
});

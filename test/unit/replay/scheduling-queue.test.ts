import { describe, expect, test } from 'vitest';
import { SchedulingQueue, type Queued, type Rejector } from '../../../src/replay/kube-scheduler/scheduling-queue.ts';

const pod = (name: string, priority = 0) => ({ info: { uid: name, namespace: 'n', name, priority }, state: 'waiting' });
type Pod = ReturnType<typeof pod>;
const queueOf = (isEager = true, maxBackoffMs = 10_000) => new SchedulingQueue<Pod>({ isEager, maxBackoffMs });
const nameOf = (queued: Queued<Pod> | undefined) => queued?.pod.info.name;

/** Adds the pods and rejects them, in the order in which they are popped. */
function rejected(queue: SchedulingQueue<Pod>, by: Rejector, nowMs: number, ...pods: Pod[]): void {
  for (const one of pods) queue.add(one, nowMs);
  for (let queued = queue.pop(nowMs); queued; queued = queue.pop(nowMs)) queue.reject(queued, by, nowMs);
}

describe('the active queue', () => {
  test('gives out the highest priority first, then the pod that has waited longest since its last attempt', () => {
    const queue = queueOf();
    rejected(queue, 'room', 0, pod('tried-at-0'));
    rejected(queue, 'room', 5000, pod('tried-at-5000'));
    queue.wake(['room'], 9000);
    queue.add(pod('came-at-3000'), 3000);
    queue.add(pod('urgent', 1), 9000);
    // Both back-offs are over, but only the whole second after shows it.
    const names = [9000, 9000, 9000, 9000].map((at) => nameOf(queue.pop(at)));
    expect(names).toEqual(['urgent', 'tried-at-0', 'came-at-3000', 'tried-at-5000']);
  });

  test('drops pods that are gone', () => {
    const queue = queueOf();
    queue.add({ ...pod('gone'), state: 'over' }, 0);
    expect(queue.pop(0)).toBeUndefined();
  });
});

describe('a rejected pod', () => {
  test.each<[Rejector, Rejector[]]>([
    ['room', ['room', 'extender']],
    ['extender', ['extender']],
    ['node', ['node']],
  ])('by %s comes back at an event that may help it', (by, event) => {
    const queue = queueOf();
    rejected(queue, by, 0, pod('a'));
    queue.wake(
      (['room', 'node', 'extender'] as const).filter((other) => !event.includes(other)),
      10_000,
    );
    queue.wake(event, 10_000, () => false);
    expect(queue.pop(10_000)).toBeUndefined();
    queue.wake(event, 10_000);
    expect(nameOf(queue.pop(10_000))).toBe('a');
  });

  test('hears of its own change only if an extender rejected it', () => {
    const queue = queueOf();
    rejected(queue, 'room', 0, pod('a'));
    rejected(queue, 'extender', 0, pod('b'));
    queue.podChanged('a', 10_000);
    queue.podChanged('b', 10_000);
    expect(nameOf(queue.pop(10_000))).toBe('b');
    expect(queue.pop(10_000)).toBeUndefined();
  });

  test('comes back without an event at the first flush after five minutes', () => {
    const queue = queueOf();
    rejected(queue, 'room', 1000, pod('a'));
    expect(queue.nextMs(1000)).toBe(330_000);
    expect(queue.pop(329_999)).toBeUndefined();
    expect(nameOf(queue.pop(330_000))).toBe('a');
  });

  test('with the queue empty, is taken out of back-off at once since 1.33', () => {
    const queue = queueOf();
    rejected(queue, 'room', 0, pod('a'));
    queue.wake(['room'], 10);
    expect(queue.nextMs(10)).toBe(10);
    expect(nameOf(queue.pop(10))).toBe('a');
  });

  test('in back-off comes after an active pod, and before a pod whose back-off ends in a later second', () => {
    const queue = queueOf();
    rejected(queue, 'room', 0, pod('a'), pod('urgent', 1));
    rejected(queue, 'room', 1000, pod('more-urgent', 2));
    queue.wake(['room'], 1500);
    queue.add(pod('active'), 1500);
    expect([1500, 1500, 1500, 1500].map((at) => nameOf(queue.pop(at)))).toEqual([
      'active',
      'urgent',
      'a',
      'more-urgent',
    ]);
  });
});

describe('before 1.33', () => {
  test.each([
    [10_000, [1, 2, 4, 8, 10, 10]],
    [2000, [1, 2, 2]],
  ])('back-off doubles up to %i ms, and ends with the second', (maxBackoffMs, seconds) => {
    const queue = queueOf(false, maxBackoffMs);
    queue.add(pod('a'), 0);
    let nowMs = 500;
    for (const backoff of seconds) {
      const queued = queue.pop(nowMs);
      if (!queued) throw new Error(`nothing at ${nowMs}`);
      queue.reject(queued, 'room', nowMs);
      queue.wake(['room'], nowMs);
      expect(queue.pop(nowMs + 1000 * backoff - 1)).toBeUndefined();
      const nextMs = Math.ceil((nowMs + 1000 * backoff) / 1000) * 1000;
      expect(queue.nextMs(nowMs)).toBe(nextMs);
      nowMs = nextMs + 500;
    }
  });
});

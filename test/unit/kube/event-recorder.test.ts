import { expect, test } from 'vitest';
import type { Effect } from '../../../src/core/effects.ts';
import { EventRecorder } from '../../../src/kube/event-recorder.ts';
import type { WriteQueue } from '../../../src/kube/write-queue.ts';

const MINUTE = 60_000;
const leader = { namespace: 'jobs', name: 'etl-driver', uid: 'u' };
const foretold = (minutes: number): Effect => {
  const [earliestMs, aboutMs, latestMs] = [minutes - 5, minutes, minutes + 5].map((one) => one * MINUTE);
  return { kind: 'start-foretold', gang: 'jobs/etl', leader, earliestMs, aboutMs, latestMs, becauseOf: [] } as Effect;
};

function recorder() {
  const notes: string[] = [];
  const clock = { now: 0 };
  const transport = {
    send: ({ body }: { body?: unknown }) => {
      const { reason, note } = body as { reason: string; note: string };
      notes.push(`${clock.now / MINUTE} ${reason} ${note.slice(0, 36)}`);
      return Promise.resolve({} as never);
    },
  };
  const queue = { push: (_key: string, write: () => Promise<void>) => void write() } as unknown as WriteQueue;
  let waits: readonly string[] | undefined = [];
  const one = new EventRecorder({
    transport,
    queue,
    clock: { nowMs: () => clock.now, toWall: (ms) => ms },
    instance: 'muster-0',
    perSecond: 10,
    leaderOf: () => leader,
    adviceOf: () => waits,
    onEvent: () => undefined,
  });
  const at = (minutes: number, ...effects: Effect[]) => {
    clock.now = minutes * MINUTE;
    one.onEffects(effects);
    one.flush();
  };
  return { notes, at, starts: () => (waits = undefined) };
}

test('a start time that moves is told every ten minutes at most, and then as it is', () => {
  const { notes, at } = recorder();
  at(0, foretold(60));
  at(1, foretold(100));
  at(9, foretold(200));
  expect(notes).toEqual(['0 StartsAbout Starts about 1970-01-01 01:00 UTC (b']);
  at(10);
  expect(notes.slice(1)).toEqual(['10 StartsAbout Starts about 1970-01-01 03:20 UTC (b']);
  at(30);
  expect(notes).toHaveLength(2);
});

test('a gang that has started meanwhile is told nothing', () => {
  const { notes, at, starts } = recorder();
  starts();
  at(0, foretold(60));
  expect(notes).toEqual([]);
});

test('a start time that waits to be told holds up no other Event', () => {
  const { notes, at } = recorder();
  at(0, foretold(60));
  at(1, foretold(100), { kind: 'slots-expired', gang: 'jobs/etl', slots: 1, whole: false });
  expect(notes.map((note) => note.split(' ')[1])).toEqual(['StartsAbout', 'ReservationExpired']);
});

import { describe, expect, test } from 'vitest';
import type { Slices } from '../../../src/core/work.ts';
import { Made } from '../../../src/server/api/made.ts';

function counter() {
  const state = { ms: 0, changes: 0, made: 0, value: 'a' };
  const made = new Made<{ readonly text: string }>({
    *make(before): Slices<{ readonly text: string }> {
      state.made++;
      yield undefined;
      return before?.text === state.value ? before : { text: state.value };
    },
    changes: () => state.changes,
    monotonicMs: () => state.ms,
  });
  return { state, made };
}

describe('what many ask for', () => {
  test('is made once for all who ask at once, and not again while nothing changes', async () => {
    const { state, made } = counter();
    const all = await Promise.all(Array.from({ length: 5 }, () => made.latest()));
    expect([new Set(all).size, state.made, made.version]).toEqual([1, 1, 1]);
    state.ms = 9999;
    await made.latest();
    expect(state.made).toBe(1);
  });

  test('is made again a second later if something changed, however often that was', async () => {
    const { state, made } = counter();
    await made.latest();
    for (let i = 0; i < 100; i++) {
      state.changes++;
      state.ms += 9;
      state.value = String(i);
      await made.latest();
    }
    expect([state.made, made.version]).toEqual([1, 1]);
    state.ms = 1000;
    expect([(await made.latest()).text, state.made, made.version]).toEqual(['99', 2, 2]);
  });

  test('keeps its version where the change makes no difference', async () => {
    const { state, made } = counter();
    await made.latest();
    state.changes++;
    state.ms = 1000;
    expect(made.nextVersion).toBe(2);
    await made.latest();
    expect([state.made, made.version, made.nextVersion]).toEqual([2, 1, 1]);
  });

  test('is made again after ten seconds, since time goes by', async () => {
    const { state, made } = counter();
    await made.latest();
    state.ms = 10_000;
    await made.latest();
    expect(state.made).toBe(2);
  });

  test('an error is told to all who asked, and the next who asks begins again', async () => {
    let isBroken = true;
    const made = new Made<number>({
      *make(): Slices<number> {
        yield undefined;
        if (isBroken) throw new Error('broken');
        return 1;
      },
      changes: () => 0,
      monotonicMs: () => 0,
    });
    const both = await Promise.allSettled([made.latest(), made.latest()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await made.latest()).toBe(1);
  });
});

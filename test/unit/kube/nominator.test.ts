import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Nominator, type NominateMode } from '../../../src/kube/nominator.ts';
import { ApiError } from '../../../src/kube/transport.ts';
import { spark } from '../../support/builders.ts';

const gang = spark('a', 100);
const member = (i: number) => gang.member('executor', i);

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

function newNominator({ mode = 'auto', fails }: { mode?: NominateMode; fails?: Error } = {}) {
  const written: string[] = [];
  const claimed: string[] = [];
  const outcomes: string[] = [];
  const asked = new Set<string>();
  const state = { asks: 0, isAdmitted: true, reads: 0 };
  const nominator = new Nominator({
    api: {
      nominate: (pod, node) => {
        written.push(`${pod.name} ${node}`);
        return fails ? Promise.reject(fails) : Promise.resolve();
      },
    },
    stageOf: ({ uid }) => {
      state.reads++;
      return asked.has(uid) ? 'asked' : state.isAdmitted ? 'queued' : 'no-gang';
    },
    claim: ({ name }) => {
      claimed.push(name);
      return 'n1';
    },
    asks: () => state.asks,
    nowMs: () => Date.now(),
    mode,
    onNomination: (outcome) => void outcomes.push(outcome),
  });
  /** kube-scheduler asks about members, one each so many ms. */
  const ask = async (from: number, to: number, ms: number) => {
    for (let i = from; i < to; i++) {
      await vi.advanceTimersByTimeAsync(ms);
      asked.add(member(i).uid);
      state.asks++;
    }
  };
  return { nominator, written, claimed, outcomes, state, ask };
}

describe('members are nominated that wait longer in kube-scheduler’s queue than a write takes', () => {
  test('those with five others ahead, before anything has been measured', async () => {
    const { nominator, claimed } = newNominator();
    for (let i = 0; i < 8; i++) nominator.onPending(member(i));
    await vi.advanceTimersByTimeAsync(50);
    expect(claimed).toEqual([5, 6, 7].map((i) => member(i).name));
  });

  test('fewer where questions are answered fast, and each is decided on once', async () => {
    const { nominator, claimed, ask } = newNominator();
    for (let i = 0; i < 50; i++) nominator.onPending(member(i));
    await ask(0, 50, 1);
    expect(new Set(claimed).size).toBe(claimed.length);
    const before = claimed.length;
    for (let i = 50; i < 80; i++) nominator.onPending(member(i));
    await vi.advanceTimersByTimeAsync(10);
    const after = claimed.slice(before);
    expect(after).not.toContain(member(69).name);
    expect(after).toContain(member(79).name);
  });

  test('none that has a place, and none of a gang that waits until it is admitted', async () => {
    const { nominator, claimed, state } = newNominator();
    state.isAdmitted = false;
    for (let i = 0; i < 8; i++) nominator.onPending(member(i));
    await vi.advanceTimersByTimeAsync(50);
    state.isAdmitted = true;
    await vi.advanceTimersByTimeAsync(50);
    expect(claimed).toEqual([]);
    const leader = { namespace: 'jobs', name: 'l', uid: 'l' };
    nominator.onEffects([{ kind: 'gang-admitted', gang: gang.spec.key, leader, slots: [] }]);
    await vi.advanceTimersByTimeAsync(50);
    expect(claimed).toHaveLength(3);
  });

  test('mode never: none but those that a decision names; mode always: all at once', async () => {
    const never = newNominator({ mode: 'never' });
    const always = newNominator({ mode: 'always' });
    for (let i = 0; i < 8; i++) for (const { nominator } of [never, always]) nominator.onPending(member(i));
    never.nominator.onEffects([{ kind: 'nominate', gang: gang.spec.key, pod: member(3), node: 'n7' }]);
    await vi.advanceTimersByTimeAsync(50);
    expect(never.written).toEqual([`${member(3).name} n7`]);
    expect(always.written).toHaveLength(8);
  });

  test('of ten thousand at once a look reads a thousand and decides on a hundred', async () => {
    const { nominator, claimed, state } = newNominator();
    for (let i = 0; i < 10_000; i++) nominator.onPending(member(i));
    await vi.advanceTimersByTimeAsync(10);
    expect(claimed).toHaveLength(100);
    await vi.advanceTimersByTimeAsync(100);
    expect(claimed).toHaveLength(995);
    const before = state.reads;
    await vi.advanceTimersByTimeAsync(10);
    expect(state.reads - before).toBe(1000);
  });

  test('none that is gone, and nothing runs on when all are asked about', async () => {
    const { nominator, claimed, ask } = newNominator();
    for (let i = 0; i < 8; i++) nominator.onPending(member(i));
    nominator.drop(member(7).uid);
    await ask(0, 8, 1);
    await vi.advanceTimersByTimeAsync(50);
    expect(claimed).not.toContain(member(7).name);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    [new ApiError(422, 'Invalid', 'bound'), 'dropped'],
    [new ApiError(403, 'Forbidden', 'no'), 'failed'],
    [new Error('reset'), 'failed'],
  ])('a write that fails is not tried again: %s', async (fails, outcome) => {
    const { nominator, written, outcomes } = newNominator({ mode: 'always', fails });
    nominator.onPending(member(0));
    await vi.advanceTimersByTimeAsync(500);
    expect([written.length, outcomes]).toEqual([1, [outcome]]);
  });
});

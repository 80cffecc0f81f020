import { describe, expect, test, vi } from 'vitest';
import type { Effect } from '../../src/core/effects.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { Work } from '../../src/core/work.ts';
import { boundTo, node, offer, pod } from '../support/builders.ts';
import { wanted } from '../support/apps.ts';
import { OpenScheduler } from '../support/world.ts';

const NODES = 100;
const PODS_PER_NODE = 110;
const HOUR_MS = 3_600_000;

/** Nodes full of single pods, of which those of node n0 are the youngest; a gang of 50 waits. */
function fullCluster() {
  const policy = { ...DEFAULT_POLICY, preemption: { ...DEFAULT_POLICY.preemption, mode: 'enforce' as const } };
  const scheduler = new OpenScheduler({ policies: [policy], schedulerNames: ['muster'] });
  const names = Array.from({ length: NODES }, (_, n) => `n${n}`);
  for (const name of names) scheduler.observe({ kind: 'node', node: node(name, { cpu: PODS_PER_NODE }) }, 0);
  names.forEach((name, n) => {
    for (let i = 0; i < PODS_PER_NODE; i++) {
      const startedMs = HOUR_MS - (n === 0 ? 2 : 30 + i) * 60_000;
      const one = { ...boundTo(pod(`p-${n}-${i}`), name), evictionTraits: { startedMs } };
      scheduler.observe({ kind: 'pod', pod: one }, 0);
    }
  });
  scheduler.observe({ kind: 'synced' }, 0);
  const { leader } = wanted('high', { executors: 49 });
  expect(scheduler.filter({ pod: leader, candidates: offer(names) }, HOUR_MS).answer.kind).toBe('none');
  return { scheduler, leader };
}

/** Searches to the end. @param meanwhile what happens after the first slice */
function search(scheduler: OpenScheduler, meanwhile: () => void = () => undefined) {
  const effects: Effect[] = [];
  let slices = 0;
  for (let isDone = false; !isDone;) {
    const slice = scheduler.makeRoomSlice(HOUR_MS);
    effects.push(...slice.effects);
    isDone = slice.isDone;
    if (++slices === 1) meanwhile();
  }
  scheduler.checkInvariants();
  const plan = effects.find((one) => one.kind === 'eviction-planned');
  return { slices, victims: plan?.victims.map(({ pod: { name } }) => name).sort() };
}

test('a search that fails ends its round, keeps no other from its turn, and comes again after a minute', () => {
  const { scheduler } = fullCluster();
  const { leader } = wanted('lower', { executors: 4, priority: 50, queue: 'other' });
  const names = [...scheduler.nodes()].map(({ node: name }) => name);
  scheduler.filter({ pod: leader, candidates: offer(names) }, HOUR_MS);
  const plansIn = (effects: readonly Effect[]) =>
    effects.flatMap((one) => (one.kind === 'eviction-planned' ? [one.gang] : []));
  const pass = vi.spyOn(Work.prototype, 'pass').mockImplementationOnce(() => {
    throw new Error('in the middle');
  });
  expect(() => scheduler.makeRoomSlice(HOUR_MS)).toThrow('in the middle');
  pass.mockRestore();
  const round = (nowMs: number) => {
    const effects: Effect[] = [];
    for (let isDone = false; !isDone;) {
      const slice = scheduler.makeRoomSlice(nowMs);
      effects.push(...slice.effects);
      isDone = slice.isDone;
    }
    return plansIn(effects);
  };
  expect(round(HOUR_MS)).toEqual(['jobs/lower']);
  expect(round(HOUR_MS + 60_000)).toEqual(['jobs/high']);
});

describe('what happens between the slices of a search', () => {
  test('nothing: the victims are those of a search at once', () => {
    const { slices, victims } = search(fullCluster().scheduler);
    expect(slices).toBeGreaterThan(2);
    const [effect] = fullCluster().scheduler.makeRoom(HOUR_MS);
    expect(effect).toMatchObject({ kind: 'eviction-planned' });
    expect(victims).toHaveLength(50);
    if (effect?.kind === 'eviction-planned')
      expect(effect.victims.map(({ pod: { name } }) => name).sort()).toEqual(victims);
  });

  test('pods of the node go: no more are evicted than are still needed', () => {
    const { scheduler } = fullCluster();
    const { victims } = search(scheduler, () => {
      for (let i = 0; i < 20; i++) scheduler.observe({ kind: 'pod-gone', uid: `p-0-${i}` }, HOUR_MS);
    });
    expect(victims).toHaveLength(30);
    for (const name of victims!) expect(scheduler.inside.cluster.boundPod(name)).toBeDefined();
  });

  test('victims become as important as the gang: they stay', () => {
    const { scheduler } = fullCluster();
    const { victims = [] } = search(scheduler, () => {
      for (let i = 0; i < PODS_PER_NODE; i++) {
        const startedMs = HOUR_MS - 120_000;
        const one = { ...boundTo(pod(`p-0-${i}`, { priority: 100 }), 'n0'), evictionTraits: { startedMs } };
        scheduler.observe({ kind: 'pod', pod: one }, HOUR_MS);
      }
    });
    expect(victims.filter((name) => name.startsWith('p-0-'))).toEqual([]);
  });

  test('the gang goes: nobody is evicted', () => {
    const { scheduler, leader } = fullCluster();
    const { victims } = search(scheduler, () => scheduler.observe({ kind: 'pod-gone', uid: leader.uid }, HOUR_MS));
    expect(victims).toBeUndefined();
  });

  test('muster loses contact: nobody is evicted', () => {
    const { scheduler } = fullCluster();
    expect(search(scheduler, () => scheduler.hold('muster has lost contact')).victims).toBeUndefined();
  });
});

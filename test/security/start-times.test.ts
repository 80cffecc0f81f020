import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as blocking from '../../src/core/gang/blocking.ts';
import { RunHistory } from '../../src/core/history/run-history.ts';
import type { RunIdentity } from '../../src/core/history/run-times.ts';
import { Planner } from '../../src/core/placement/planner.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { boundTo, GangBuilder, node, offer, queueWith, type RoleOptions } from '../support/builders.ts';
import { ENDLESS, exactly, ToldRunTimes } from '../support/told-run-times.ts';

/** What a question costs, in looks at waiting gangs and in plans: no clock counts. */
const looks = { isHead: 0 };
vi.mock('../../src/core/gang/blocking.ts', async (original) => {
  const module = await original<typeof blocking>();
  return { ...module, isHead: (...args: Parameters<typeof module.isHead>) => (looks.isHead++, module.isHead(...args)) };
});
const plans = vi.spyOn(Planner.prototype, 'plan');

function reset(): void {
  looks.isHead = 0;
  plans.mockClear();
}
beforeEach(reset);
afterEach(reset);

const MINUTE = 60_000;
const RESERVE = queueWith({ blockAfterMs: 1, backfill: 'reserve', order: 'fifo', patience: { times: 0, mostMs: 0 } });

/** A scheduler with as many nodes of 10 cores, and forecasts as told. */
function cluster(nodes: number, told = new ToldRunTimes()) {
  const policies = [{ ...DEFAULT_POLICY, queue: RESERVE }];
  const scheduler = new Scheduler({ policies, schedulerNames: ['muster'], runTimes: told });
  const names = Array.from({ length: nodes }, (_, i) => `n${i}`);
  for (const name of names) scheduler.observe({ kind: 'node', node: node(name, { cpu: 10 }) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  const ask = (gang: GangBuilder, nowMs: number, only = names) =>
    scheduler.filter({ pod: gang.leader(), candidates: offer(only) }, nowMs).answer;
  /** A gang of one takes so much of the node. */
  const run = (name: string, cpu: number, at: string) => {
    const gang = new GangBuilder(name, { worker: { count: 1, cpu } });
    scheduler.observe({ kind: 'pod', pod: boundTo(gang.leader(), at) }, 0);
  };
  return { scheduler, ask, run, names };
}

const gangOf = (name: string, count: number, options: { priority?: number; queue?: string } = {}) =>
  new GangBuilder(name, { worker: { count, cpu: 1 } }, options);

describe('work for one question', () => {
  test.each([100, 10_000])('with %i gangs of one tenant that have lost their patience: bounded', (count) => {
    const { ask, run } = cluster(1);
    run('r1', 6, 'n0');
    for (let i = 0; i < count; i++) ask(gangOf(`g${i}`, 8), 0);
    ask(gangOf('c', 4), 1000);
    reset();
    ask(gangOf('c', 4), 1001);
    ask(gangOf('other', 4, { queue: 'other', priority: -1 }), 1002);
    ask(gangOf('d', 4), 1003);
    // The second question is of a priority that was not there before: start times are made once more, for 32 heads.
    expect(plans.mock.calls.length).toBeLessThanOrEqual(3 * 4 + 32);
    expect(looks.isHead).toBeLessThanOrEqual(count + 200);
    reset();
    ask(gangOf('d', 4), 1004);
    ask(gangOf(`g${count - 1}`, 8), 1005);
    expect(plans.mock.calls.length).toBe(0);
    ask(gangOf('lower', 4, { queue: 'other', priority: -1 }), 1006);
    expect(plans.mock.calls.length).toBeLessThanOrEqual(4);
    expect(looks.isHead).toBeLessThanOrEqual(100);
  });

  test('of a head whose three roles fit one by one and never together: plans by the logarithm of the ends', () => {
    const told = new ToldRunTimes();
    const { ask, run, names } = cluster(300, told);
    for (const [i, name] of names.entries()) {
      told.told.set(`r${i}`, exactly((i + 1) * MINUTE));
      run(`r${i}`, 4, name);
    }
    const role = (cpu: number, count = 1): RoleOptions => ({ count, cpu });
    // There is room for 600 of these, and for one more with every end.
    const big = new GangBuilder('big', { driver: role(3), one: role(3, 400), two: role(3, 400) }, { priority: 1 });
    ask(big, 0);
    reset();
    ask(gangOf('c', 4), 1000);
    expect(plans.mock.calls.length).toBeGreaterThan(3);
    expect(plans.mock.calls.length).toBeLessThanOrEqual(30);
  });
});

describe('what one tenant does to others', () => {
  const full = () => {
    const told = new ToldRunTimes({ r1: ENDLESS, h: exactly(MINUTE) });
    const all = cluster(2, told);
    all.run('r1', 10, 'n0');
    return { ...all, told };
  };

  test('an endless gang in the way of a head as large as the cluster stops no other queue', () => {
    const { ask } = full();
    ask(gangOf('h', 20, { priority: 1000, queue: 'mine' }), 0);
    expect(ask(gangOf('mine', 1, { queue: 'mine' }), 1000).kind).toBe('none');
    expect(ask(gangOf('theirs', 1, { queue: 'theirs' }), 1000).kind).toBe('one');
  });

  test('a head that never asks again holds nobody up after six minutes', () => {
    const { ask, told } = full();
    told.told.set('r1', exactly(100 * MINUTE));
    ask(gangOf('h', 20, { priority: 1000, queue: 'mine' }), 0);
    expect(ask(gangOf('early', 1, { queue: 'theirs' }), 5 * MINUTE).kind).toBe('none');
    expect(ask(gangOf('late', 1, { queue: 'theirs' }), 7 * MINUTE).kind).toBe('one');
  });

  test('a head that kube-scheduler lets nowhere costs the others what it would take if it ran', () => {
    const { ask } = full();
    expect(ask(gangOf('h', 6, { priority: 1000, queue: 'mine' }), 0, []).kind).toBe('none');
    expect(ask(gangOf('wide', 5), 1000).kind).toBe('none');
    expect(ask(gangOf('fits', 4), 1000).kind).toBe('one');
  });

  test.each(['succeeded', 'failed', 'cut'] as const)('estimates that lie are found out, also if the runs %s', (how) => {
    const history = new RunHistory();
    const run = (name: string, app = name): RunIdentity => ({
      namespace: 'liar',
      name,
      app,
      queue: 'q',
      members: 1,
      expectedMs: MINUTE,
    });
    expect(history.forecast(run('first')).endsWithin(0.9, 0)).toBeLessThan(3 * MINUTE);
    for (let i = 0; i < 5; i++) history.learn(run(`app-${i}`), { ranMs: 600 * MINUTE, how });
    expect(history.forecast(run('next')).endsWithin(0.9, 0)).toBeGreaterThan(60 * MINUTE);
    // The estimates of others are worth what they were.
    expect(history.forecast({ ...run('other'), namespace: 'honest' }).endsWithin(0.9, 0)).toBeLessThan(3 * MINUTE);
  });
});

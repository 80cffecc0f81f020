import { expect, test } from 'vitest';
import type { GangRow } from '../../../src/core/board/gang-rows.ts';
import { Decisions, MOST_DECISIONS } from '../../../src/server/decisions.ts';
import { MOST_IN_ALL, Timelines } from '../../../src/server/timelines.ts';

const leader = { namespace: 'jobs', name: 'driver', uid: 'u' };
const waits = (gang: string, reason = 'r') => ({ kind: 'gang-waits', gang, leader, reason }) as const;
const toWall = (ms: number) => ms;
const row = (gang: string): GangRow => ({
  gang,
  namespace: 'jobs',
  phase: 'waiting',
  queue: 'q',
  user: '',
  priority: 0,
  policy: 'p',
  leader: 'driver',
  members: 1,
  bound: 0,
  sinceMs: 5,
});

test('a timeline begins with when it was submitted and asked about, and a new run begins again', () => {
  const rows = new Map([['jobs/a', row('jobs/a')]]);
  const timelines = new Timelines((gang) => rows.get(gang));
  const decisions = new Decisions(timelines, toWall);
  decisions.onEffects([waits('jobs/a'), { kind: 'gang-admitted', gang: 'jobs/a', leader, slots: [] }], 10);
  timelines.asked('jobs/a', 10);
  timelines.asked('jobs/a', 11);
  rows.delete('jobs/a');
  decisions.onEffects([{ kind: 'gang-released', gang: 'jobs/a', slots: 1 }], 20);
  expect(timelines.of('jobs/a')).toMatchObject({ reservedMs: 10, endedMs: 20, row: { sinceMs: 5 } });
  rows.set('jobs/a', { ...row('jobs/a'), sinceMs: 30 });
  decisions.onEffects([waits('jobs/a')], 31);
  timelines.asked('jobs/a', 31);
  const { entries, endedMs, reservedMs } = timelines.of('jobs/a')!;
  expect(entries.map(({ what, atMs }) => `${what} ${atMs}`)).toEqual([
    'submitted 5',
    'asked 10',
    'waits 10',
    'reserved 10',
    'over 20',
    'submitted 30',
    'asked 31',
    'waits 31',
  ]);
  expect([endedMs, reservedMs]).toEqual([undefined, undefined]);
});

test('an expired or revoked reservation is none any more', () => {
  const timelines = new Timelines(row);
  const decisions = new Decisions(timelines, toWall);
  const admitted = { kind: 'gang-admitted', gang: 'jobs/a', leader, slots: [] } as const;
  for (const whole of [false, true]) {
    decisions.onEffects([admitted, { kind: 'slots-expired', gang: 'jobs/a', slots: 1, whole }], 10);
    expect(timelines.of('jobs/a')!.reservedMs).toBe(whole ? undefined : 10);
  }
});

test('20,000 gangs are remembered, those that something befell last, and 50 entries of each', () => {
  const timelines = new Timelines(row);
  const decisions = new Decisions(timelines, toWall);
  decisions.onEffects(
    Array.from({ length: 100 }, (_, i) => waits('jobs/first', String(i))),
    10,
  );
  const { entries } = timelines.of('jobs/first')!;
  expect([entries.length, entries[0]!.what, entries.at(-1)!.text]).toEqual([50, 'submitted', 'Waits: 99.']);
  for (let i = 0; i < 20_000; i++) timelines.asked(`jobs/${i}`, 20);
  expect(timelines.size).toBe(20_000);
  expect(timelines.of('jobs/first')).toBeUndefined();
  expect(timelines.of('jobs/0')).toBeDefined();
});

test('of gangs with long stories fewer are remembered: 200,000 entries in all', () => {
  const timelines = new Timelines(() => undefined);
  for (let i = 0; i < 5000; i++)
    for (let n = 0; n < 50; n++) timelines.note(`jobs/${i}`, { atMs: n, what: 'waits', text: 'Waits.' });
  const left = Array.from({ length: 5000 }, (_, i) => timelines.of(`jobs/${i}`)?.entries.length ?? 0);
  expect(left.reduce((sum, one) => sum + one)).toBe(MOST_IN_ALL);
  expect(left.findIndex((one) => one > 0)).toBe(1000);
});

test('2,000 decisions are remembered, each found by its number', () => {
  const decisions = new Decisions(new Timelines(row), () => 1);
  for (let i = 1; i <= MOST_DECISIONS + 10; i++) decisions.onEffects([waits('jobs/a', String(i))], i);
  const { lastId } = decisions;
  expect(lastId).toBe(MOST_DECISIONS + 10);
  expect(decisions.after(lastId - 2).map(({ id, full }) => [id, full])).toEqual([
    [lastId - 1, `Waits: ${lastId - 1}.`],
    [lastId, `Waits: ${lastId}.`],
  ]);
  const all = decisions.after(0);
  expect([all.length, all[0]!.id]).toEqual([MOST_DECISIONS, 11]);
  expect(decisions.last(1, ({ id }) => id < 20).map(({ id }) => id)).toEqual([19]);
  expect([decisions.after(lastId), decisions.after(lastId + 5)]).toEqual([[], []]);
});

test('numbers of a replica are beyond those of the one before, and fewer than 2,000 are all found', () => {
  let wallMs = 1_795_386_977_987;
  const one = () => new Decisions(new Timelines(row), () => wallMs);
  const before = one();
  const next = one();
  for (let i = 0; i < 5; i++) before.onEffects([waits('jobs/a', 'x')], 1);
  wallMs += 1000;
  expect(next.after(before.lastId)).toEqual([]);
  for (let i = 0; i < 3; i++) next.onEffects([waits('jobs/b', String(i))], 1);
  expect(next.lastId).toBe(wallMs + 2);
  expect(next.after(before.lastId).map(({ full }) => full)).toEqual(['Waits: 0.', 'Waits: 1.', 'Waits: 2.']);
  expect(next.last(10, () => true).map(({ id }) => id)).toEqual([wallMs + 2, wallMs + 1, wallMs]);
});

test('what the shells do with pods is no decision that people follow', () => {
  const decisions = new Decisions(new Timelines(row), toWall);
  decisions.onEffects([{ kind: 'wake-leader', gang: 'jobs/a', leader, gated: false }], 1);
  expect(decisions.lastId).toBe(0);
});

test('the gangs of victims hear that they lose pods', () => {
  const timelines = new Timelines(row);
  const victim = (name: string) => ({
    pod: { namespace: 'jobs', name, uid: name },
    node: 'n',
    gang: 'jobs/victim',
    because: 'priority' as const,
    coreSeconds: 1,
    isLeader: false,
  });
  const plan = { id: 'p', untilMs: 1, slots: new Map() };
  const planned = {
    kind: 'eviction-planned',
    gang: 'jobs/a',
    leader,
    plan,
    victims: [victim('x'), victim('y')],
  } as const;
  const rest = {
    awaited: [],
    broken: 1,
    because: 'priority',
    queue: 'q',
    from: [],
    cycles: 0,
    isRestored: false,
  } as const;
  new Decisions(timelines, toWall).onEffects([{ ...planned, ...rest }], 1);
  expect(timelines.of('jobs/victim')!.entries.at(-1)).toMatchObject({
    what: 'evicted',
    text: '2 pods of it are evicted for gang jobs/a.',
    own: '2 pods of it are evicted for another gang.',
  });
});

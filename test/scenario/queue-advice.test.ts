import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/core/explanation/explanation.ts';
import type { QueueSpec } from '../../src/core/policy/tenancy.ts';
import { allAtOnce } from '../../src/core/work.ts';
import { node, queueWith, spark, type GangBuilder } from '../support/builders.ts';
import { queue, tenancyOf } from '../support/tenancies.ts';
import { worldWith } from '../support/tenants.ts';
import type { World } from '../support/world.ts';

/** What happens before the gang that is explained comes; played again for every claim. */
interface Story {
  readonly cores: number;
  readonly queues: readonly QueueSpec[];
  /** Gangs in order: those that start run whole. */
  readonly gangs: readonly {
    readonly app: string;
    readonly executors: number;
    readonly queue: string;
    readonly user?: string;
  }[];
  readonly blockAfterMs?: number;
}

type Asked = Story['gangs'][number];

const gangOf = ({ app, executors, queue }: Asked) => spark(app, executors, { queue });

/** Submits the gang. @returns whether it starts */
function submit(world: World, asked: Asked): boolean {
  const gang: GangBuilder = gangOf(asked);
  const as = (pod: ReturnType<GangBuilder['leader']>) =>
    asked.user === undefined ? pod : { ...pod, recurrence: { user: asked.user } };
  if (!world.start(as(gang.leader())).startsWith('-> ')) return false;
  for (let i = 0; i < asked.executors; i++) expect(world.start(as(gang.member('executor', i)))).toMatch(/^-> /);
  return true;
}

function play({ cores, queues, gangs, blockAfterMs = 600_000 }: Story): World {
  const policy = { queue: queueWith({ blockAfterMs, backfill: 'off', patience: { times: 0, mostMs: 0 } }) };
  const world = worldWith([node('n', { cpu: cores })], tenancyOf(queues), policy);
  for (const one of gangs) {
    submit(world, one);
    world.wait(1000);
  }
  return world;
}

/** Explains the gang, and does what the advice says would start it now: it starts, and with a member more it does not. */
function explained(story: Story, asked: Asked): Explanation {
  const world = play(story);
  expect(submit(world, asked)).toBe(false);
  world.wait(1000);
  const found = world.scheduler.explain(`jobs/${asked.app}`, world.nowMs)!;
  for (const line of found.advice) {
    const fewer = /^With (\d+) members? of role executor instead of (\d+) it would start now\.$/.exec(line);
    if (fewer) {
      const [executors, instead] = fewer.slice(1).map(Number);
      expect(instead).toBe(asked.executors);
      expect(submit(play(story), { ...asked, executors: executors! })).toBe(true);
      expect(submit(play(story), { ...asked, executors: executors! + 1 })).toBe(false);
    }
    const elsewhere = /^In queue (.+) it would start now\.$/.exec(line);
    for (const queue of elsewhere?.[1]?.split(' or ') ?? [])
      expect(submit(play(story), { ...asked, queue }), queue).toBe(true);
  }
  return found;
}

const ML = queue('ml', { max: 10 });
const ETL = queue('etl');

describe('a gang that waits for a limit', () => {
  const story: Story = {
    cores: 100,
    queues: [queue('prod', { queues: [ETL, ML] })],
    gangs: [{ app: 'a', executors: 3, queue: 'prod.ml' }],
  };

  test('is told what is held, when it can start, with how many members, and where', () => {
    const { advice, reason, standing, otherQueues, start } = explained(story, {
      app: 'b',
      executors: 8,
      queue: 'prod.ml',
    });
    expect(reason).toContain('at its max');
    expect(advice).toEqual([
      'Queue prod.ml holds 4 cores and may have 10 cores: it can start when that is 1 core or less.',
      'With 5 members of role executor instead of 8 it would start now.',
      'In queue prod.etl it would start now.',
    ]);
    expect(standing!.limits).toEqual([
      { limit: 'max', at: 'prod.ml', resource: 'cpu', used: 4000, needed: 9000, most: 10_000, isHit: true },
    ]);
    expect(otherQueues).toEqual(['prod.etl']);
    expect(start).toBeUndefined();
  });

  test('starts when the queue holds as little as is said', () => {
    const world = play({ ...story, gangs: [{ app: 'a', executors: 0, queue: 'prod.ml' }] });
    expect(submit(world, { app: 'b', executors: 8, queue: 'prod.ml' })).toBe(true);
  });

  test('is told that it asks too much at once', () => {
    const { advice } = explained(story, { app: 'b', executors: 11, queue: 'prod.ml' });
    expect(advice[0]).toBe(
      'Queue prod.ml holds 4 cores and may have 10 cores: the gang needs 12 cores at once, so it can start only if it asks less or the limit is raised.',
    );
    expect(advice[1]).toBe('With 5 members of role executor instead of 11 it would start now.');
  });

  test('is told of the limit of a queue above, and of no sibling, which has the same', () => {
    const queues = [queue('prod', { max: 10, queues: [ETL, queue('ml')] }), queue('adhoc')];
    const { advice } = explained({ ...story, queues }, { app: 'b', executors: 8, queue: 'prod.ml' });
    expect(advice).toEqual([
      'Queue prod holds 4 cores and may have 10 cores: it can start when that is 1 core or less.',
      'With 5 members of role executor instead of 8 it would start now.',
      'In queue adhoc it would start now.',
    ]);
  });

  test('is told of no other queue where there is no room for it', () => {
    const { advice, otherQueues } = explained({ ...story, cores: 10 }, { app: 'b', executors: 8, queue: 'prod.ml' });
    expect(otherQueues).toEqual([]);
    expect(advice.filter((line) => line.startsWith('In queue'))).toEqual([]);
  });

  test('is told of no queue that rules make, and of three at most', () => {
    const many = Array.from({ length: 9 }, (_, i) => queue(`q${i}`));
    const queues = [ML, queue('made', { each: queue('each') }), ...many];
    const gangs = [
      { app: 'a', executors: 3, queue: 'ml' },
      { app: 'm', executors: 1, queue: 'made.x' },
    ];
    const { otherQueues } = explained({ cores: 100, queues, gangs }, { app: 'b', executors: 8, queue: 'ml' });
    expect(otherQueues).toEqual(['q0', 'q1', 'q2']);
  });

  test('is told of limits that it only comes near, too', () => {
    const queues = [queue('prod', { max: 13, queues: [ML, ETL] })];
    const { standing, advice } = explained({ ...story, queues }, { app: 'b', executors: 8, queue: 'prod.ml' });
    expect(standing!.limits.map(({ at, isHit }) => [at, isHit])).toEqual([
      ['prod.ml', true],
      ['prod', false],
    ]);
    expect(advice.filter((line) => line.startsWith('Queue prod holds'))).toEqual([]);
  });
});

test('an app that is not submitted yet is told of the limit that it would wait for, and with how many it would start', () => {
  const story: Story = { cores: 100, queues: [ML], gangs: [{ app: 'a', executors: 3, queue: 'ml' }] };
  const asked = { app: 'b', executors: 8, queue: 'ml' };
  const world = play(story);
  const { limit, start, sooner } = allAtOnce(world.scheduler.eta(gangOf(asked).leader(), world.nowMs));
  expect(limit).toContain('queue ml');
  expect(start).toBeUndefined();
  expect(sooner).toContainEqual({ kind: 'fewer', role: 'executor', count: 5, instead: 8 });
  expect(submit(world, asked)).toBe(false);
  expect(submit(play(story), { ...asked, executors: 5 })).toBe(true);
});

describe('a gang that waits for room', () => {
  const adhoc = queue('adhoc');
  const prod = queue('prod', { guaranteed: 60, queues: [ETL, queue('ml')] });
  const gangs = [
    { app: 'big', executors: 69, queue: 'adhoc' },
    { app: 'small', executors: 19, queue: 'prod.etl' },
    { app: 'first', executors: 29, queue: 'prod.etl' },
    { app: 'second', executors: 39, queue: 'prod.etl' },
  ];

  test('is told that its queue is beyond its entitlement, and whose gangs are before it', () => {
    const { advice, standing } = explained(
      { cores: 100, queues: [prod, adhoc], gangs },
      { app: 'more', executors: 19, queue: 'adhoc' },
    );
    expect(advice[0]).toBe(
      'Queue adhoc holds 70 cores and is entitled to 20 cores; 2 gangs of prod.etl are before it.',
    );
    expect(standing).toMatchObject({
      queue: 'adhoc',
      user: 'jobs',
      tier: 2,
      before: [{ queue: 'prod.etl', gangs: 2 }],
    });
    expect(standing!.entitled.get('cpu')).toBe(20_000);
  });

  test('within its entitlement it is told of that nothing', () => {
    const story = { cores: 100, queues: [prod, adhoc], gangs: gangs.slice(0, 2) };
    const { advice, standing } = explained(story, { app: 'first', executors: 29, queue: 'prod.etl' });
    expect(standing!.tier).toBe(0);
    expect(advice.filter((line) => line.includes('is entitled to'))).toEqual([]);
  });

  test('with fewer members it would start, if no gang ahead of it must start first', () => {
    const story = { cores: 100, queues: [adhoc], gangs: [{ app: 'big', executors: 69, queue: 'adhoc' }] };
    const { advice } = explained(story, { app: 'more', executors: 39, queue: 'adhoc' });
    expect(advice).toContain('With 29 members of role executor instead of 39 it would start now.');
    const first = { app: 'first', executors: 49, queue: 'adhoc' };
    const blocked = { ...story, gangs: [...story.gangs, first], blockAfterMs: 0 };
    const { advice: less } = explained(blocked, { app: 'more', executors: 39, queue: 'adhoc' });
    expect(less.filter((line) => line.startsWith('With'))).toEqual([]);
    expect(submit(play(blocked), { app: 'more', executors: 5, queue: 'adhoc' })).toBe(false);
  });

  test('behind a gang of its own queue that lets nobody pass, it is told of a queue without one', () => {
    const story: Story = {
      cores: 100,
      queues: [adhoc, queue('other')],
      gangs: [
        { app: 'big', executors: 69, queue: 'adhoc' },
        { app: 'first', executors: 49, queue: 'adhoc' },
      ],
      blockAfterMs: 0,
    };
    const { advice } = explained(story, { app: 'more', executors: 5, queue: 'adhoc' });
    expect(advice).toContain('Gang jobs/first is ahead in queue adhoc and must start first.');
    expect(advice).toContain('In queue other it would start now.');
  });
});

test('without configured queues nobody is told of entitlements or of other queues', () => {
  const world = play({ cores: 10, queues: [], gangs: [{ app: 'a', executors: 8, queue: 'x' }] });
  submit(world, { app: 'b', executors: 8, queue: 'x' });
  world.wait(1000);
  const { advice, otherQueues } = world.scheduler.explain('jobs/b', world.nowMs)!;
  expect(otherQueues).toEqual([]);
  expect(advice.filter((line) => line.includes('ueue'))).toEqual([]);
});

test('a gang is told why it is not in the queue that it names, also when it runs', () => {
  const world = play({
    cores: 10,
    queues: [queue('prod', { namespaces: ['team-*'] }), queue('default')],
    gangs: [],
  });
  expect(submit(world, { app: 'a', executors: 3, queue: 'prod' })).toBe(true);
  submit(world, { app: 'b', executors: 30, queue: 'prod' });
  for (const app of ['a', 'b']) {
    const { advice, queue } = world.scheduler.explain(`jobs/${app}`, world.nowMs)!;
    expect(queue).toBe('default');
    expect(advice[0]).toBe('Queue prod, which the gang names, is not open to namespace jobs; queue default is used.');
  }
});

test('a queue that is closed to its namespace is not told of', () => {
  const queues = [ML, queue('a', { namespaces: ['team-*'] }), queue('b', { namespaces: ['jo*'] })];
  const gangs = [{ app: 'a', executors: 3, queue: 'ml' }];
  expect(explained({ cores: 100, queues, gangs }, { app: 'b', executors: 8, queue: 'ml' }).otherQueues).toEqual(['b']);
});

import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { matchesPattern } from '../../src/core/policy/patterns.ts';
import type { Tenancy } from '../../src/core/policy/tenancy.ts';
import { MAX_QUEUES } from '../../src/core/queue/tree.ts';
import { boundTo, node } from '../support/builders.ts';
import { TenantApp } from '../support/tenant-apps.ts';
import { cpu, queue, rule, tenancy } from '../support/tenancies.ts';
import { OpenScheduler, World } from '../support/world.ts';

function worldOf(file: Tenancy): World {
  const world = new World([node('n', { cpu: 100 })]);
  world.scheduler.setRules({ policies: [DEFAULT_POLICY], tenancy: file }, 0);
  return world;
}

const FILE = tenancy([queue('prod', { namespaces: ['etl'] }), queue('adhoc', { each: queue('', { max: cpu(10) }) })], {
  rules: [rule('prod', { namespaces: ['etl'] }), rule('adhoc.{namespace}')],
});
const path = (world: World, key: string) => world.scheduler.inside.gangs.get(key)!.queue.path;

test('20,000 gangs of one tenant beyond its quota: another one starts in the very next round', () => {
  const scheduler = new OpenScheduler({ policies: [DEFAULT_POLICY], tenancy: FILE, schedulerNames: ['muster'] });
  scheduler.observe({ kind: 'node', node: node('n', { cpu: 100 }) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  const submit = (one: TenantApp) => scheduler.observe({ kind: 'pod', pod: one.driver() }, 0);
  for (let i = 0; i < 20_000; i++)
    submit(new TenantApp(`g${i}`, { namespace: 'greedy', executors: i % 2 === 0 ? 9 : 200, gated: true }));
  submit(new TenantApp('mine', { namespace: 'modest', gated: true }));
  const admitted = () =>
    scheduler.admitWaiting(1000).flatMap((effect) => (effect.kind === 'gang-admitted' ? [effect.gang] : []));
  expect(admitted().sort()).toEqual(['greedy/g0', 'modest/mine']);
  // Impossible ones among them are no demand.
  scheduler.admitWaiting(2000);
  const { shares, tree } = scheduler.inside;
  expect(shares.of(tree.leaf('adhoc.greedy')).demand[0]).toBeLessThanOrEqual(10_000);
  scheduler.checkInvariants();
});

test('a pod may say any queue and any user: it neither gets into a closed queue nor into that of another tenant', () => {
  const world = worldOf(FILE);
  const victim = new TenantApp('v', { namespace: 'bob' });
  world.start(victim.driver());
  for (const named of [
    'prod',
    'root.prod',
    'adhoc.bob',
    '.adhoc..bob.',
    'adhoc',
    'prod.x',
    '__proto__',
    'constructor',
  ]) {
    const one = new TenantApp('m', { namespace: 'mallory', user: 'bob', queue: named });
    world.ask(one.driver());
    expect(path(world, 'mallory/m')).toBe('adhoc.mallory');
  }
  expect(world.scheduler.inside.tree.leaf('adhoc.bob').holds.gangs).toBe(1);
});

test('a bound pod with forged labels counts in the queue of its own namespace', () => {
  const world = worldOf(FILE);
  const forged = new TenantApp('m', { namespace: 'mallory', queue: 'prod', executors: 5 });
  world.bind(forged.driver(), 'n');
  for (let i = 0; i < 3; i++) world.bind(forged.executor(i), 'n');
  const { tree } = world.scheduler.inside;
  expect([tree.leaf('prod').holds.parts, tree.leaf('adhoc.mallory').holds.parts]).toEqual([0, 4]);
  // Neither another queue nor the end of its leader moves what it holds.
  world.learn({ kind: 'pod', pod: boundTo(forged.driver({ queue: 'default' }), 'n') });
  world.gone(forged.driver());
  expect(tree.leaf('adhoc.mallory').holds.parts).toBe(3);
});

test('100,000 names of queues and namespaces make no more than 2,000 queues', () => {
  const world = worldOf(FILE);
  const { tree } = world.scheduler.inside;
  for (let i = 0; i < 100_000; i++) tree.leaf(`adhoc.t${i}`, `t${i}`);
  expect(tree.size).toBeLessThanOrEqual(MAX_QUEUES + 1);
  const late = new TenantApp('late', { namespace: 'late' });
  expect(world.start(late.driver())).toBe('-> n');
  // Limits of the queue above still hold, and its owner is told.
  expect(path(world, 'late/late')).toBe('adhoc.other');
  expect(world.scheduler.inside.gangs.get('late/late')!.queueNote).toContain('too many queues');
});

test('amounts beyond every measure are refused, and counted right', () => {
  const world = worldOf(FILE);
  const huge = new TenantApp('h', { namespace: 'h', executors: 10_000, cpu: 2 ** 50 });
  expect(world.ask(huge.driver())).toBe('waits: queue adhoc.h allows less cpu than the gang needs');
  expect(world.start(new TenantApp('s', { namespace: 'h' }).driver())).toBe('-> n');
});

test('a pattern with many stars takes no more steps than pattern times text', () => {
  expect(matchesPattern(`${'*a'.repeat(5000)}b`, 'a'.repeat(10_000))).toBe(false);
  expect(matchesPattern(`${'*a'.repeat(5000)}*`, 'a'.repeat(10_000))).toBe(true);
});

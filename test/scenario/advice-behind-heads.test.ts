import { expect, test } from 'vitest';
import type { Forecast } from '../../src/core/history/run-times.ts';
import { GangBuilder, node, queueWith } from '../support/builders.ts';
import { World } from '../support/world.ts';

const HOUR = 3_600_000;

const queue = queueWith({ blockAfterMs: 1, backfill: 'reserve', order: 'fifo', patience: { times: 0, mostMs: 0 } });
/** Every run takes an hour. */
const hour: Forecast = {
  endsWithin: (_share, ranMs) => Math.max(HOUR, ranMs),
  isKnown: true,
  runs: 10,
  basis: 'a test',
  error: 0,
};
const runTimes = { learn: () => undefined, forecast: () => hour };
const gang = (name: string, count: number) => new GangBuilder(name, { worker: { count, cpu: 1 } });

test('a gang that fits is told which gang it would delay, and not that it starts', () => {
  const world = new World([node('n', { cpu: 10 })], { queue }, true, [], runTimes);
  const runs = gang('runs', 6);
  for (let i = 0; i < 6; i++) world.start(i === 0 ? runs.leader() : runs.member('worker', i));
  expect(world.ask(gang('head', 8).leader())).toBe('waits: gang waits for room');
  world.wait(1000);
  expect(world.ask(gang('small', 4).leader())).toBe('waits: gang waits behind a start time');
  const { advice } = world.scheduler.explain('jobs/small', world.nowMs)!;
  expect(advice).toEqual([
    'There is room now, but gang jobs/head needs it at its start time, and this gang may not have ended by then.',
  ]);
});

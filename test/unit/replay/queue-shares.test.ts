import { expect, test } from 'vitest';
import type { Resources } from '../../../src/core/resources.ts';
import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { newRun } from '../../../src/replay/sim/job-run.ts';
import { QueueShares } from '../../../src/replay/sim/queue-shares.ts';
import { Truth } from '../../../src/replay/sim/truth.ts';
import { toNode } from '../../../src/replay/trace/nodes.ts';
import { queue, tenancyOf } from '../../support/tenancies.ts';
import { app, nodes } from '../../support/replays.ts';

const cpu = (cores: number): Resources => new Map([['cpu', 1000 * cores]]);

/** A job that came at 0 ms: a leader of so many cores, bound or waiting. */
function job(queue: string, leader: Resources, isBound: boolean) {
  const run = newRun(new JobHistory(app(queue, { queue, leader }, 0), 0), 0, 1, 0);
  if (isBound) run.leader = 'bound';
  return run;
}

const TRACE = ['a', 'b'].map((queue) => app(queue, { queue }));

const sharesOn = (truth: Truth, tenancy = tenancyOf([]), isCounted = true) =>
  new QueueShares(TRACE, { truth, tenancy, spanMs: 0, isCounted: () => isCounted });
const shares = (tenancy = tenancyOf([]), isCounted = true) => sharesOn(new Truth(nodes(1, 10)), tenancy, isCounted);

test('what a queue holds beyond its entitlement serves nobody', () => {
  const meter = shares();
  meter.sample([job('a', cpu(8), true), job('b', cpu(2), true), job('b', cpu(2), false)], 10_000);
  meter.sample([job('a', cpu(8), true), job('b', cpu(2), true), job('b', cpu(2), false)], 100_000);
  // b wants 4 and is entitled to them; a is entitled to 6. Neither job of b has waited a minute at 10 s.
  const { rows, jain, worst } = meter.result(100_000)!;
  expect(rows).toEqual([
    { queue: 'a', entitled: 0.6, held: 0.8, served: 1, underMs: 0 },
    { queue: 'b', entitled: 0.4, held: 0.2, served: 0.5, underMs: 90_000 },
  ]);
  expect(jain).toBeCloseTo(1.5 ** 2 / (2 * 1.25));
  expect(worst).toEqual({ queue: 'b', underMs: 90_000 });
});

test('a job that would take its queue beyond its entitlement does not wait for others', () => {
  const meter = shares();
  meter.sample([job('a', cpu(8), true), job('b', cpu(6), false)], 100_000); // each is entitled to 5
  expect(meter.result(100_000)!.worst).toEqual({ queue: '', underMs: 0 });
});

test('guarantees of the tenancy count', () => {
  const meter = shares(tenancyOf([queue('a'), queue('b', { guaranteed: 6 })]));
  meter.sample([job('a', cpu(10), true), job('b', cpu(6), false)], 100_000);
  const { rows, worst } = meter.result(100_000)!;
  expect(rows.map(({ queue, entitled }) => [queue, entitled])).toEqual([
    ['b', 0.6],
    ['a', 0.4],
  ]);
  expect(worst).toEqual({ queue: 'b', underMs: 100_000 });
});

test('of several resources the scarcest counts', () => {
  const node = toNode('n', { cpuMilli: 100_000, memoryBytes: 2 ** 36, gpus: 4, labels: {} });
  const meter = sharesOn(new Truth([node]));
  const gpu = new Map([...cpu(1), ['nvidia.com/gpu', 4]]);
  // There is cpu for both; of the gpus each is entitled to 2.
  meter.sample([job('a', gpu, true), job('b', gpu, false)], 100_000);
  expect(meter.result(100_000)!.rows).toEqual([
    { queue: 'a', entitled: 0.5, held: 1, served: 1, underMs: 0 },
    { queue: 'b', entitled: 0.5, held: 0, served: 0, underMs: 0 },
  ]);
});

test('jobs that the cluster cannot hold entitle to nothing', () => {
  const meter = shares(tenancyOf([]), false);
  meter.sample([job('a', cpu(8), true), job('b', cpu(6), false)], 100_000);
  expect(meter.result(100_000)).toEqual({ jain: 1, worst: { queue: '', underMs: 0 }, rows: [] });
});

test('one queue, or very many, are not compared', () => {
  const of = (count: number) => {
    const jobs = Array.from({ length: count }, (_, i) => app(`j${i}`, { queue: `q${i}` }));
    const all = { truth: new Truth(nodes(1, 1)), tenancy: tenancyOf([]), spanMs: 0, isCounted: () => true };
    return new QueueShares(jobs, all).result(1) !== undefined;
  };
  expect([1, 2, 200, 201].map(of)).toEqual([false, true, true, false]);
});

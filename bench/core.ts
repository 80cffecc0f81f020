import type { Benchmark, BenchmarkContext, Check, Result } from './support/benchmark.ts';
import { fullOfGangs, halfFull } from './support/cluster.ts';
import {
  askedAmong,
  explanation,
  foreignPod,
  newGang,
  newGangUnderRates,
  prioritize,
  refusedGang,
  reservedExecutor,
  sharesOf,
  startPlan,
  thousandEvents,
  thousandMoves,
  thousandRates,
  victimSearch,
  waitingGang,
  type CoreWorld,
} from './support/core-cases.ts';
import { summarize } from './support/statistics.ts';
import { timesOf, type Timed } from './support/timing.ts';

/**
 * The measured cases with their number of nodes; a new case is a line here. `limit` is the largest allowed median, in
 * µs.
 */
const CASES: readonly Case[] = [
  { name: 'reserved executor', nodes: 5000, make: reservedExecutor, samples: 5000, limit: 20 },
  { name: 'new gang of 10', nodes: 5000, make: (world) => newGang(world, 10), samples: 300 },
  { name: 'new gang of 100', nodes: 5000, make: (world) => newGang(world, 100), samples: 300, limit: 300 },
  {
    name: 'new gang of 100 under three rates',
    nodes: 5000,
    make: (world) => newGangUnderRates(world, 100),
    samples: 300,
  },
  { name: 'new gang of 1000', nodes: 5000, make: (world) => newGang(world, 1000), samples: 100 },
  { name: 'new gang of 100', nodes: 15_000, make: (world) => newGang(world, 100), samples: 300 },
  { name: 'gang of 100 that does not fit, first ask', nodes: 5000, make: refusedGang, samples: 300 },
  { name: 'gang that waits, asked again', nodes: 5000, make: waitingGang, samples: 5000, limit: 5 },
  {
    name: 'the same among 1,000 queues',
    nodes: 5000,
    make: (world) => askedAmong(world, 1000),
    samples: 5000,
    limit: 20,
  },
  {
    name: 'victim search',
    nodes: 5000,
    world: (nodes) => fullOfGangs(nodes),
    make: victimSearch,
    samples: 50,
    limit: 20_000,
  },
  {
    name: 'victim search in one of 50 racks',
    nodes: 5000,
    world: (nodes) => fullOfGangs(nodes, 50),
    make: victimSearch,
    samples: 10,
    limit: 100_000,
  },
  {
    name: 'start of a gang of 100',
    nodes: 5000,
    world: (nodes) => fullOfGangs(nodes),
    make: (world) => startPlan(world, 100),
    samples: 50,
    limit: 5000,
  },
  {
    name: 'start of a gang of 5000',
    nodes: 5000,
    world: (nodes) => fullOfGangs(nodes),
    make: (world) => startPlan(world, 5000),
    samples: 50,
  },
  { name: 'foreign pod', nodes: 5000, make: foreignPod, samples: 1000 },
  { name: 'prioritize', nodes: 5000, make: prioritize, samples: 200 },
  { name: 'explanation of a gang of 100', nodes: 5000, make: explanation, samples: 50 },
  { name: 'shares of 1,000 queues', nodes: 1, make: () => sharesOf(1000), samples: 500, limit: 1000 },
  { name: '1000 looks at three rates', nodes: 1, make: thousandRates, samples: 1000, limit: 100 },
  { name: '1000 moves of the meter', nodes: 5000, make: thousandMoves, samples: 500, limit: 200 },
  { name: '1000 events', nodes: 5000, make: thousandEvents, samples: 200 },
];

interface Case {
  readonly name: string;
  readonly nodes: number;
  /** Absent: nodes half full of pods that are in no gang. */
  readonly world?: (nodes: number) => CoreWorld;
  readonly make: (world: CoreWorld) => Timed;
  readonly samples: number;
  readonly limit?: number;
}

function measure({ name, nodes, world = halfFull, make, samples, limit }: Case, { quick }: BenchmarkContext): Result {
  const times = timesOf(make(world(nodes)), quick ? 20 : samples);
  const result = summarize(`${name}, ${nodes.toLocaleString('en-US')} nodes`, 'µs', times);
  const checks = limit === undefined ? {} : { checks: [{ what: 'median', value: result.median, limit }] };
  return { ...result, ...checks };
}

/** The gang of 100 on three times the nodes may cost 3.3 times as much. */
function withGrowth(results: readonly Result[]): Result[] {
  const of = (nodes: string) => results.find(({ name }) => name === `new gang of 100, ${nodes} nodes`)!;
  const growth: Check = { what: '/ 5,000 nodes', value: of('15,000').median / of('5,000').median, limit: 3.3 };
  return results.map((result) => (result === of('15,000') ? { ...result, checks: [growth] } : result));
}

export const benchmark: Benchmark = {
  name: 'core',
  about: 'decisions without HTTP',
  run: (context) => {
    const results = CASES.map((one) => {
      context.progress(`core: ${one.name}, ${one.nodes} nodes`);
      return measure(one, context);
    });
    return Promise.resolve(withGrowth(results));
  },
};

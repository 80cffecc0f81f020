import { MusterError } from '../core/errors.ts';
import { offeredLoad } from '../replay/offered-load.ts';
import { parseGoal } from '../replay/report/goal.ts';
import { largerThanCluster } from '../replay/sim/larger.ts';
import type { TraceJob } from '../replay/trace/job.ts';
import { countFor, resized } from './cluster-size.ts';
import { INTERRUPTED } from './replay.ts';
import { leastHolding } from './size-search.ts';
import { Sizing, type SizingBounds } from './sizing.ts';
import type { GridFlags } from './sweep-cells.ts';
import { policyGrid, requireValid } from './sweep-grid.ts';
import { poolOf, requireFiles, untilInterrupted, type PoolFlags } from './sweep-pool.ts';
import { workloadOf } from './workload.ts';

export interface SizeFlags extends GridFlags, PoolFlags {
  /** Goals, as text. */
  readonly for: readonly string[];
}

/** The search begins where so much is offered: most goals are met near it. */
const LIKELY_LOAD = 0.85;
/** Without --nodes-count, up to so many times the nodes of the file. */
const MAX_GROWTH = 4;

/**
 * Finds, for each policy, the least number of nodes for which every goal holds with every seed, and prints each number
 * that it tries. @returns the exit code: 1 if the most nodes are not enough
 */
export async function sizeCommand(source: string, flags: SizeFlags): Promise<number> {
  requireFiles([source, flags.nodes]);
  const goals = flags.for.map(parseGoal);
  const policies = policyGrid(flags.policy, flags.set ?? []);
  requireValid(policies);
  const input = await prepared(source, flags);
  const pool = poolOf(source, flags);
  let isAnswered = true;
  const isWhole = await untilInterrupted(pool, async () => {
    for (const policy of policies) {
      const sizing = new Sizing({ pool, nodes: flags.nodes, policy, goals, ...input });
      const found = await leastHolding(input.range, (count) => sizing.holds(count));
      process.stdout.write(`${sizing.answer(found)}\n\n`);
      isAnswered &&= found.answer !== undefined;
    }
  });
  if (!isWhole) return INTERRUPTED;
  return isAnswered ? 0 : 1;
}

/** @throws MusterError MUSTER_USAGE, and as `workloadOf` */
async function prepared(source: string, { seeds, nodesCount, ...flags }: SizeFlags): Promise<SizingBounds> {
  if (flags.load !== 1 || flags.offered !== undefined)
    throw new MusterError('MUSTER_USAGE', 'size looks for the number of nodes: leave out --load and --offered.');
  const traces: [seed: number, jobs: readonly TraceJob[]][] = [];
  for (const seed of seeds) traces.push([seed, (await workloadOf(source, flags, seed)).trace.jobs]);
  const [[, jobs] = [0, []]] = traces;
  const { nodes } = await workloadOf(source, flags, seeds[0] ?? 1);
  const [low, high] = nodesCount ? [Math.min(...nodesCount), Math.max(...nodesCount)] : [1, MAX_GROWTH * nodes.length];
  if (low < 1) throw new MusterError('MUSTER_USAGE', '--nodes-count: a cluster has at least 1 node, got 0.');
  const largerWith = (count: number, some: readonly TraceJob[]) => largerThanCluster(some, resized(nodes, count)).size;
  const larger = new Map(traces.map(([seed, some]) => [seed, largerWith(high, some)]));
  const fits = (count: number) => traces.every(([seed, some]) => largerWith(count, some) <= (larger.get(seed) ?? 0));
  const least = await leastHolding({ low, high, start: low }, (count) => Promise.resolve(fits(count)));
  const start = offeredLoad(jobs, nodes).load === 0 ? nodes.length : countFor(nodes, jobs, LIKELY_LOAD);
  return { range: { low: least.answer ?? high, high, start }, larger, isLowest: (least.answer ?? high) === low };
}

import { DEFAULT_REPLAY, type ReplayOptions } from '../../../src/replay/options.ts';
import { run, traceOf } from '../../support/replays.ts';
import { RERUN_MS } from './live-jobs.ts';
import type { Workload } from './workloads.ts';

/** What a simulation is fed with from the real run. */
export type Measured = Pick<ReplayOptions, 'cycleMs' | 'graceMs'>;

/** The mean wait that the simulation gives a workload under a policy, in ms: the mean over the seeds. */
export async function simulatedWait(
  { name, nodes, jobs }: Workload,
  policy: string,
  measured: Measured,
  seeds: readonly number[],
): Promise<number> {
  const trace = { ...traceOf(...jobs), name };
  const options = { ...DEFAULT_REPLAY, rerunMs: RERUN_MS, ...measured };
  const means: number[] = [];
  for (const seed of seeds) means.push((await run(trace, nodes, policy, { ...options, seed })).waitMs.mean);
  return meanOf(means);
}

export const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

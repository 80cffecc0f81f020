import { basename } from 'node:path';
import { MusterError } from '../core/errors.ts';
import { replay } from '../replay/replay.ts';
import type { ReplayResult } from '../replay/result.ts';
import type { Progress } from '../replay/sim/simulation.ts';
import { readPolicies } from '../server/policy-source.ts';
import { workloadOf, type WorkloadFlags } from './workload.ts';

export interface SweepFlags extends WorkloadFlags {
  readonly policy: readonly string[];
  readonly seeds: readonly number[];
  /** From 1 on. */
  readonly days?: readonly number[];
  readonly out: string;
  readonly threads?: number;
  readonly cell?: number;
}

/** The sweep as the command line describes it. */
export interface Sweep {
  readonly source: string;
  readonly flags: SweepFlags;
}

/** One run of a sweep. */
export interface Cell {
  readonly index: number;
  readonly policy: string;
  readonly seed: number;
  readonly day: number | undefined;
}

const DAY_HOURS = 24;

/**
 * Every policy with every seed on every day; the policies of one seed and day are neighbours. `--cell` counts in this
 * order.
 * @throws MusterError MUSTER_USAGE
 */
export function cellsOf({ policy, seeds, days, fromHours, untilHours }: SweepFlags): readonly Cell[] {
  if (days && (fromHours ?? untilHours) !== undefined)
    throw new MusterError(
      'MUSTER_USAGE',
      '--days already selects the hours: leave out --from-hours and --until-hours.',
    );
  if (days?.includes(0)) throw new MusterError('MUSTER_USAGE', '--days: the first day is 1, got 0.');
  const combinations = (days ?? [undefined]).flatMap((day) =>
    seeds.flatMap((seed) => [...new Set(policy)].map((name) => ({ policy: name, seed, day }))),
  );
  return combinations.map((cell, index) => ({ index, ...cell }));
}

export const labelOf = ({ policy, seed, day }: Cell) =>
  `${policy}, seed ${seed}${day === undefined ? '' : `, day ${day}`}`;

/** The file name of a cell's result; names sort like the cells. */
export function fileOf({ index, policy, seed, day }: Cell): string {
  const name = basename(policy).replace(/\.ya?ml$/, '');
  return `${String(index).padStart(4, '0')}-${name}-seed-${seed}${day === undefined ? '' : `-day-${day}`}.json`;
}

/** Runs a cell like `muster replay` of this policy with this seed and these hours. */
export async function runCell(
  { source, flags }: Sweep,
  cell: Cell,
  onProgress: (progress: Progress) => void,
): Promise<ReplayResult> {
  const { policy, seed, day } = cell;
  const hours = day === undefined ? {} : { fromHours: (day - 1) * DAY_HOURS, untilHours: day * DAY_HOURS };
  const workload = await workloadOf(source, { ...flags, ...hours }, seed);
  return replay({ ...workload, policies: [{ name: policy, policies: readPolicies(policy) }], onProgress });
}

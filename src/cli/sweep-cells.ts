import { basename } from 'node:path';
import { MusterError } from '../core/errors.ts';
import { settingField } from '../intake/policy-settings.ts';
import { replay } from '../replay/replay.ts';
import type { ReplayResult } from '../replay/result.ts';
import type { Progress } from '../replay/sim/simulation.ts';
import { rulesOf, policyGrid, type PolicyChoice } from './sweep-grid.ts';
import { workloadOf, type WorkloadFlags } from './workload.ts';
import { VERSION } from '../version.ts';

/** What the cells of a sweep are made of. */
export interface GridFlags extends Omit<WorkloadFlags, 'nodesCount'> {
  /** Files and presets, separated by commas. */
  readonly nodes: string;
  readonly nodesCount?: readonly number[];
  readonly policy: readonly string[];
  readonly set?: readonly string[];
  readonly seeds: readonly number[];
  /** From 1 on. */
  readonly days?: readonly number[];
}

/** One run of a sweep. */
export interface Cell {
  readonly index: number;
  readonly policy: PolicyChoice;
  /** One file or preset. */
  readonly nodes: string;
  /** How many of the nodes; undefined: as the other options say. */
  readonly nodesCount: number | undefined;
  /** What tells these nodes from the others of the sweep; empty if there are no others. */
  readonly place: string;
  readonly seed: number;
  readonly day: number | undefined;
}

/** What the threads of a sweep have in common. */
export interface Sweep {
  /** The trace. */
  readonly source: string;
  /** The command line, for the results. */
  readonly command: readonly string[];
  readonly flags: GridFlags;
}

const DAY_HOURS = 24;

/**
 * Every policy with every seed on every day on every set of nodes; the policies of one seed, day and set of nodes are
 * neighbours. `--cell` counts in this order.
 * @throws MusterError MUSTER_USAGE, MUSTER_FILE_UNREADABLE, MUSTER_POLICY_INVALID
 */
export function cellsOf({ policy, set, seeds, days, nodes, nodesCount, ...rest }: GridFlags): readonly Cell[] {
  if (days && (rest.fromHours ?? rest.untilHours) !== undefined)
    throw new MusterError(
      'MUSTER_USAGE',
      '--days already selects the hours: leave out --from-hours and --until-hours.',
    );
  if (days?.includes(0)) throw new MusterError('MUSTER_USAGE', '--days: the first day is 1, got 0.');
  if (nodesCount?.includes(0))
    throw new MusterError('MUSTER_USAGE', '--nodes-count: a cluster has at least 1 node, got 0.');
  const policies = policyGrid(policy, set ?? []);
  const clusters = clustersOf([...new Set(nodes.split(','))], nodesCount);
  const inputs = clusters.flatMap((cluster) =>
    (days ?? [undefined]).flatMap((day) => seeds.map((seed) => ({ ...cluster, seed, day }))),
  );
  return inputs
    .flatMap((input) => policies.map((one) => ({ policy: one, ...input })))
    .map((cell, index) => ({ index, ...cell }));
}

function clustersOf(files: readonly string[], counts: readonly number[] | undefined) {
  return files.flatMap((nodes) =>
    (counts ?? [undefined]).map((nodesCount) => {
      const parts = [
        ...(files.length > 1 ? [basename(nodes)] : []),
        ...(nodesCount === undefined ? [] : [`${nodesCount} nodes`]),
      ];
      return { nodes, nodesCount, place: parts.join(', ') };
    }),
  );
}

/** `muster queue.blockAfter=10m, seed 1, day 2, 60 nodes` */
export function labelOf({ policy, seed, day, place }: Cell): string {
  return [
    policy.name,
    `seed ${seed}`,
    ...(day === undefined ? [] : [`day ${day}`]),
    ...(place === '' ? [] : [place]),
  ].join(', ');
}

/** A file name is at most 255 bytes long on most systems. */
const MAX_PART = 100;

/** The file name of a cell's result; names sort like the cells. */
export function fileOf({ index, policy, seed, day, place }: Cell): string {
  const plain = (text: string) => text.replace(/[^\w.=-]+/g, '_').slice(0, MAX_PART);
  const when = day === undefined ? '' : `-day-${day}`;
  const where = place === '' ? '' : `-${plain(place)}`;
  return `${String(index).padStart(4, '0')}-${plain(policy.name)}-seed-${seed}${when}${where}.json`;
}

/** Runs a cell like `muster replay` of this policy with this seed, these hours and these nodes. */
export async function runCell(
  { source, flags, command }: Sweep,
  { policy, nodes, nodesCount, seed, day }: Cell,
  onProgress: (progress: Progress) => void,
): Promise<ReplayResult> {
  const hours = day === undefined ? {} : { fromHours: (day - 1) * DAY_HOURS, untilHours: day * DAY_HOURS };
  const workload = await workloadOf(source, { ...flags, ...hours, nodes, nodesCount }, seed);
  const { name, source: file } = policy;
  const policies = [{ name, source: file, rules: rulesOf(policy) }];
  const result = await replay({ ...workload, policies, muster: VERSION, command, onProgress });
  const settings = Object.fromEntries(policy.settings.map((setting) => [settingField(setting), setting.value]));
  return { ...result, cell: { ...(day === undefined ? {} : { day }), settings } };
}

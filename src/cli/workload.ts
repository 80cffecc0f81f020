import type { NodeInfo } from '../core/model.ts';
import { MusterError } from '../core/errors.ts';
import { generateTrace } from '../replay/generate/generate.ts';
import { profileNamed, profileNodes } from '../replay/generate/profiles.ts';
import { DEFAULT_REPLAY, type ForecastRules, type ReplayOptions } from '../replay/options.ts';
import type { ReplayInput } from '../replay/replay.ts';
import { fileAt, fromStream, type InputFile } from '../replay/trace/input-file.ts';
import type { Trace } from '../replay/trace/job.ts';
import { readNodes } from '../replay/trace/nodes.ts';
import { readTrace } from '../replay/trace/read-trace.ts';
import { select } from '../replay/trace/select.ts';
import type { WorkModel } from '../replay/work-model.ts';
import { lostJobs, sizedNodes, type ClusterSize } from './cluster-size.ts';
import { STANDARD } from './streams.ts';

/** The options of the workload as commander returns them, with parsed numbers. */
export interface WorkloadFlags extends ClusterSize {
  readonly nodes: string;
  readonly format?: string;
  readonly speed: number;
  readonly shorten: number;
  readonly maxJobs?: number;
  readonly fromHours?: number;
  readonly untilHours?: number;
  readonly cycleMs: number;
  readonly batch: number;
  readonly work?: WorkModel;
  readonly minRegisteredRatio: number;
  /** In s. */
  readonly maxRegisteredWait: number;
  readonly serialFraction: number;
  readonly nodeFailures: number;
  readonly lazyBackoff?: true;
  readonly urgent?: number;
  readonly grace: number;
  readonly forecasts?: ForecastRules['mode'];
  readonly forecastKnown?: number;
  readonly forecastError?: number;
}

export type Workload = Pick<ReplayInput, 'trace' | 'nodes' | 'nodesName' | 'options'> & {
  /** What the user may not expect. */
  readonly warning?: string;
};

const HOUR_MS = 3_600_000;

/** `preset:L` is generated, anything else is a file. */
const PRESET = /^preset:(.+)$/;

/** @throws MusterError MUSTER_USAGE, MUSTER_TRACE_INVALID, MUSTER_FILE_UNREADABLE */
export async function workloadOf(source: string, flags: WorkloadFlags, seed: number): Promise<Workload> {
  if (source === STANDARD && flags.nodes === STANDARD)
    throw new MusterError('MUSTER_USAGE', 'Only one of the trace and --nodes can be read from standard input.');
  const trace = select(await traceOf(source, seed, flags.format), {
    speed: flags.speed,
    shorten: flags.shorten,
    ...(flags.maxJobs === undefined ? {} : { maxJobs: flags.maxJobs }),
    ...(flags.urgent === undefined ? {} : { urgent: { share: shareOf(flags.urgent), seed } }),
    ...(flags.fromHours === undefined ? {} : { fromMs: flags.fromHours * HOUR_MS }),
    ...(flags.untilHours === undefined ? {} : { untilMs: flags.untilHours * HOUR_MS }),
  });
  if (trace.jobs.length === 0)
    throw new MusterError(
      'MUSTER_USAGE',
      'The selected part of the trace contains no jobs: widen the hours or days, or raise --max-jobs.',
    );
  const all = { nodes: await nodesOf(flags.nodes), name: flags.nodes };
  const sized = sizedNodes(all, trace.jobs, flags);
  const warning = lostJobs(trace.jobs, all, sized);
  const { nodes, name: nodesName } = sized;
  return { trace, nodes, nodesName, options: optionsOf(flags, seed), ...(warning === undefined ? {} : { warning }) };
}

function optionsOf(flags: WorkloadFlags, seed: number): ReplayOptions {
  const { cycleMs, batch, work, minRegisteredRatio, maxRegisteredWait, serialFraction, nodeFailures, grace } = flags;
  return {
    ...DEFAULT_REPLAY,
    seed,
    cycleMs,
    batchSize: batch,
    eagerBackoff: !flags.lazyBackoff,
    ...(work === undefined ? {} : { workModel: work }),
    minRegisteredRatio,
    maxRegisteredWaitMs: maxRegisteredWait * 1000,
    serialFraction,
    nodeFailuresPerDay: nodeFailures,
    graceMs: grace * 1000,
    forecasts: forecastsOf(flags),
  };
}

/** A share or an error alone asks for estimates. @throws MusterError MUSTER_USAGE */
function forecastsOf({ forecasts, forecastKnown, forecastError }: WorkloadFlags): ForecastRules {
  const usual = DEFAULT_REPLAY.forecasts;
  const isDeclared = forecastKnown !== undefined || forecastError !== undefined;
  const mode = forecasts ?? (isDeclared ? 'declared' : usual.mode);
  if (isDeclared && mode !== 'declared')
    throw new MusterError(
      'MUSTER_USAGE',
      `--forecast-known and --forecast-error say how estimates are: leave out --forecasts ${mode}.`,
    );
  return { mode, known: forecastKnown ?? usual.known, error: forecastError ?? usual.error };
}

/** @throws MusterError MUSTER_USAGE */
function shareOf(share: number): number {
  if (share <= 1) return share;
  throw new MusterError('MUSTER_USAGE', `--urgent: expected a share from 0 to 1, got ${share}.`);
}

async function traceOf(source: string, seed: number, format: string | undefined): Promise<Trace> {
  const preset = PRESET.exec(source);
  if (preset) return generateTrace(profileNamed(preset[1]!), { seed });
  return readTrace(await inputOf(source), format === undefined ? { seed } : { seed, format });
}

export async function nodesOf(source: string): Promise<readonly NodeInfo[]> {
  const preset = PRESET.exec(source);
  return preset ? profileNodes(profileNamed(preset[1]!)) : readNodes(await inputOf(source));
}

/** @throws MusterError MUSTER_FILE_UNREADABLE */
export const inputOf = async (path: string): Promise<InputFile> =>
  path === STANDARD ? fromStream('stdin', process.stdin) : fileAt(path);

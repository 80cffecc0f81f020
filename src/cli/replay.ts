import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { NodeInfo } from '../core/model.ts';
import { MusterError } from '../core/errors.ts';
import { generateTrace } from '../replay/generate/generate.ts';
import { profileNamed, profileNodes } from '../replay/generate/profiles.ts';
import { DEFAULT_REPLAY } from '../replay/options.ts';
import { replay, type ReplayPolicy } from '../replay/replay.ts';
import { reportHtml } from '../replay/report/html.ts';
import { comparisonTable } from '../replay/report/table.ts';
import type { ReplayResult } from '../replay/result.ts';
import type { Trace } from '../replay/trace/job.ts';
import { readNodes } from '../replay/trace/nodes.ts';
import { readTrace } from '../replay/trace/read-trace.ts';
import { select } from '../replay/trace/select.ts';
import { readPolicies } from '../server/policy-source.ts';
import { progressOn } from './progress.ts';

/** As commander gives them: numbers are parsed already. */
export interface ReplayFlags {
  readonly nodes: string;
  readonly policy: readonly string[];
  readonly seed: number;
  readonly format?: string;
  readonly speed: number;
  readonly shorten: number;
  readonly load: number;
  readonly maxJobs?: number;
  readonly fromHours?: number;
  readonly untilHours?: number;
  readonly cycleMs: number;
  readonly batch: number;
  readonly nodeFailures: number;
  readonly lazyBackoff?: true;
  readonly urgent?: number;
  readonly grace: number;
  readonly json?: string;
  readonly report?: string;
}

const HOUR_MS = 3_600_000;
const INTERRUPTED = 130;

/** `preset:L` is generated, anything else is a file. */
const PRESET = /^preset:(.+)$/;

/** @returns the exit code */
export async function replayCommand(source: string, flags: ReplayFlags): Promise<number> {
  for (const file of [flags.json, flags.report]) requireFolder(file);
  const trace = select(await traceOf(source, flags), {
    speed: flags.speed,
    shorten: flags.shorten,
    ...(flags.maxJobs === undefined ? {} : { maxJobs: flags.maxJobs }),
    ...(flags.urgent === undefined ? {} : { urgent: { share: shareOf(flags.urgent), seed: flags.seed } }),
    ...(flags.fromHours === undefined ? {} : { fromMs: flags.fromHours * HOUR_MS }),
    ...(flags.untilHours === undefined ? {} : { untilMs: flags.untilHours * HOUR_MS }),
  });
  if (trace.jobs.length === 0) throw new MusterError('MUSTER_USAGE', 'The selection leaves no job of the trace.');
  const nodes = scaled(await nodesOf(flags.nodes), flags.load);
  const policies = flags.policy.map((name): ReplayPolicy => ({ name, policies: readPolicies(name) }));
  const progress = progressOn(process.stderr);
  const abort = new AbortController();
  const onInterrupt = () => (abort.signal.aborted ? process.exit(INTERRUPTED) : abort.abort());
  process.on('SIGINT', onInterrupt);
  const { seed, cycleMs, batch: batchSize, nodeFailures: nodeFailuresPerDay } = flags;
  const graceMs = flags.grace * 1000;
  const drawn = { seed, cycleMs, batchSize, nodeFailuresPerDay, graceMs };
  const options = { ...DEFAULT_REPLAY, ...drawn, eagerBackoff: !flags.lazyBackoff };
  const result = await replay({
    trace,
    nodes,
    nodesName: flags.load === 1 ? flags.nodes : `${flags.nodes}, load x ${flags.load}`,
    policies,
    options,
    signal: abort.signal,
    onProgress: progress.show,
  });
  process.off('SIGINT', onInterrupt);
  progress.clear();
  write(result, flags);
  return result.complete ? 0 : INTERRUPTED;
}

/** @throws MusterError MUSTER_USAGE */
function shareOf(share: number): number {
  if (share <= 1) return share;
  throw new MusterError('MUSTER_USAGE', `--urgent ${share} is not a share: 0 to 1 is allowed.`);
}

async function traceOf(source: string, { seed, format }: ReplayFlags): Promise<Trace> {
  const preset = PRESET.exec(source);
  if (preset) return generateTrace(profileNamed(preset[1]!), { seed });
  return readTrace(source, format === undefined ? { seed } : { seed, format });
}

async function nodesOf(source: string): Promise<readonly NodeInfo[]> {
  const preset = PRESET.exec(source);
  return preset ? profileNodes(profileNamed(preset[1]!)) : readNodes(source);
}

/** Load is scaled by the number of nodes, never by what the jobs do: every n-th node stays, evenly over the list. */
function scaled(nodes: readonly NodeInfo[], load: number): readonly NodeInfo[] {
  if (load === 1) return nodes;
  const count = Math.max(1, Math.round(nodes.length / load));
  if (count <= nodes.length)
    return Array.from({ length: count }, (_, i) => nodes[Math.floor((i * nodes.length) / count)]!);
  return Array.from({ length: count }, (_, i) => {
    const node = nodes[i % nodes.length]!;
    return i < nodes.length ? node : { ...node, name: `${node.name}-copy-${Math.floor(i / nodes.length)}` };
  });
}

function write(result: ReplayResult, { json, report }: ReplayFlags): void {
  process.stdout.write(`${comparisonTable(result)}\n`);
  writeOut(json, () => `${JSON.stringify(result, undefined, 1)}\n`);
  writeOut(report, () => reportHtml(result));
}

/** Said before the work and not after it. @throws MusterError MUSTER_FILE_UNREADABLE */
function requireFolder(file: string | undefined): void {
  if (file === undefined) return;
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
}

/** @throws MusterError MUSTER_FILE_UNREADABLE */
export function writeOut(file: string | undefined, content: () => string | Uint8Array): void {
  if (file === undefined) return;
  try {
    writeFileSync(file, content());
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
  process.stderr.write(`wrote ${file}\n`);
}

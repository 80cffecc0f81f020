import type { NodeInfo } from '../../src/core/model.ts';
import { PRESETS } from '../../src/core/policy/presets.ts';
import type { JobRecord } from '../../src/replay/job-record.ts';
import { DEFAULT_REPLAY, type ReplayOptions } from '../../src/replay/options.ts';
import { replay, type ReplayPolicy } from '../../src/replay/replay.ts';
import type { PolicyResult } from '../../src/replay/result.ts';
import type { Trace, TraceJob } from '../../src/replay/trace/job.ts';
import { toNode } from '../../src/replay/trace/nodes.ts';

const GIB = 2 ** 30;
export const nodes = (count: number, cores: number) =>
  Array.from({ length: count }, (_, i) =>
    toNode(`n${i}`, { cpuMilli: cores * 1000, memoryBytes: 64 * GIB, gpus: 0, labels: {} }),
  );
const size = new Map([
  ['cpu', 1000],
  ['memory', GIB],
]);

/** A driver of one core and workers of one core each. */
export function app(id: string, change: Partial<TraceJob> = {}, workers = 3, min = workers): TraceJob {
  const base = {
    submitMs: 0,
    namespace: 'jobs',
    queue: 'q',
    user: '',
    priority: 0,
    leader: size,
    durationMs: 60_000,
    nodeLabels: new Map<string, string[]>(),
    source: 's',
    row: 1,
  };
  return {
    id,
    ...base,
    workers: { count: workers, min, request: workers > 0 ? size : new Map<string, number>() },
    ...change,
  };
}

export const traceOf = (...jobs: TraceJob[]): Trace => ({
  name: 't',
  format: 'test',
  work: 'gang',
  jobs,
  notes: [],
  drawn: [],
});
export const preset = (name: string): ReplayPolicy => ({ name, rules: PRESETS.get(name)! });
/** The figures of a policy; the invariants are checked after every step. */
export async function run(
  trace: Trace,
  cluster: readonly NodeInfo[],
  policy: string | ReplayPolicy,
  options: Partial<ReplayOptions> = {},
): Promise<PolicyResult> {
  return (await recordsOf(trace, cluster, policy, options)).result;
}

/** As `run`, with the records of the jobs by id. */
export async function recordsOf(
  trace: Trace,
  cluster: readonly NodeInfo[],
  policy: string | ReplayPolicy,
  options: Partial<ReplayOptions> = {},
): Promise<{ readonly result: PolicyResult; readonly records: ReadonlyMap<string, JobRecord> }> {
  const records = new Map<string, JobRecord>();
  const input = {
    trace,
    nodes: cluster,
    nodesName: 'n',
    policies: [typeof policy === 'string' ? preset(policy) : policy],
    options: { ...DEFAULT_REPLAY, checkEvery: 1, checkPause: 1, ...options },
    onJob: (record: JobRecord) => void records.set(record.id, record),
  };
  return { result: (await replay(input)).policies[0]!, records };
}

import { createHash } from 'node:crypto';
import { RunHistory } from '../core/history/run-history.ts';
import type { RunTimes } from '../core/history/run-times.ts';
import type { NodeInfo } from '../core/model.ts';
import type { Rules } from '../core/policy/rules.ts';
import { policyText } from '../intake/policy-text.ts';
import { runTimesOf } from './forecasts.ts';
import type { JobRecord } from './job-record.ts';
import { offeredLoad } from './offered-load.ts';
import { workRulesOf, type ForecastRules, type ReplayOptions } from './options.ts';
import { RESULT_VERSION, type LatencyResult, type PolicyResult, type ReplayResult } from './result.ts';
import { largerThanCluster } from './sim/larger.ts';
import { directPort, type ExtenderPort } from './sim/port.ts';
import { ReplayScheduler } from './sim/replay-scheduler.ts';
import { simulate, type Progress } from './sim/simulation.ts';
import type { Trace } from './trace/job.ts';
import { fromFirst } from './trace/reader.ts';
import type { WorkRules } from './work-model.ts';

export interface ReplayPolicy {
  /** Short, for the columns of the report. */
  readonly name: string;
  /** As given on the command line: file or preset. Absent: as `name`. */
  readonly source?: string;
  readonly rules: Rules;
}

export interface ReplayInput {
  readonly trace: Trace;
  readonly nodes: readonly NodeInfo[];
  readonly nodesName: string;
  readonly policies: readonly ReplayPolicy[];
  readonly options: ReplayOptions;
  /** muster's version and the command line, so that a report can be made again. */
  readonly muster?: string;
  readonly command?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Called as soon as a policy is done. */
  readonly onPolicy?: (result: PolicyResult, latency: LatencyResult) => void;
  /** Called when a job is over, and at the end of the simulation for those that are not; records are not kept. */
  readonly onJob?: (record: JobRecord) => void;
  /** The extender for a policy; by default the core in this process, which knows run times as the options say. */
  readonly portFor?: (policy: ReplayPolicy) => ExtenderPort | undefined;
}

/** The scheduler of a policy. @param runTimes absent: its own history, which begins empty */
export function schedulerFor({ rules }: ReplayPolicy, runTimes: RunTimes = new RunHistory()): ReplayScheduler {
  return new ReplayScheduler(rules, runTimes);
}

/** Replays the trace under each policy in turn. If it is stopped early, the result is partial and marked incomplete. */
export async function replay(input: ReplayInput): Promise<ReplayResult> {
  const { nodes, options, signal, portFor, onProgress, onJob } = input;
  const trace = { ...input.trace, jobs: fromFirst(input.trace.jobs) };
  const larger = largerThanCluster(trace.jobs, nodes);
  const policies: PolicyResult[] = [];
  const latency: LatencyResult[] = [];
  for (const policy of input.policies) {
    if (signal?.aborted) break;
    const runTimes = runTimesOf(options.forecasts, trace.jobs, options.seed);
    const port = portFor?.(policy) ?? directPort(schedulerFor(policy, runTimes));
    const ears = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}), ...(onJob ? { onJob } : {}) };
    const output = await simulate({
      trace,
      nodes,
      options,
      port,
      policy: policy.name,
      tenancy: policy.rules.tenancy,
      larger,
      ...ears,
    });
    const { name, source = name } = policy;
    const result = { ...output.result, source, policyText: policyText(policy.rules) };
    policies.push(result);
    latency.push(output.latency);
    input.onPolicy?.(result, output.latency);
  }
  return { ...aboutInput(input, trace), complete: !signal?.aborted, policies, latency };
}

function aboutInput(input: ReplayInput, trace: Trace): Omit<ReplayResult, 'complete' | 'policies' | 'latency'> {
  const { nodes, nodesName, options, muster = '', command = [] } = input;
  const { name, format, jobs, changes = [], notes, drawn } = trace;
  const work = workRulesOf(options, trace.work);
  const sum = (resource: string) =>
    nodes.reduce((total, { allocatable }) => total + (allocatable.get(resource) ?? 0), 0);
  const pods = jobs.reduce((total, { workers }) => total + 1 + workers.count, 0);
  return {
    version: RESULT_VERSION,
    muster,
    command,
    trace: { name, format, sha256: digestOf(trace), jobs: jobs.length, pods },
    nodes: { name: nodesName, count: nodes.length, cpuMilli: sum('cpu'), memoryBytes: sum('memory') },
    work,
    offered: offeredLoad(jobs, nodes),
    seed: options.seed,
    changes,
    options: [describeWork(work), ...describe(options)],
    notes,
    drawn,
  };
}

/** SHA-256 of the jobs as they are replayed, whatever their file is called. */
function digestOf({ jobs }: Trace): string {
  const hash = createHash('sha256');
  const plain = (key: string, value: unknown) =>
    key === 'source' ? undefined : value instanceof Map ? [...(value as ReadonlyMap<string, unknown>)] : value;
  for (const job of jobs) hash.update(`${JSON.stringify(job, plain)}\n`);
  return hash.digest('hex');
}

function describeWork({ model, minRegisteredRatio, maxRegisteredWaitMs, serialFraction }: WorkRules): string {
  const begins =
    model === 'spark'
      ? `begins with ${100 * minRegisteredRatio} % of its minimum of executors, or after ${maxRegisteredWaitMs / 1000} s with those that run, and goes on with whatever it has`
      : 'works only while its leader and its minimum of workers run';
  return `work model ${model}: a job ${begins}; all its workers together give the trace's duration, fewer are slower (Amdahl, serial fraction ${serialFraction})`;
}

function describe(options: ReplayOptions): string[] {
  return [
    `kube-scheduler's cycle takes ${options.cycleMs} ms, a bind ${options.bindMs} ms (assumed)`,
    `a leader creates ${options.batchSize} workers a second, those beyond the minimum 1, 2, 4, 8 ...`,
    `leaders start in 5 to 20 s, workers in a log-normal time of median 8 s (drawn with the seed)`,
    `pods in back-off ${options.eagerBackoff ? 'are' : 'are not'} taken early by an idle kube-scheduler (1.33 and later: they are)`,
    `${options.nodeFailuresPerDay} node failures a day`,
    ...describeForecasts(options.forecasts),
    `an evicted pod is gone after ${options.graceMs / 1000} s; a lost worker takes its share of the job's work with it, a lost leader all of it, and its job is submitted again after ${options.rerunMs / 1000} s`,
  ];
}

function describeForecasts({ mode, known, error }: ForecastRules): string[] {
  const estimated = `an estimate that is off by a log-normal factor of deviation ${error} (drawn with the seed)`;
  switch (mode) {
    case 'learned':
      return [];
    case 'off':
      return ['forecasts off: muster knows nothing about run times'];
    case 'oracle':
      return ['forecasts oracle: muster knows how long each job takes with all its workers'];
    case 'declared':
      return [`forecasts declared: of ${100 * known} % of the jobs muster knows ${estimated}; of the others nothing`];
  }
}

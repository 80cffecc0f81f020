import type { NodeInfo } from '../core/model.ts';
import type { Policy } from '../core/policy/policy.ts';
import { Scheduler } from '../core/scheduler.ts';
import type { ReplayOptions } from './options.ts';
import type { LatencyResult, PolicyResult, ReplayResult } from './result.ts';
import { directPort, type ExtenderPort } from './sim/port.ts';
import { simulate, type Progress } from './sim/simulation.ts';
import type { Trace } from './trace/job.ts';

export interface ReplayPolicy {
  /** File or preset, for the columns of the report. */
  readonly name: string;
  readonly policies: readonly Policy[];
}

export interface ReplayInput {
  readonly trace: Trace;
  readonly nodes: readonly NodeInfo[];
  readonly nodesName: string;
  readonly policies: readonly ReplayPolicy[];
  readonly options: ReplayOptions;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** The extender for a policy; by default the core in this process. */
  readonly portFor?: (policy: ReplayPolicy) => ExtenderPort;
}

/** The scheduler of a policy. Without gangs, muster scores no pods, so that kube-scheduler is replayed alone. */
export function schedulerFor({ policies }: ReplayPolicy): Scheduler {
  const isOff = policies.every(({ gangs }) => gangs === 'off');
  return new Scheduler({ policies, schedulerNames: isOff ? [] : ['muster'] });
}

/** Replays the trace under each policy in turn. If it is stopped early, the result is partial and marked incomplete. */
export async function replay(input: ReplayInput): Promise<ReplayResult> {
  const { trace, nodes, options, signal } = input;
  const results: PolicyResult[] = [];
  const latency: LatencyResult[] = [];
  for (const policy of input.policies) {
    if (signal?.aborted) break;
    const port = input.portFor?.(policy) ?? directPort(schedulerFor(policy));
    const { onProgress } = input;
    const rest = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
    const output = await simulate({ trace, nodes, options, port, policy: policy.name, ...rest });
    results.push(output.result);
    latency.push(output.latency);
  }
  const sum = (name: string) => nodes.reduce((total, { allocatable }) => total + (allocatable.get(name) ?? 0), 0);
  const pods = trace.jobs.reduce((total, { workers }) => total + 1 + workers.count, 0);
  return {
    version: 1,
    trace: { name: trace.name, format: trace.format, jobs: trace.jobs.length, pods },
    nodes: { name: input.nodesName, count: nodes.length, cpuMilli: sum('cpu'), memoryBytes: sum('memory') },
    seed: options.seed,
    options: describe(options),
    notes: trace.notes,
    drawn: trace.drawn,
    complete: !signal?.aborted,
    policies: results,
    latency,
  };
}

function describe(options: ReplayOptions): string[] {
  return [
    `kube-scheduler's cycle takes ${options.cycleMs} ms, a bind ${options.bindMs} ms (assumed)`,
    `a leader creates ${options.batchSize} workers a second, those beyond the minimum 1, 2, 4, 8 ...`,
    `leaders start in 5 to 20 s, workers in a log-normal time of median 8 s (drawn with the seed)`,
    'workers beyond the minimum hold room and do not shorten the job',
    `pods in back-off ${options.eagerBackoff ? 'are' : 'are not'} taken early by an idle kube-scheduler (1.33 and later: they are)`,
    `${options.nodeFailuresPerDay} node failures a day`,
    `an evicted pod is gone after ${options.graceMs / 1000} s; a worker takes its share of the gang's work with it, a leader all of it, and its app is submitted again after a minute`,
  ];
}

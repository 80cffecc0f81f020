import type { NodeInfo } from '../../core/model.ts';
import { DEFAULT_PROFILE, MUSTER_PROFILE } from '../kube-scheduler/profile.ts';
import { SchedulingQueue } from '../kube-scheduler/scheduling-queue.ts';
import { seeded } from '../random.ts';
import type { ReplayOptions } from '../options.ts';
import type { LatencyResult, PolicyResult } from '../result.ts';
import type { Trace } from '../trace/job.ts';
import { Inversions } from './inversions.ts';
import type { SimPod } from './job-run.ts';
import { Jobs } from './jobs.ts';
import { KubeScheduler } from './kube-scheduler.ts';
import { NodeFailures } from './node-failures.ts';
import type { ExtenderPort } from './port.ts';
import { Recorder } from './recorder.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';
import type { World } from './world.ts';

/** How long the simulation goes on with nothing left but retries: longer than every time limit of muster. */
const IDLE_LIMIT_MS = 45 * 60_000;
/** Steps between two reports of progress, at which the event loop runs too. */
const STEPS_PER_REPORT = 2000;

export interface SimulationInput {
  readonly trace: Trace;
  readonly nodes: readonly NodeInfo[];
  readonly options: ReplayOptions;
  readonly port: ExtenderPort;
  readonly policy: string;
  /** Ends the run early, with a partial result. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly policy: string;
  readonly ended: number;
  readonly jobs: number;
  readonly simulatedMs: number;
}

export interface SimulationOutput {
  readonly result: PolicyResult;
  readonly latency: LatencyResult;
}

/** Simulates one policy on one trace. Deterministic except for the latencies. */
export async function simulate(input: SimulationInput): Promise<SimulationOutput> {
  const { trace, nodes, options, port, policy } = input;
  const startedNs = process.hrtime.bigint();
  const firstMs = trace.jobs[0]?.submitMs ?? 0;
  const truth = new Truth(nodes);
  const timeline = new Timeline();
  const recorder = new Recorder(truth.totalCpu(), firstMs);
  const profile = port.isInFront ? MUSTER_PROFILE : DEFAULT_PROFILE;
  const queue = new SchedulingQueue<SimPod>({ isEager: options.eagerBackoff, maxBackoffMs: profile.maxBackoffMs });
  const world: World = { timeline, truth, queue, profile, recorder, port, options };
  const scheduler = new KubeScheduler(world);
  const priorities = new Set(trace.jobs.map(({ priority }) => priority));
  const jobs = new Jobs(world, scheduler, Math.max(...priorities));
  scheduler.onEvicted = (uid) => jobs.evict(uid);
  const spanMs = (trace.jobs.at(-1)?.submitMs ?? 0) - firstMs;
  const inversions = new Inversions(recorder, firstMs, { spanMs, isFlat: priorities.size < 2 });
  scheduler.onBound = (pod) => jobs.podBound(pod);
  scheduler.onRefused = (pod) => jobs.podRefused(pod);
  for (const node of nodes) port.observe({ kind: 'node', node }, firstMs);
  port.observe({ kind: 'synced' }, firstMs);
  for (const job of trace.jobs) timeline.at(job.submitMs, () => jobs.submit(job));
  const failures = new NodeFailures(world, jobs, seeded(options.seed, 'node-failures'));
  failures.start(firstMs);
  await run(input, world, { jobs, inversions, shape: typicalShape(trace) });
  const { nowMs } = timeline;
  const deadlocked = jobs.finish(nowMs);
  const wallSeconds = Number(process.hrtime.bigint() - startedNs) / 1e9;
  const { filter, prioritize } = recorder.decisions;
  return {
    result: { policy, ...recorder.result(nowMs, trace.jobs.length, deadlocked) },
    latency: {
      policy,
      filterUs: recorder.latency(),
      decisionsPerSecond: (filter + prioritize) / wallSeconds,
      wallSeconds,
    },
  };
}

async function run(
  input: SimulationInput,
  world: World,
  { jobs, inversions, shape }: { jobs: Jobs; inversions: Inversions; shape: TypicalShape },
): Promise<void> {
  const { timeline, recorder, port, options, truth } = world;
  let quietSinceMs = timeline.nowMs;
  let nextCheck = options.checkEvery;
  for (let steps = 1; ; steps++) {
    const went = timeline.step();
    if (!(typeof went === 'boolean' ? went : await went)) return;
    const { nowMs } = timeline;
    if (steps >= nextCheck) {
      port.checkInvariants();
      recorder.invariantChecks++;
      nextCheck = steps + Math.max(options.checkEvery, truth.boundPods.size);
    }
    inversions.sample(jobs, nowMs);
    if (recorder.isSampleDue(nowMs)) {
      recorder.sample(nowMs, {
        ...jobs.counts(),
        reserved: port.reservedCpu(),
        fragmentation: truth.fragmentation(shape),
      });
    }
    if (jobs.isOver() || nowMs > options.horizonMs) return;
    if (timeline.workLeft > 0) quietSinceMs = nowMs;
    else if (nowMs - quietSinceMs > IDLE_LIMIT_MS) return;
    if (steps % STEPS_PER_REPORT !== 0) continue;
    if (input.signal?.aborted) return;
    input.onProgress?.({ policy: input.policy, ended: jobs.ended, jobs: input.trace.jobs.length, simulatedMs: nowMs });
    await new Promise(setImmediate);
  }
}

type TypicalShape = Trace['jobs'][number]['leader'];

/** The most common request of the trace's pods. */
function typicalShape(trace: Trace): TypicalShape {
  const counts = new Map<string, { shape: TypicalShape; count: number }>();
  for (const { leader, workers } of trace.jobs) {
    const shape = workers.count > 0 ? workers.request : leader;
    const key = JSON.stringify([...shape]);
    const known = counts.get(key) ?? { shape, count: 0 };
    known.count += Math.max(1, workers.count);
    counts.set(key, known);
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  return most?.shape ?? new Map();
}

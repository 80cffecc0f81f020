import type { NodeInfo } from '../../core/model.ts';
import type { Tenancy } from '../../core/policy/tenancy.ts';
import type { JobRecord } from '../job-record.ts';
import { DEFAULT_PROFILE, MUSTER_PROFILE } from '../kube-scheduler/profile.ts';
import { SchedulingQueue } from '../kube-scheduler/scheduling-queue.ts';
import { windowOf } from '../offered-load.ts';
import { workRulesOf, type ReplayOptions } from '../options.ts';
import { seeded } from '../random.ts';
import type { LatencyResult, PolicyResult } from '../result.ts';
import type { Trace, TraceJob } from '../trace/job.ts';
import { typicalShape } from '../trace/typical-shape.ts';
import { CostBook } from './cost.ts';
import { FairnessMeter } from './fairness.ts';
import { Inversions } from './inversions.ts';
import { JobSummary } from './job-summary.ts';
import type { JobRun, SimPod } from './job-run.ts';
import { Jobs, type JobEnd } from './jobs.ts';
import { KubeScheduler } from './kube-scheduler.ts';
import { NodeFailures } from './node-failures.ts';
import { NodeRoom } from './node-room.ts';
import type { ExtenderPort } from './port.ts';
import { QueueShares } from './queue-shares.ts';
import { Reclaims } from './reclaims.ts';
import { Recorder } from './recorder.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';
import type { World } from './world.ts';

/** How long the simulation goes on with nothing left but retries: longer than every time limit of muster. */
const IDLE_LIMIT_MS = 45 * 60_000;
/** Steps between two reports of progress, at which the event loop runs too. */
const STEPS_PER_REPORT = 2000;

export interface SimulationInput {
  /** The first job comes at 0 ms. */
  readonly trace: Trace;
  readonly nodes: readonly NodeInfo[];
  readonly options: ReplayOptions;
  readonly port: ExtenderPort;
  readonly policy: string;
  /** By which what queues get is measured. */
  readonly tenancy: Tenancy;
  /** Jobs that do not fit the empty cluster. */
  readonly larger: ReadonlySet<TraceJob>;
  /** Ends the run early, with a partial result. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onJob?: (record: JobRecord) => void;
  /** Awaited before what happens at `nextMs`, simulated; absent: the simulation runs as fast as it can. */
  readonly pace?: (nextMs: number) => Promise<void> | undefined;
}

export interface Progress {
  readonly policy: string;
  readonly ended: number;
  readonly jobs: number;
  readonly simulatedMs: number;
}

export interface SimulationOutput {
  readonly result: Omit<PolicyResult, 'source' | 'policyText'>;
  readonly latency: LatencyResult;
}

/** Simulates one policy on one trace. Deterministic except for the latencies. */
export async function simulate(input: SimulationInput): Promise<SimulationOutput> {
  const startedNs = process.hrtime.bigint();
  const { trace, policy } = input;
  const world = worldOf(input);
  const { timeline, truth, recorder, nodeRoom } = world;
  const summary = new JobSummary();
  const jobs = jobsOf(world, (end) => {
    const record = recordOf(input, end, timeline.nowMs);
    summary.add(record);
    world.costs.add(record, end.history.job);
    input.onJob?.(record);
  });
  schedule(input, world, jobs);
  const totalCpu = truth.totalCpu();
  const fairness = fairnessOf(input, totalCpu);
  const shares = sharesOf(input, truth);
  const isStuck = await run(input, world, { jobs, samples: [fairness, shares, ...inversionsOf(input)] });
  jobs.finish(isStuck);
  const endMs = timeline.nowMs;
  const queues = shares.result(endMs);
  const figures = {
    ...summary.result(totalCpu, { windowMs: Math.min(endMs, windowOf(trace.jobs)), endMs }),
    ...recorder.result(endMs, nodeRoom.stranded),
    ...(queues ? { queues: { ...queues, ...world.reclaims.result() } } : {}),
    occupancy: nodeRoom.result(endMs),
    cost: world.costs.result(endMs),
  };
  const wallSeconds = Number(process.hrtime.bigint() - startedNs) / 1e9;
  const { filter, prioritize } = recorder.decisions;
  const filterUs = recorder.latency();
  return {
    result: { policy, endMs, fairness: fairness.result(), ...figures },
    latency: { policy, filterUs, decisionsPerSecond: (filter + prioritize) / wallSeconds, wallSeconds },
  };
}

function worldOf({ trace, nodes, options, port, tenancy }: SimulationInput): World {
  const truth = new Truth(nodes);
  const { percentageOfNodesToScore } = options;
  const profile = { ...(port.isInFront ? MUSTER_PROFILE : DEFAULT_PROFILE), percentageOfNodesToScore };
  return {
    timeline: new Timeline(),
    truth,
    queue: new SchedulingQueue<SimPod>({ isEager: options.eagerBackoff, maxBackoffMs: profile.maxBackoffMs }),
    profile,
    recorder: new Recorder(truth.totalCpu()),
    reclaims: new Reclaims(),
    nodeRoom: new NodeRoom(truth, nodes, typicalShape(trace)),
    costs: new CostBook(nodes, tenancy.prices),
    port,
    options,
    rules: workRulesOf(options, trace.work),
  };
}

function jobsOf(world: World, onOver: (end: JobEnd) => void): Jobs {
  const scheduler = new KubeScheduler(world);
  const jobs = new Jobs(world, scheduler);
  scheduler.onEvicted = (uid, forUid) => jobs.evict(uid, forUid);
  scheduler.onBound = (pod) => jobs.podBound(pod);
  scheduler.onRefused = (pod, reason) => jobs.podRefused(pod, reason);
  jobs.onOver = onOver;
  return jobs;
}

function recordOf({ policy, larger, port }: SimulationInput, end: JobEnd, nowMs: number): JobRecord {
  const { history, doneMs } = end;
  const isLarger = larger.has(history.job);
  const waits = end.outcome === 'waiting' || end.outcome === 'deadlocked';
  const outcome = isLarger && waits && history.beganMs === undefined ? 'larger' : end.outcome;
  const told = port.toldStart(`${history.job.namespace}/${history.job.id}`);
  return history.record(policy, nowMs, { outcome, isLarger, doneMs, told });
}

/** Puts the nodes, the submissions, the end of their window and the node failures on the timeline. */
function schedule({ trace, nodes, options, port }: SimulationInput, world: World, jobs: Jobs): void {
  const { timeline } = world;
  for (const node of nodes) port.observe({ kind: 'node', node }, 0);
  port.observe({ kind: 'synced' }, 0);
  for (const job of trace.jobs) timeline.at(job.submitMs, () => jobs.submit(job));
  timeline.at(windowOf(trace.jobs), () => jobs.closeWindow());
  new NodeFailures(world, jobs, seeded(options.seed, 'node-failures')).start();
}

/** @returns whether nothing can happen any more; false: it was stopped, or ran to its horizon, or all jobs are over */
async function run(input: SimulationInput, world: World, { jobs, samples }: Running): Promise<boolean> {
  const { timeline, options, recorder, port } = world;
  let quietSinceMs = 0;
  let nextCheck = options.checkEvery;
  for (let steps = 1; ; steps++) {
    // What is so now stays so until the next entry runs.
    if (timeline.nextMs < Infinity) for (const one of samples) one.sample(jobs.live, timeline.nextMs);
    const pause = input.pace?.(timeline.nextMs);
    if (pause) await pause;
    const went = timeline.step();
    if (!(typeof went === 'boolean' ? went : await went)) return true;
    const { nowMs } = timeline;
    if (steps >= nextCheck) nextCheck = steps + checked(world);
    recorder.setReserved(nowMs, port.reservedCpu());
    if (jobs.isOver() || nowMs > options.horizonMs) return false;
    if (timeline.workLeft > 0) quietSinceMs = nowMs;
    else if (nowMs - quietSinceMs > IDLE_LIMIT_MS) return true;
    if (input.pace && input.signal?.aborted) return false;
    if (steps % STEPS_PER_REPORT !== 0) continue;
    if (input.signal?.aborted) return false;
    input.onProgress?.({ policy: input.policy, ended: jobs.ended, jobs: input.trace.jobs.length, simulatedMs: nowMs });
    await new Promise(setImmediate);
  }
}

interface Running {
  readonly jobs: Jobs;
  readonly samples: readonly { sample(live: ReadonlySet<JobRun>, nowMs: number): void }[];
}

function fairnessOf({ trace: { jobs }, larger }: SimulationInput, totalCpu: number): FairnessMeter {
  return new FairnessMeter(jobs, { totalCpu, spanMs: windowOf(jobs), isCounted: (job) => !larger.has(job) });
}

function sharesOf({ trace: { jobs }, larger, tenancy }: SimulationInput, truth: Truth): QueueShares {
  return new QueueShares(jobs, { truth, tenancy, spanMs: windowOf(jobs), isCounted: (job) => !larger.has(job) });
}

function inversionsOf({ trace: { jobs }, larger }: SimulationInput): readonly Inversions[] {
  const isFlat = new Set(jobs.map(({ priority }) => priority)).size < 2;
  return isFlat ? [] : [new Inversions(windowOf(jobs), (job) => !larger.has(job))];
}

/** Checks the core's invariants. @returns the number of steps until the next check */
function checked({ port, recorder, options, truth }: World): number {
  port.checkInvariants();
  recorder.invariantChecks++;
  return Math.max(options.checkEvery, options.checkPause * truth.boundPods.size);
}

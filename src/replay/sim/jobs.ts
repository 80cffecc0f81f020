import type { NodeInfo, Outcome as PodOutcome } from '../../core/model.ts';
import type { Outcome } from '../job-record.ts';
import type { TraceJob } from '../trace/job.ts';
import { Bookkeeper } from './bookkeeper.ts';
import { JobHistory, type Loss } from './job-history.ts';
import { boundInfo, isComplete, newPod, newRun, type JobRun, type SimPod } from './job-run.ts';
import type { KubeScheduler } from './kube-scheduler.ts';
import { countBound, countGone, countRefused, countRunning } from './pod-counts.ts';
import { startLagMs } from './start-lag.ts';
import type { World } from './world.ts';

/** The time until Spark replaces a lost executor. */
const SUCCESSOR_MS = 1000;
/** An app that loses its leader more often is abandoned. */
const MAX_RERUNS = 20;

/** How a job ended: its record can be written. */
export interface JobEnd {
  readonly history: JobHistory;
  readonly outcome: Outcome;
  /** What its last run had done and not lost, in ms of the job with all its workers. */
  readonly doneMs: number;
}

/**
 * The life cycle of the jobs. A leader is bound and starts. It creates workers in batches each second, up to the
 * minimum, and then elastic ones, 1, 2, 4, 8 ... at a time. The bookkeeper says when the work of the job is done; it ends
 * with all its pods.
 */
export class Jobs {
  /** The number of jobs of the trace that are over. */
  ended = 0;
  /** Called when a job is over. */
  onOver: (end: JobEnd) => void = () => undefined;
  readonly #world: World;
  readonly #scheduler: KubeScheduler;
  readonly #books: Bookkeeper;
  readonly #live = new Set<JobRun>();
  /** Jobs that are not over: live, or waiting to be submitted again. */
  readonly #open = new Set<JobHistory>();
  /** Pods that are not over, by UID. */
  readonly #pods = new Map<string, SimPod>();
  #isWindowOpen = true;

  constructor(world: World, scheduler: KubeScheduler) {
    this.#world = world;
    this.#scheduler = scheduler;
    this.#books = new Bookkeeper(world);
    this.#books.onDone = (run) => this.#endRun(run, 'itself');
  }

  isOver(): boolean {
    return this.#live.size === 0 && this.#world.timeline.workLeft === 0;
  }

  submit(job: TraceJob): void {
    const history = new JobHistory(job, this.#now());
    this.#open.add(history);
    this.#world.recorder.levels.waitingJobs.add(this.#now(), 1);
    this.#start(history, 0);
  }

  #start(history: JobHistory, attempt: number): void {
    const run = newRun(history, this.#now(), this.#world.options.seed, attempt);
    run.progress.advance(this.#now());
    this.#live.add(run);
    this.#create(run, 'leader');
    this.#books.settle(run);
  }

  #create(run: JobRun, kind: 'leader' | 'worker'): void {
    const pod = newPod(run, kind);
    this.#pods.set(pod.info.uid, pod);
    this.#scheduler.add(pod);
  }

  /** All runs that are not over, for the figures. */
  get live(): ReadonlySet<JobRun> {
    return this.#live;
  }

  /** Evicts the pod: it is gone when its grace period is over. @param forUid whose gang, or which pod, gets its room; undefined: nobody */
  evict(uid: string, forUid: string | undefined): void {
    const pod = this.#pods.get(uid);
    if (!pod || pod.isEvicted || (pod.state !== 'bound' && pod.state !== 'running')) return;
    const { port, options, reclaims } = this.#world;
    reclaims.evicted(pod, this.#pods.get(forUid ?? ''), this.#now());
    pod.isEvicted = true;
    pod.job.history.evictions++;
    port.observe({ kind: 'pod', pod: { ...boundInfo(pod, pod.runningSinceMs), deleting: true } }, this.#now());
    this.#later(options.graceMs, () => {
      if (pod.state !== 'over') this.#lost(pod, 'evictions');
    });
  }

  podBound(pod: SimPod): void {
    const { job: run } = pod;
    const { history } = run;
    history.podsBound++;
    pod.boundMs = this.#now();
    if (pod.isLeader) history.askedMs ??= this.#now();
    if (pod.isLeader) history.reservedMs ??= this.#now();
    pod.rate = this.#world.costs.rateOf(pod.info, pod.node);
    countBound(pod);
    if (pod.isLeader) run.forecast = this.#forecastOf(pod);
    if (isComplete(run)) run.completeMs ??= this.#now();
    this.#world.nodeRoom.changed(this.#now(), pod.node);
    this.#books.settle(run);
    this.#later(startLagMs(pod), () => {
      if (pod.state === 'bound') this.#podRuns(pod);
    });
  }

  #forecastOf({ info }: SimPod): JobRun['forecast'] {
    const forecast = this.#world.port.forecastOf(info);
    const [medianMs, p90Ms] = [0.5, 0.9].map((share) => forecast?.endsWithin(share, 0) ?? Infinity) as [number, number];
    return forecast?.isKnown && p90Ms < Infinity ? { medianMs, p90Ms } : undefined;
  }

  /** @param reason constant as long as what stands in the pod's way */
  podRefused(pod: SimPod, reason: string): void {
    const { job: run } = pod;
    if (pod.isLeader) run.history.askedMs ??= this.#now();
    countRefused(pod, reason);
    this.#books.settle(run);
  }

  podsAt(node: string): SimPod[] {
    return [...this.#live].flatMap(({ pods }) => [...pods].filter((pod) => pod.node === node && pod.state !== 'over'));
  }

  nodeCame(node: NodeInfo): void {
    this.#scheduler.nodeAdded(node);
  }

  /** Handles a pod whose node is gone. */
  podLost(pod: SimPod): void {
    this.#lost(pod, 'failures');
  }

  #lost(pod: SimPod, cause: Loss): void {
    const { job: run } = pod;
    if (cause === 'evictions' && isBreaking(pod)) run.history.timesBroken++;
    this.#books.lose(pod, cause);
    if (pod.isLeader) this.#endRun(run, 'again');
    else this.#replace(pod);
  }

  #replace(pod: SimPod): void {
    const { job: run } = pod;
    run.hasLost = true;
    this.#endPod(pod);
    this.#books.settle(run);
    this.#later(SUCCESSOR_MS, () => {
      if (this.#live.has(run)) this.#create(run, 'worker');
    });
  }

  /** Ends the window in which jobs are submitted: what is done by now counts as work done in it. */
  closeWindow(): void {
    this.#isWindowOpen = false;
    for (const { progress, history } of this.#live) {
      progress.advance(this.#now());
      history.inWindowMs = progress.doneMs;
    }
  }

  /** Closes the books on the jobs that are not over. @param isStuck nothing can happen any more */
  finish(isStuck: boolean): void {
    if (this.#isWindowOpen) this.closeWindow();
    const runs = new Map([...this.#live].map((run) => [run.history, run]));
    for (const history of this.#open) {
      const run = runs.get(history);
      run?.progress.advance(this.#now());
      this.onOver({ history, outcome: unfinished(run, isStuck), doneMs: run?.progress.doneMs ?? 0 });
    }
  }

  #podRuns(pod: SimPod): void {
    const { job: run } = pod;
    run.progress.advance(this.#now());
    pod.state = 'running';
    pod.runningSinceMs = this.#now();
    pod.shareFromMs = run.progress.shareMs;
    countRunning(pod);
    if (pod.isLeader && run.job.workers.count > 0) this.#leaderRuns(run);
    this.#books.settle(run);
  }

  #leaderRuns(run: JobRun): void {
    this.#createWorkers(run, 1);
    const { model, maxRegisteredWaitMs } = this.#world.rules;
    if (model === 'gang') return;
    this.#later(maxRegisteredWaitMs, () => {
      run.isWaitOver = true;
      if (this.#live.has(run)) this.#books.settle(run);
    });
  }

  #createWorkers(run: JobRun, growth: number): void {
    if (!this.#live.has(run)) return;
    const { count, min } = run.job.workers;
    const isGrowing = run.created >= min;
    const batch = Math.min(isGrowing ? growth : this.#world.options.batchSize, (isGrowing ? count : min) - run.created);
    for (let i = 0; i < batch; i++) this.#create(run, 'worker');
    run.created += batch;
    if (run.created < count) this.#later(1000, () => this.#createWorkers(run, isGrowing ? growth * 2 : 1));
  }

  /** Ends a run. A job that lost its leader is submitted again, up to MAX_RERUNS times. */
  #endRun(run: JobRun, why: 'itself' | 'again'): void {
    const { history, attempt } = run;
    this.#books.close(run);
    this.#live.delete(run);
    const outcome = why === 'itself' ? (run.job.failsAt === undefined ? 'succeeded' : 'failed') : undefined;
    for (const pod of run.pods) this.#endPod(pod, pod.isLeader ? outcome : undefined);
    if (why === 'itself') return this.#over(run, run.job.failsAt === undefined ? 'done' : 'failed');
    if (attempt >= MAX_RERUNS) return this.#over(run, 'abandoned');
    history.reruns++;
    history.phases.enter(this.#now(), 'resubmitting');
    this.#later(this.#world.options.rerunMs, () => this.#start(history, attempt + 1));
  }

  #over(run: JobRun, outcome: Outcome): void {
    const { history, progress, forecast, completeMs } = run;
    const { doneMs } = progress;
    if (forecast && completeMs !== undefined && outcome === 'done')
      history.forecast = { ...forecast, ranMs: this.#now() - completeMs };
    this.ended++;
    this.#open.delete(history);
    this.#world.recorder.levels.waitingJobs.add(this.#now(), -1);
    if (this.#isWindowOpen) history.inWindowMs = doneMs;
    history.phases.enter(this.#now(), 'over');
    this.onOver({ history, outcome, doneMs });
  }

  /** @param outcome of a leader that ended by itself */
  #endPod(pod: SimPod, outcome?: PodOutcome): void {
    const { job: run, state, info } = pod;
    const { truth, port, nodeRoom } = this.#world;
    countGone(pod);
    if (state !== 'waiting') {
      truth.unbind(pod);
      nodeRoom.changed(this.#now(), pod.node);
    }
    pod.state = 'over';
    this.#pods.delete(info.uid);
    truth.nominations.delete(info.uid);
    run.pods.delete(pod);
    port.observe({ kind: 'pod-gone', uid: info.uid, ...(outcome ? { outcome } : {}) }, this.#now());
    if (state !== 'waiting') this.#scheduler.podGone();
  }

  #later(ms: number, run: () => void): void {
    this.#world.timeline.at(this.#now() + Math.round(ms), run);
  }

  #now(): number {
    return this.#world.timeline.nowMs;
  }
}

/** Whether the job has all that it needs, and not without this bound pod. */
const isBreaking = ({ job: run, isLeader }: SimPod): boolean =>
  isComplete(run) && (isLeader || run.boundWorkers === run.job.workers.min);

function unfinished(run: JobRun | undefined, isStuck: boolean): Outcome {
  if (run && run.progress.speed > 0) return 'working';
  return isStuck && run && run.boundCpu > 0 ? 'deadlocked' : 'waiting';
}

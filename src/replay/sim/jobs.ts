import type { TraceJob } from '../trace/job.ts';
import { neededOf, newPod, newRun, type JobRun } from './job-run.ts';
import type { KubeScheduler } from './kube-scheduler.ts';
import type { SimPod } from './pod.ts';
import type { Moment } from './recorder.ts';
import type { World } from './world.ts';

/** A leader's JVM and context take so long until it asks for workers (s). */
const LEADER_START_S = [5, 20] as const;
/** Pulling a worker's image: log-normal, median 8 s. */
const PULL = { mu: Math.log(8), sigma: 0.8 } as const;
/** Spark sees a lost executor and makes another after about this. */
const SUCCESSOR_MS = 1000;
/** An operator submits an application again after this. */
const RERUN_MS = 60_000;

/**
 * The life of the jobs: the leader is bound and starts, asks for workers in batches each second (those beyond the
 * minimum afterwards, 1, 2, 4, 8 ...), works once leader and minimum run, and ends with all its pods. Workers beyond
 * the minimum hold room and do not make the job faster.
 */
export class Jobs {
  /** Jobs of the trace that are done or failed for good. */
  ended = 0;
  readonly #world: World;
  readonly #scheduler: KubeScheduler;
  readonly #live = new Set<JobRun>();
  /** Gangs that are complete and not over. */
  #running = 0;

  constructor(world: World, scheduler: KubeScheduler) {
    this.#world = world;
    this.#scheduler = scheduler;
  }

  isOver(): boolean {
    return this.#live.size === 0 && this.#world.timeline.workLeft === 0;
  }

  counts(): Pick<Moment, 'waitingGangs' | 'runningGangs'> {
    return { waitingGangs: this.#live.size - this.#running, runningGangs: this.#running };
  }

  submit(job: TraceJob, isRerun = false): void {
    const run = newRun(job, this.#now(), this.#world.options.seed, isRerun);
    this.#live.add(run);
    this.#scheduler.add(newPod(run, 'leader', true));
  }

  podBound(pod: SimPod): void {
    const { job: run } = pod;
    run.boundPods++;
    if (pod.isNeeded && ++run.boundNeeded === neededOf(run)) this.#complete(run);
    const { random, job } = run;
    const isAlone = job.workers.count === 0;
    const lagS = isAlone ? 0 : pod.isLeader ? random.between(...LEADER_START_S) : random.logNormal(PULL.mu, PULL.sigma);
    this.#later(lagS * 1000, () => {
      if (pod.state === 'bound') this.#podRuns(pod);
    });
  }

  /** A needed member that is refused while others hold room makes the gang partial. */
  podRefused({ job: run, isNeeded }: SimPod): void {
    if (isNeeded && run.boundPods > 0 && run.boundNeeded < neededOf(run)) run.partialSinceMs ??= this.#now();
  }

  podsAt(node: string): SimPod[] {
    return [...this.#live].flatMap(({ pods }) => [...pods].filter((pod) => pod.node === node && pod.state !== 'over'));
  }

  nodeCame(): void {
    this.#scheduler.clusterChanged();
  }

  /** The pod's node went. */
  podLost(pod: SimPod): void {
    const { job: run } = pod;
    if (pod.isLeader) return this.#fail(run, true);
    this.#stopWork(run);
    this.#endPod(pod);
    this.#later(SUCCESSOR_MS, () => {
      if (this.#live.has(run)) this.#scheduler.add(newPod(run, 'worker', pod.isNeeded));
    });
  }

  /** Closes the books. @returns how many gangs hold room and never became complete */
  finish(nowMs: number): number {
    let deadlocked = 0;
    for (const run of this.#live) {
      this.#world.recorder.partialEnds(run, nowMs);
      if (run.boundPods > 0 && run.completeMs === undefined) deadlocked++;
    }
    return deadlocked;
  }

  #complete(run: JobRun): void {
    const { recorder } = this.#world;
    recorder.partialEnds(run, this.#now());
    this.#running++;
    if (run.completeMs !== undefined) return;
    run.completeMs = this.#now();
    recorder.waits.push(run.completeMs - run.submitMs);
  }

  #podRuns(pod: SimPod): void {
    const { job: run } = pod;
    pod.state = 'running';
    if (pod.isLeader && run.job.workers.count > 0) this.#createWorkers(run, 1);
    if (pod.isNeeded && ++run.runningNeeded === neededOf(run)) this.#startWork(run);
  }

  #createWorkers(run: JobRun, growth: number): void {
    if (!this.#live.has(run)) return;
    const { count, min } = run.job.workers;
    const isGrowing = run.created >= min;
    const batch = Math.min(isGrowing ? growth : this.#world.options.batchSize, (isGrowing ? count : min) - run.created);
    for (let i = 0; i < batch; i++) this.#scheduler.add(newPod(run, 'worker', !isGrowing));
    if (run.created < count) this.#later(1000, () => this.#createWorkers(run, isGrowing ? growth * 2 : 1));
  }

  #startWork(run: JobRun): void {
    const { job, epoch } = run;
    run.state = 'working';
    run.workingSinceMs = this.#now();
    this.#world.recorder.change(this.#now(), 0, neededCpu(run));
    const isFailing = job.failsAt !== undefined && !run.isRerun;
    const goalMs = isFailing ? job.durationMs * job.failsAt : job.durationMs;
    this.#later(Math.max(0, goalMs - run.workedMs), () => {
      if (run.epoch !== epoch || !this.#live.has(run)) return;
      if (isFailing) this.#fail(run, false);
      else this.#end(run, 'done');
    });
  }

  #stopWork(run: JobRun): void {
    if (run.state !== 'working') return;
    run.state = 'waiting';
    run.epoch++;
    run.workedMs += this.#now() - run.workingSinceMs;
    this.#world.recorder.change(this.#now(), 0, -neededCpu(run));
  }

  #fail(run: JobRun, isRepeated: boolean): void {
    const repeats = isRepeated && !run.isRerun;
    this.#end(run, repeats ? 'waiting' : 'failed');
    if (repeats) this.#later(RERUN_MS, () => this.submit(run.job, true));
  }

  #end(run: JobRun, state: JobRun['state']): void {
    const { recorder } = this.#world;
    this.#stopWork(run);
    recorder.partialEnds(run, this.#now());
    run.state = state;
    this.#live.delete(run);
    for (const pod of run.pods) this.#endPod(pod);
    if (state === 'waiting') return;
    this.ended++;
    recorder.lastEndMs = this.#now();
    recorder.completions.push(this.#now() - run.submitMs);
    if (state === 'done') recorder.done++;
    else recorder.failed++;
  }

  #endPod(pod: SimPod): void {
    const { truth, port, recorder } = this.#world;
    const { job: run, state, info } = pod;
    if (state !== 'waiting') {
      if (pod.isNeeded && run.boundNeeded-- === neededOf(run)) this.#running--;
      if (pod.isNeeded && state === 'running') run.runningNeeded--;
      run.boundPods--;
      truth.cluster.unbind(info.uid);
      recorder.change(this.#now(), -(info.request.get('cpu') ?? 0), 0);
    }
    pod.state = 'over';
    run.pods.delete(pod);
    port.observe({ kind: 'pod-gone', uid: info.uid }, this.#now());
    if (state !== 'waiting') this.#scheduler.clusterChanged();
  }

  #later(ms: number, run: () => void): void {
    this.#world.timeline.at(this.#now() + Math.round(ms), run);
  }

  #now(): number {
    return this.#world.timeline.nowMs;
  }
}

function neededCpu({ job: { leader, workers } }: JobRun): number {
  return (leader.get('cpu') ?? 0) + workers.min * (workers.request.get('cpu') ?? 0);
}

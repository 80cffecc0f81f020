import type { NodeInfo } from '../../core/model.ts';
import type { TraceJob } from '../trace/job.ts';
import { boundInfo, cpuOf, neededOf, newPod, newRun, type JobRun, type SimPod } from './job-run.ts';
import type { KubeScheduler } from './kube-scheduler.ts';
import type { Moment } from './recorder.ts';
import type { World } from './world.ts';

/** The time from a leader's start until it creates workers (JVM and Spark context), in s. */
const LEADER_START_S = [5, 20] as const;
/** The time to pull a worker's image: log-normal, median 8 s. */
const PULL = { mu: Math.log(8), sigma: 0.8 } as const;
/** The time until Spark replaces a lost executor. */
const SUCCESSOR_MS = 1000;
/** The time until an operator submits an application again. */
const RERUN_MS = 60_000;
/** An app that is evicted more often is abandoned. */
const MAX_RERUNS = 20;

/**
 * The life cycle of the jobs. A leader is bound and starts. It creates workers in batches each second, up to the
 * minimum, and then elastic ones, 1, 2, 4, 8 ... at a time. The job works once leader and minimum run, and ends with
 * all its pods. Elastic workers hold room and do not make the job faster.
 */
export class Jobs {
  /** The number of jobs of the trace that are done or failed for good. */
  ended = 0;
  readonly #world: World;
  readonly #scheduler: KubeScheduler;
  readonly #live = new Set<JobRun>();
  /** Pods that are not over, by UID. */
  readonly #pods = new Map<string, SimPod>();
  readonly #highest: number;
  /** Gangs that are complete and not over. */
  #running = 0;

  /** @param highest the highest priority of the trace */
  constructor(world: World, scheduler: KubeScheduler, highest: number) {
    this.#world = world;
    this.#scheduler = scheduler;
    this.#highest = highest;
  }

  isOver(): boolean {
    return this.#live.size === 0 && this.#world.timeline.workLeft === 0;
  }

  counts(): Pick<Moment, 'waitingGangs' | 'runningGangs'> {
    return { waitingGangs: this.#live.size - this.#running, runningGangs: this.#running };
  }

  submit(job: TraceJob, attempt = 0): void {
    const run = newRun(job, this.#now(), this.#world.options.seed, attempt);
    if (attempt === 0 && job.deadlineMs !== undefined) this.#world.recorder.deadlines++;
    this.#live.add(run);
    this.#create(run, 'leader', true);
  }

  #create(run: JobRun, kind: 'leader' | 'worker', isNeeded: boolean): void {
    const pod = newPod(run, kind, isNeeded);
    this.#pods.set(pod.info.uid, pod);
    this.#scheduler.add(pod);
  }

  /** All runs that are not over, for the figures. */
  get live(): ReadonlySet<JobRun> {
    return this.#live;
  }

  /** Evicts the pod: it is gone when its grace period is over. */
  evict(uid: string): void {
    const pod = this.#pods.get(uid);
    if (!pod || pod.isEvicted || (pod.state !== 'bound' && pod.state !== 'running')) return;
    const { port, recorder, options } = this.#world;
    pod.isEvicted = true;
    recorder.evictions++;
    port.observe({ kind: 'pod', pod: { ...boundInfo(pod, pod.runningSinceMs), deleting: true } }, this.#now());
    this.#later(options.graceMs, () => {
      if (pod.state !== 'over') this.#evicted(pod);
    });
  }

  /** An evicted worker takes its share of the gang's work with it, a leader all of it. */
  #evicted(pod: SimPod): void {
    const { job: run } = pod;
    const { recorder } = this.#world;
    const wasComplete = run.boundNeeded === neededOf(run);
    const wasNeeded = pod.isNeeded;
    inherit(pod);
    const ranMs = pod.state === 'running' ? this.#now() - pod.runningSinceMs : 0;
    this.#stopWork(run);
    const share = (cpuOf(pod) * ranMs) / Math.max(1, neededCpu(run));
    const lostMs = Math.min(run.workedMs, pod.isLeader ? Infinity : wasNeeded ? share : 0);
    run.workedMs -= lostMs;
    recorder.coreMsLost += (lostMs * neededCpu(run)) / 1000;
    if (pod.isNeeded && wasComplete) recorder.gangsBroken++;
    if (pod.isNeeded) run.isBroken = true;
    if (pod.isLeader) this.#fail(run, 'evicted');
    else this.#replace(pod);
  }

  podBound(pod: SimPod): void {
    const { job: run } = pod;
    run.boundPods++;
    run.boundCpu += cpuOf(pod);
    if (pod.isNeeded && ++run.boundNeeded === neededOf(run)) this.#complete(run);
    const { random, job } = run;
    const isAlone = job.workers.count === 0;
    const lagS = isAlone ? 0 : pod.isLeader ? random.between(...LEADER_START_S) : random.logNormal(PULL.mu, PULL.sigma);
    this.#later(lagS * 1000, () => {
      if (pod.state === 'bound') this.#podRuns(pod);
    });
  }

  /** Makes the gang partial if a needed member is refused while others hold room. */
  podRefused({ job: run, isNeeded }: SimPod): void {
    if (isNeeded && run.boundPods > 0 && run.boundNeeded < neededOf(run)) run.partialSinceMs ??= this.#now();
  }

  podsAt(node: string): SimPod[] {
    return [...this.#live].flatMap(({ pods }) => [...pods].filter((pod) => pod.node === node && pod.state !== 'over'));
  }

  nodeCame(node: NodeInfo): void {
    this.#scheduler.nodeAdded(node);
  }

  /** Handles a pod whose node is gone. */
  podLost(pod: SimPod): void {
    if (pod.isLeader) return this.#fail(pod.job, 'lost');
    this.#stopWork(pod.job);
    inherit(pod);
    this.#replace(pod);
  }

  #replace(pod: SimPod): void {
    const { job: run, isNeeded } = pod;
    this.#endPod(pod);
    this.#later(SUCCESSOR_MS, () => {
      if (this.#live.has(run)) this.#create(run, 'worker', isNeeded);
    });
    if (run.state === 'waiting' && run.runningNeeded === neededOf(run)) this.#startWork(run);
  }

  /** Closes the books. @returns how many gangs hold room and never became complete */
  finish(nowMs: number): number {
    let deadlocked = 0;
    for (const run of this.#live) {
      this.#world.recorder.partialEnds(run, nowMs);
      if (run.boundPods > 0 && run.completeMs === undefined) deadlocked++;
      this.#missDeadline(run);
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
    if (run.job.priority === this.#highest) recorder.waitsHighest.push(run.completeMs - run.submitMs);
  }

  #podRuns(pod: SimPod): void {
    const { job: run } = pod;
    pod.state = 'running';
    pod.runningSinceMs = this.#now();
    if (pod.isLeader && run.job.workers.count > 0) this.#createWorkers(run, 1);
    if (pod.isNeeded && ++run.runningNeeded === neededOf(run)) this.#startWork(run);
  }

  #createWorkers(run: JobRun, growth: number): void {
    if (!this.#live.has(run)) return;
    const { count, min } = run.job.workers;
    const isGrowing = run.created >= min;
    const batch = Math.min(isGrowing ? growth : this.#world.options.batchSize, (isGrowing ? count : min) - run.created);
    for (let i = 0; i < batch; i++) this.#create(run, 'worker', !isGrowing);
    if (run.created < count) this.#later(1000, () => this.#createWorkers(run, isGrowing ? growth * 2 : 1));
  }

  #startWork(run: JobRun): void {
    const { job, epoch } = run;
    run.state = 'working';
    run.workingSinceMs = this.#now();
    this.#world.recorder.change(this.#now(), 0, neededCpu(run));
    const isFailing = job.failsAt !== undefined && run.attempt === 0;
    const goalMs = isFailing ? job.durationMs * job.failsAt : job.durationMs;
    this.#later(Math.max(0, goalMs - run.workedMs), () => {
      if (run.epoch !== epoch || !this.#live.has(run)) return;
      if (isFailing) this.#fail(run, 'by itself');
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

  /** Ends a run. An app whose leader's node is lost is submitted once more, an evicted one up to MAX_RERUNS times. */
  #fail(run: JobRun, why: 'by itself' | 'lost' | 'evicted'): void {
    const repeats = why !== 'by itself' && run.attempt < (why === 'evicted' ? MAX_RERUNS : 1);
    this.#end(run, repeats ? 'waiting' : 'failed');
    if (repeats) this.#later(RERUN_MS, () => this.submit(run.job, run.attempt + 1));
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
    // For its user, an app that was submitted again has taken the time since its first submission.
    recorder.completions.push(this.#now() - run.job.submitMs);
    if (state !== 'done' || this.#isLate(run)) this.#missDeadline(run);
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
      run.boundCpu -= cpuOf(pod);
      truth.unbind(pod);
      recorder.change(this.#now(), -cpuOf(pod), 0);
    }
    pod.state = 'over';
    this.#pods.delete(info.uid);
    truth.nominations.delete(info.uid);
    run.pods.delete(pod);
    port.observe({ kind: 'pod-gone', uid: info.uid }, this.#now());
    if (state !== 'waiting') this.#scheduler.podGone();
  }

  /** Whether the job has missed its deadline, which counts from the first submission. */
  #isLate({ job }: JobRun): boolean {
    return job.deadlineMs !== undefined && this.#now() > job.submitMs + job.deadlineMs;
  }

  #missDeadline({ job }: JobRun): void {
    if (job.deadlineMs !== undefined) this.#world.recorder.deadlinesMissed++;
  }

  #later(ms: number, run: () => void): void {
    this.#world.timeline.at(this.#now() + Math.round(ms), run);
  }

  #now(): number {
    return this.#world.timeline.nowMs;
  }
}

/** An elastic worker takes the place of a needed one that is lost, since all workers are alike. */
function inherit(pod: SimPod): void {
  const { job: run } = pod;
  if (!pod.isNeeded || pod.isLeader || pod.state === 'waiting') return;
  const elastic = [...run.pods].filter(({ isNeeded, isEvicted }) => !isNeeded && !isEvicted);
  const heir = elastic.find(({ state }) => state === 'running') ?? elastic.find(({ state }) => state === 'bound');
  if (!heir) return;
  pod.isNeeded = false;
  heir.isNeeded = true;
  if (pod.state === 'running') run.runningNeeded--;
  if (heir.state === 'running') run.runningNeeded++;
}

export function neededCpu({ job: { leader, workers } }: JobRun): number {
  return (leader.get('cpu') ?? 0) + workers.min * (workers.request.get('cpu') ?? 0);
}

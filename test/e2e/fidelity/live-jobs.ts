import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '../../../src/kube/transport.ts';
import { DEFAULT_REPLAY } from '../../../src/replay/options.ts';
import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { newPod, newRun, type JobRun, type SimPod } from '../../../src/replay/sim/job-run.ts';
import { startLagMs } from '../../../src/replay/sim/start-lag.ts';
import type { TraceJob } from '../../../src/replay/trace/job.ts';
import { deletePod, persist } from '../harness/cluster.ts';
import { podPath, type Pod } from '../harness/objects.ts';
import type { PodWatch } from '../harness/pods.ts';
import { podObject } from './cluster-objects.ts';

/** From an eviction until the pod is gone, and until its job is submitted again: short, so that a test is. */
export const GRACE_MS = 2000;
export const RERUN_MS = 5000;

/**
 * Plays the jobs of a trace against a real API server as src/replay/sim/jobs.ts plays them in simulated time, kubelet
 * and drivers included: a bound pod runs after its lag, a running leader creates its workers, a job whose needed pods
 * run works for its duration and ends with all its pods, an evicted leader's job is submitted again. Workers are never
 * evicted here.
 */
export class LiveJobs {
  /** The time from submission until work begins, since all needed pods run, in ms, by the job's id. */
  readonly waits = new Map<string, number>();
  readonly #transport: Transport;
  readonly #schedulerName: string;
  /** Pods that are not over, by name. */
  readonly #pods = new Map<string, SimPod>();
  readonly #live = new Set<JobRun>();
  readonly #deleting = new Set<string>();
  #left = 0;

  constructor(transport: Transport, watch: PodWatch, schedulerName: string) {
    this.#transport = transport;
    this.#schedulerName = schedulerName;
    watch.on((object, isGone) => {
      const pod = this.#pods.get(object.metadata.name);
      if (!pod) return;
      if (isGone) this.#gone(pod);
      else if (object.metadata.deletionTimestamp !== undefined) this.#terminate(object);
      else if (object.spec.nodeName !== undefined && pod.state === 'waiting') this.#bound(pod, object.spec.nodeName);
    });
  }

  /** Plays all jobs. @returns the jobs that had not ended when the time was over */
  async play(jobs: readonly TraceJob[], patienceMs: number): Promise<readonly string[]> {
    this.#left = jobs.length;
    for (const job of jobs) this.#later(job.submitMs, () => this.#submit(job, 0));
    const giveUp = Date.now() + patienceMs;
    while (this.#left > 0 && Date.now() < giveUp) await sleep(100);
    return [...this.#live].map(({ id }) => id);
  }

  #submit(job: TraceJob, attempt: number): void {
    const run = newRun(new JobHistory(job, Date.now()), Date.now(), DEFAULT_REPLAY.seed, attempt);
    this.#live.add(run);
    this.#create(run, 'leader');
  }

  #create(run: JobRun, kind: 'leader' | 'worker'): void {
    const pod = newPod(run, kind);
    this.#pods.set(pod.info.name, pod);
    const path = `/api/v1/namespaces/${run.job.namespace}/pods`;
    const body = podObject(pod.info, this.#schedulerName);
    void persist(this.#transport, { method: 'POST', path, body });
  }

  #bound(pod: SimPod, node: string): void {
    pod.state = 'bound';
    pod.node = node;
    this.#later(startLagMs(pod), () => {
      if (pod.state === 'bound') this.#runs(pod);
    });
  }

  #runs(pod: SimPod): void {
    const { job: run } = pod;
    pod.state = 'running';
    const startTime = new Date().toISOString();
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: startTime }];
    this.#patchStatus(pod, { phase: 'Running', startTime, conditions });
    if (pod.isLeader) run.leader = 'running';
    else run.runningWorkers++;
    if (pod.isLeader && run.job.workers.count > 0) this.#createWorkers(run);
    if (run.leader === 'running' && run.runningWorkers === run.job.workers.min) this.#begin(run);
  }

  #begin(run: JobRun): void {
    const { job, submitMs, attempt } = run;
    if (attempt === 0) this.waits.set(job.id, Date.now() - submitMs);
    this.#later(job.durationMs, () => this.#live.has(run) && this.#end(run));
  }

  #createWorkers(run: JobRun): void {
    if (!this.#live.has(run)) return;
    const { count } = run.job.workers;
    const batch = Math.min(DEFAULT_REPLAY.batchSize, count - run.created);
    for (let i = 0; i < batch; i++) this.#create(run, 'worker');
    run.created += batch;
    if (run.created < count) this.#later(1000, () => this.#createWorkers(run));
  }

  #end(run: JobRun): void {
    this.#live.delete(run);
    this.#left--;
    for (const pod of run.pods) {
      this.#pods.delete(pod.info.name);
      if (pod.state === 'waiting') void deletePod(this.#transport, { metadata: metadataOf(pod) });
      else this.#patchStatus(pod, { phase: 'Succeeded' });
      pod.state = 'over';
    }
  }

  #terminate({ metadata }: Pod): void {
    if (this.#deleting.has(metadata.uid)) return;
    this.#deleting.add(metadata.uid);
    const body = { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } };
    this.#later(GRACE_MS, () => {
      // A pod that ended by itself meanwhile is gone for kube-scheduler already.
      void persist(this.#transport, { method: 'DELETE', path: podPath({ metadata }), body }).catch(() => undefined);
    });
  }

  #gone(pod: SimPod): void {
    const { job: run } = pod;
    if (!pod.isLeader) throw new Error(`${pod.info.name}: no worker is evicted here`);
    pod.state = 'over';
    this.#pods.delete(pod.info.name);
    this.#live.delete(run);
    this.#later(RERUN_MS, () => this.#submit(run.job, run.attempt + 1));
  }

  #patchStatus(pod: SimPod, status: object): void {
    const contentType = 'application/strategic-merge-patch+json';
    const path = `${podPath({ metadata: metadataOf(pod) })}/status`;
    void persist(this.#transport, { method: 'PATCH', path, body: { status }, contentType }).catch(() => undefined);
  }

  #later(ms: number, act: () => void): void {
    setTimeout(act, Math.round(ms));
  }
}

type Metadata = Pod['metadata'];

const metadataOf = ({ info: { namespace, name } }: SimPod): Metadata => ({
  namespace,
  name,
  uid: '',
  resourceVersion: '',
  creationTimestamp: '',
});

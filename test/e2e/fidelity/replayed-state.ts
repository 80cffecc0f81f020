import { JobHistory } from '../../../src/replay/sim/job-history.ts';
import { newPod, newRun, type SimPod } from '../../../src/replay/sim/job-run.ts';
import { Truth } from '../../../src/replay/sim/truth.ts';
import type { Recording } from './recording.ts';
import type { Attempt } from './scheduler-log.ts';
import type { Workload } from './workloads.ts';

/** The simulator's cluster, taken through what kube-scheduler logged, step by step. */
export class ReplayedState {
  readonly truth: Truth;
  readonly #pods = new Map<string, SimPod>();
  readonly #workload: Workload;

  constructor(workload: Workload) {
    this.#workload = workload;
    this.truth = new Truth(workload.nodes);
  }

  /** Calls `look` with the state before each attempt. */
  follow({ events, pods }: Recording, look: (attempt: Attempt, pod: SimPod) => void): void {
    for (const event of events) {
      const pod = this.#pod(event.pod);
      if (event.kind === 'attempt') {
        look(event, pod);
        if (event.node === undefined) this.#refuse(pod, event);
        else this.#bind(pod, event.node, Date.parse(pods.get(event.pod)?.status.startTime ?? '') || event.atMs);
      } else if (event.kind === 'gone' && pod.state !== 'over') {
        pod.state = 'over';
        this.truth.unbind(pod);
      }
    }
  }

  /** By the name that LiveJobs gives to the pod of a run. */
  #pod(name: string): SimPod {
    const known = this.#pods.get(name);
    if (known) return known;
    const id = name.replace(/(-rerun(-\d+)?)?-driver$/, '');
    const job = this.#workload.jobs.find((one) => one.id === id);
    if (!job) throw new Error(`no job has the pod ${name}`);
    const pod = newPod(newRun(new JobHistory(job, job.submitMs), job.submitMs, 1, 0), 'leader');
    const own = { ...pod, info: { ...pod.info, name, uid: name } };
    this.#pods.set(name, own);
    return own;
  }

  #bind(pod: SimPod, node: string, startMs: number): void {
    pod.state = 'bound';
    pod.node = node;
    this.truth.bind(pod, startMs);
  }

  /** Follows which node kube-scheduler nominated, or that it takes a nomination back. */
  #refuse({ info }: SimPod, { preemption, refusal = '' }: Attempt): void {
    const { nominations } = this.truth;
    const node = preemption?.node;
    if (node === undefined) {
      if (!refusal.includes('not eligible due to a terminating pod')) nominations.delete(info.uid);
      return;
    }
    nominations.add(info, node, this.truth.requestVector(info));
    const victims = (preemption?.candidates.get(node) ?? []).map((name) => this.#pod(name));
    if (victims.some(({ isEvicted }) => !isEvicted)) nominations.clearLower(info, node);
    for (const victim of victims) victim.isEvicted = true;
  }
}

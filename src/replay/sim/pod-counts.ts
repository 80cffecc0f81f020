import { cpuOf, type SimPod } from './job-run.ts';

/** Counts a pod that was bound in its run. */
export function countBound(pod: SimPod): void {
  const { job: run } = pod;
  run.boundCpu += cpuOf(pod);
  run.boundRate += pod.rate;
  if (pod.isLeader) run.leader = 'bound';
  else run.boundWorkers++;
  forgive(pod);
}

/** Counts a pod that begins to run. */
export function countRunning(pod: SimPod): void {
  const { job: run } = pod;
  run.runningCpu += cpuOf(pod);
  run.runningRate += pod.rate;
  if (pod.isLeader) run.leader = 'running';
  else run.runningWorkers++;
}

/** Counts a pod that kube-scheduler has refused. @param reason constant as long as what stands in its way */
export function countRefused(pod: SimPod, reason: string): void {
  const { job: run } = pod;
  if (!pod.isLeader && !pod.isRefused) run.refusedWorkers++;
  pod.isRefused = true;
  run.reason = reason;
}

/** Counts a pod that is gone; its state is what it was before. */
export function countGone(pod: SimPod): void {
  const { job: run, state } = pod;
  if (state === 'waiting') return forgive(pod);
  run.boundCpu -= cpuOf(pod);
  run.boundRate -= pod.rate;
  if (pod.isLeader) run.leader = 'waiting';
  else run.boundWorkers--;
  if (state !== 'running') return;
  run.runningCpu -= cpuOf(pod);
  run.runningRate -= pod.rate;
  if (!pod.isLeader) run.runningWorkers--;
}

/** The pod waits no longer: the run forgets why, unless others do. */
function forgive(pod: SimPod): void {
  const { job: run } = pod;
  if (!pod.isLeader && pod.isRefused) run.refusedWorkers--;
  if (run.refusedWorkers === 0) run.reason = undefined;
}

import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Transport } from '../../../src/kube/transport.ts';
import type { ControlPlane } from '../harness/control-plane.ts';
import { startKubeScheduler } from '../harness/kube-scheduler.ts';
import type { Pod } from '../harness/objects.ts';
import { PodWatch } from '../harness/pods.ts';
import { waitFor, type Started } from '../harness/process.ts';
import { startPair } from '../harness/world.ts';
import { clear, createNode, createPriorityClasses } from './cluster-objects.ts';
import { LiveJobs } from './live-jobs.ts';
import { LOGGING, READY, readSchedulerLog, type LogEvent } from './scheduler-log.ts';
import { NAMESPACE, type Workload } from './workloads.ts';

/** Requests a second: with the default of 50, its client and not kube-scheduler would be what pods wait for in a burst. */
const QPS = 1000;
/** Niceness: other work on the machine would slow the API server down, for which kube-scheduler waits at each refusal. */
const URGENT = -15;

/** What the real kube-scheduler did with a workload. */
export interface Recording {
  readonly events: readonly LogEvent[];
  /** The pods as the API server had them when they ended, by name. */
  readonly pods: ReadonlyMap<string, Pod>;
  /** ms from submission until work begins, by the job's id. */
  readonly waits: ReadonlyMap<string, number>;
}

/** Plays the workload against a real kube-scheduler with Kubernetes' defaults, in real time; only its client may send more. */
export async function record(plane: ControlPlane, workload: Workload): Promise<Recording> {
  await prepare(plane.admin, workload);
  const options = { extender: undefined, name: fileNameOf(workload), isDefault: true, qps: QPS, logging: LOGGING };
  const scheduler = await startKubeScheduler(plane, options);
  const played = await play(plane, workload, { scheduler, schedulerName: 'default-scheduler' });
  await scheduler.stop();
  await clear(plane.admin, NAMESPACE);
  return { events: await readSchedulerLog(scheduler.logFile), ...played };
}

/** As `record`, with muster under the policy in front of a kube-scheduler that is set up for it. */
export async function recordMuster(plane: ControlPlane, workload: Workload, policy: string): Promise<Recording> {
  await prepare(plane.admin, workload);
  const env = { MUSTER_POLICY: policy };
  const { muster, scheduler } = await startPair(plane, {
    name: `${fileNameOf(workload)}-${policy}`,
    logging: LOGGING,
    env,
  });
  const played = await play(plane, workload, { scheduler, schedulerName: 'muster' });
  await scheduler.stop();
  await muster.kill('SIGTERM');
  await clear(plane.admin, NAMESPACE);
  return { events: await readSchedulerLog(scheduler.logFile), ...played };
}

const fileNameOf = ({ name }: Workload) => name.replaceAll(' ', '-');

async function prepare(transport: Transport, { nodes, jobs }: Workload): Promise<void> {
  for (const node of nodes) await createNode(transport, node);
  await createPriorityClasses(
    transport,
    jobs.map(({ priority }) => priority),
  );
}

/** @throws if jobs have not ended after a quarter of an hour */
async function play(
  { admin, pids }: ControlPlane,
  { jobs }: Workload,
  { scheduler, schedulerName }: { readonly scheduler: Started; readonly schedulerName: string },
): Promise<Omit<Recording, 'events'>> {
  const watch = new PodWatch(admin);
  const pods = new Map<string, Pod>();
  watch.on((pod) => pods.set(pod.metadata.name, pod));
  const live = new LiveJobs(admin, watch, schedulerName);
  hurry([...Object.values(pids), scheduler.child.pid ?? 0, process.pid]);
  const isReady = () => Promise.resolve(readFileSync(scheduler.logFile, 'utf8').includes(READY));
  await waitFor('kube-scheduler', isReady, scheduler);
  const left = await live.play(jobs, 15 * 60_000);
  watch.stop();
  if (left.length > 0) throw new Error(`not ended: ${left.join(', ')}`);
  return { pods, waits: live.waits };
}

/** As far as this user may. */
function hurry(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      setPriority(pid, URGENT);
    } catch {
      return;
    }
}

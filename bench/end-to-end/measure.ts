import type { ControlPlane } from '../../test/e2e/harness/control-plane.ts';
import { startKubeScheduler } from '../../test/e2e/harness/kube-scheduler.ts';
import { Bindings } from '../support/bindings.ts';
import { clear, loadOf, PROFILE, type Load } from './load.ts';
import { cpuMsOf } from '../support/processor-time.ts';
import type { Side } from './sides.ts';

/** kube-scheduler's client rate on all sides, so high that the API server is the limit. */
const QPS = 10_000;

const PROCESSES = ['etcd', 'apiServer', 'scheduler', 'extender', 'bench'] as const;
type Process = (typeof PROCESSES)[number];

export interface Measured {
  /** From the first pod's creation to the last one's binding. */
  readonly podsPerSecond: number;
  /** Milliseconds of processor time per pod, of each process, in the same time. */
  readonly cpuMs: Readonly<Record<Process, number>>;
}

/** One measurement: pods are created at once while kube-scheduler runs, until all are bound. */
export async function measure(
  plane: ControlPlane,
  side: Side,
  size: { readonly nodes: number; readonly pods: number },
): Promise<Measured> {
  const extender = await side.startExtender?.(plane);
  const options = { extender: extender?.url, name: 'scheduler', qps: QPS, profile: PROFILE, ...side.scheduler };
  const scheduler = await startKubeScheduler(plane, options);
  try {
    return await bindAll(plane, loadOf(plane.admin, side.kind, size), size.pods, {
      scheduler: scheduler.child.pid,
      extender: extender?.pid,
    });
  } finally {
    await scheduler.stop();
    await clear(plane.admin);
    await extender?.stop();
  }
}

async function bindAll(
  plane: ControlPlane,
  { first, rest }: Load,
  pods: number,
  others: { readonly scheduler: number | undefined; readonly extender: number | undefined },
): Promise<Measured> {
  const pids: Record<Process, number | undefined> = { ...plane.pids, ...others, bench: process.pid };
  const cpuMs = () => PROCESSES.map((name) => cpuMsOf(pids[name]));
  const bindings = await Bindings.watch(plane.admin);
  try {
    await first.create();
    await bindings.reach(first.pods);
    const [before, fromMs] = [cpuMs(), performance.now()];
    await rest.create();
    await bindings.reach(first.pods + pods);
    const seconds = (Math.max(...bindings.atMs.values()) - fromMs) / 1000;
    const after = cpuMs();
    const each = PROCESSES.map((name, i) => [name, (after[i]! - before[i]!) / pods]);
    return { podsPerSecond: pods / seconds, cpuMs: Object.fromEntries(each) as Measured['cpuMs'] };
  } finally {
    bindings.stop();
  }
}

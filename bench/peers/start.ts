import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../test/e2e/harness/control-plane.ts';
import { startKubeScheduler, type KubeSchedulerOptions } from '../../test/e2e/harness/kube-scheduler.ts';
import { MusterProcess } from '../../test/e2e/harness/muster.ts';
import { freePort, start, waitFor, type Started } from '../../test/e2e/harness/process.ts';

/** A scheduler that runs, with the programs whose processor time counts. */
export interface Running {
  readonly pids: { readonly scheduler: number; readonly muster?: number };
  readonly logFile: string;
  readonly stop: () => Promise<void>;
}

export interface StartContext {
  readonly plane: ControlPlane;
  /** Client requests a second; burst twice that. */
  readonly qps: number;
  /** Those that the side needs, in the same order. */
  readonly paths: readonly string[];
}

export type Start = (context: StartContext) => Promise<Running>;

/** The profile of kube-scheduler on every side that has one. */
export const PROFILE = 'muster';
const NAME = 'scheduler';

const runningOf = ({ child, logFile, stop }: Started, signal?: NodeJS.Signals): Running => ({
  pids: { scheduler: child.pid! },
  logFile,
  stop: () => stop(signal),
});

type Changes = Pick<KubeSchedulerOptions, 'gates' | 'inProfile' | 'program'>;

/** kube-scheduler with Kubernetes' defaults, except for the changes. */
export const startDefault =
  (changes: (paths: readonly string[]) => Changes = () => ({})): Start =>
  async ({ plane, qps, paths }) => {
    const options = { name: NAME, extender: undefined, isDefault: true, qps, profile: PROFILE, ...changes(paths) };
    return runningOf(await startKubeScheduler(plane, options));
  };

/** muster and its kube-scheduler as installed, except for muster's settings in `env` and the profile. */
export const startMuster =
  (env: Readonly<Record<string, string>> = {}, inProfile: Readonly<Record<string, unknown>> = {}): Start =>
  async ({ plane, qps }) => {
    const muster = new MusterProcess(plane, {
      name: 'muster',
      port: await freePort(),
      extenderPort: await freePort(),
      env,
    });
    muster.start();
    await muster.ready();
    const scheduler = await startKubeScheduler(plane, { name: NAME, extender: muster.extenderUrl, qps, inProfile });
    const stop = async () => {
      await scheduler.stop();
      await muster.kill('SIGTERM');
    };
    return { pids: { scheduler: scheduler.child.pid!, muster: muster.pid }, logFile: scheduler.logFile, stop };
  };

const DEFAULT_QUEUE = '/apis/scheduling.volcano.sh/v1beta1/queues/default/status';

/** vc-scheduler with the policy that is built into it. Its queue is opened here, in place of Volcano's controller. */
export const startVolcano: Start = async ({ plane, qps, paths: [program] }) => {
  const args = [
    `--kubeconfig=${plane.kubeconfig('scheduler')}`,
    '--leader-elect=false',
    `--kube-api-qps=${qps}`,
    `--kube-api-burst=${2 * qps}`,
    '--cache-dumper=false',
    `--listen-address=127.0.0.1:${await freePort()}`,
    '--enable-healthz=false',
    '--logtostderr=true',
    '--v=2',
  ];
  const started = start(program!, args, join(plane.folder, 'volcano.log'));
  const body = { status: { state: 'Open' } };
  const contentType = 'application/merge-patch+json';
  const open = () => plane.admin.request({ method: 'PATCH', path: DEFAULT_QUEUE, body, contentType });
  await waitFor("Volcano's queue", async () => open().then(() => true), started);
  return runningOf(started, 'SIGKILL');
};

/** YuniKorn, whose settings are in a ConfigMap; see prepare.ts. */
export const startYunikorn: Start = async ({ plane, paths: [program] }) => {
  const env = { KUBECONFIG: plane.kubeconfig('scheduler'), NAMESPACE: 'kube-system' };
  const started = start(program!, [], join(plane.folder, 'yunikorn.log'), env);
  // It takes pods only when it has read the nodes, and says so nowhere but in its log.
  await sleep(2000);
  return runningOf(started, 'SIGKILL');
};

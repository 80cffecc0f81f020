import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { ControlPlane } from './control-plane.ts';
import { freePort, start, type Started } from './process.ts';
import { inProject } from './root.ts';

/**
 * MUSTER_E2E_PERCENTAGE: percentageOfNodesToScore of every kube-scheduler with muster's configuration that a test starts,
 * such as 100; absent: as the file says.
 */
const PERCENTAGE = process.env['MUSTER_E2E_PERCENTAGE'];

const CONFIG = inProject('scheduler-config/dedicated.yaml');

export interface KubeSchedulerOptions {
  /** Where its muster listens; undefined: no extender (and a profile `default-scheduler`). */
  readonly extender: string | undefined;
  /** For its log and config. */
  readonly name: string;
  /** Lease durations in seconds, for tests of fail-over; undefined: no leader election. */
  readonly lease?: { readonly duration: number; readonly renew: number; readonly retry: number };
  /** The host name it runs under, which begins its identity in the lease. */
  readonly hostname?: string;
  /** Requests a second to the API server, burst twice that; undefined: as the file says. */
  readonly qps?: number;
  /** The name of its profile; undefined: the file's, or `default-scheduler` without an extender. */
  readonly profile?: string;
  /** Whether to take Kubernetes' defaults, gates included, for all that scheduler-config/dedicated.yaml sets. */
  readonly isDefault?: boolean;
  /** Another program than the control plane's: a kube-scheduler that was built with more plugins. */
  readonly program?: string;
  /** Feature gates beside those of docs/install.md, such as `GangScheduling=true`. */
  readonly gates?: readonly string[];
  /** What its profile has beside its name, such as percentageOfNodesToScore (0: by the size of the cluster). */
  readonly inProfile?: Readonly<Record<string, unknown>>;
  /** What it logs, such as `--vmodule=schedule_one=10`. */
  readonly logging?: readonly string[];
}

interface SchedulerConfig {
  apiVersion: string;
  kind: string;
  leaderElection: Record<string, unknown>;
  clientConnection: Record<string, unknown>;
  profiles: { schedulerName: string }[];
  extenders?: { urlPrefix: string }[];
}

/**
 * A real kube-scheduler with scheduler-config/dedicated.yaml, where only addresses, kubeconfig and lease are set, or
 * with Kubernetes' defaults.
 */
export async function startKubeScheduler(plane: ControlPlane, options: KubeSchedulerOptions): Promise<Started> {
  const { name, hostname, logging = [], program = plane.binaries.scheduler } = options;
  const file = join(plane.folder, `${name}.yaml`);
  writeFileSync(file, stringify(configOf(plane, options)));
  const args = [
    `--config=${file}`,
    `--secure-port=${await freePort()}`,
    '--bind-address=127.0.0.1',
    `--cert-dir=${join(plane.folder, `${name}-certs`)}`,
    `--authentication-kubeconfig=${plane.kubeconfig('admin')}`,
    `--authorization-kubeconfig=${plane.kubeconfig('admin')}`,
    ...gatesOf(plane, options),
    ...logging,
  ];
  const log = join(plane.folder, `${name}.log`);
  if (hostname === undefined) return start(program, args, log);
  // A UTS namespace of its own: two schedulers on one machine are told apart by their host names.
  const script = 'hostname "$0" && exec "$@"';
  return start('unshare', ['--uts', 'sh', '-c', script, hostname, program, ...args], log);
}

/** A kube-scheduler that does not know a gate refuses to start (component before-1-35). */
function gatesOf({ binaries }: ControlPlane, { isDefault = false, gates = [] }: KubeSchedulerOptions): string[] {
  const shipped = binaries.schedulerMinor >= 35 && !isDefault ? ['OpportunisticBatching=false'] : [];
  const all = [...shipped, ...gates];
  return all.length > 0 ? [`--feature-gates=${all.join(',')}`] : [];
}

function configOf(plane: ControlPlane, options: KubeSchedulerOptions): SchedulerConfig {
  const { extender, lease, qps, profile, inProfile = {}, isDefault = false } = options;
  const shipped = parse(readFileSync(CONFIG, 'utf8')) as SchedulerConfig;
  const config = isDefault ? defaultsFor(shipped) : shipped;
  config.clientConnection['kubeconfig'] = plane.kubeconfig('scheduler');
  if (qps !== undefined) Object.assign(config.clientConnection, { qps, burst: 2 * qps });
  config.leaderElection['leaderElect'] = lease !== undefined;
  if (lease) {
    config.leaderElection['leaseDuration'] = `${lease.duration}s`;
    config.leaderElection['renewDeadline'] = `${lease.renew}s`;
    config.leaderElection['retryPeriod'] = `${lease.retry}s`;
  }
  if (extender === undefined) {
    delete config.extenders;
    config.profiles = [{ ...config.profiles[0], schedulerName: profile ?? 'default-scheduler' }];
  } else for (const one of config.extenders!) one.urlPrefix = extender;
  const looked = PERCENTAGE === undefined || isDefault ? {} : { percentageOfNodesToScore: Number(PERCENTAGE) };
  config.profiles = config.profiles.map((one) => ({ ...one, ...looked, ...inProfile }));
  return config;
}

const defaultsFor = ({ apiVersion, kind }: SchedulerConfig): SchedulerConfig => ({
  apiVersion,
  kind,
  leaderElection: {},
  clientConnection: {},
  profiles: [],
});

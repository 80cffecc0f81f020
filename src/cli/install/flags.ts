import { MusterError } from '../../core/errors.ts';
import { PRESETS } from '../../core/policy/presets.ts';
import { inspectRules } from '../../intake/policy-file.ts';
import { VERSION } from '../../version.ts';
import { minorOf, MODES, OLDEST, type Choice, type Mode } from './choice.ts';
import type { Facts } from './facts.ts';

/** As commander hands them over; undefined: not given. */
export interface InstallFlags {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly mode?: Mode;
  readonly namespace?: string;
  readonly image?: string;
  readonly policy?: string;
  readonly replicas?: number;
  readonly kubeSchedulerVersion?: string;
  readonly webhook?: boolean;
  readonly alerts?: boolean;
  readonly dashboard?: boolean;
  readonly serviceMonitor?: boolean;
  readonly consoleRbac?: boolean;
  readonly provisioning?: boolean;
  readonly kubeconfig?: string;
  /** False: do not look at a cluster. */
  readonly cluster: boolean;
}

/** What deploy/ has: the version that the tests run. */
const USUAL_VERSION = '1.36.3';
export const USUAL_IMAGE = `registry.example.com/muster:${VERSION}`;
/** From so many nodes on, samples are faster: docs/install-modes.md, "A sample of the nodes". */
export const MANY_NODES = 2000;

/**
 * What the flags and the cluster say together; flags win.
 * @param facts undefined: no cluster was looked at
 * @throws MusterError MUSTER_USAGE naming the flag; MUSTER_POLICY_INVALID, MUSTER_FILE_UNREADABLE for --policy
 */
export function choiceOf(flags: InstallFlags, facts: Facts | undefined, readFile: (file: string) => string): Choice {
  const { mode = 'dedicated', image = USUAL_IMAGE, namespace = 'muster-system', replicas } = flags;
  const isMain = mode === 'main';
  const version = flags.kubeSchedulerVersion ?? facts?.version ?? USUAL_VERSION;
  const choice: Choice = {
    mode,
    namespace,
    image,
    version,
    replicas,
    policy: flags.policy === undefined ? undefined : policyOf(flags.policy, readFile),
    isSmall: facts !== undefined && facts.nodes < MANY_NODES,
    webhook: flags.webhook ?? false,
    alerts: flags.alerts ?? facts?.hasPrometheusOperator ?? false,
    dashboard: flags.dashboard ?? false,
    consoleRbac: flags.consoleRbac ?? false,
    provisioning: flags.provisioning ?? false,
    serviceMonitor: flags.serviceMonitor ?? (!isMain && (facts?.hasPrometheusOperator ?? false)),
  };
  refuse(choice);
  return choice;
}

function policyOf(policy: string, readFile: (file: string) => string): Choice['policy'] {
  if (PRESETS.has(policy)) return { preset: policy };
  const text = readFile(policy);
  inspectRules(text, policy);
  return { text };
}

const wrong = (flag: string, value: unknown, what: string) =>
  new MusterError('MUSTER_USAGE', `${flag}: ${JSON.stringify(value)}: ${what}.`);

/** @throws MusterError MUSTER_USAGE for what does not go together, or cannot be */
function refuse(choice: Choice): void {
  refuseValues(choice);
  const { mode, replicas } = choice;
  if (mode === 'service-mtls' && (replicas ?? 1) > 1)
    throw wrong('--replicas', replicas, 'with --mode service-mtls two replicas would both decide; leave it out');
  if (mode === 'main' && replicas !== undefined)
    throw wrong('--replicas', replicas, 'with --mode main muster is a static pod on each control-plane host');
  for (const { flag, field, modes, why } of ONLY_WITH)
    if (choice[field] && !modes.includes(mode)) throw wrong(flag, true, `not with --mode ${mode}, ${why}`);
}

const ONLY_WITH: readonly {
  readonly flag: string;
  readonly field: keyof Choice;
  readonly modes: readonly Mode[];
  readonly why: string;
}[] = [
  { flag: '--webhook', field: 'webhook', modes: ['dedicated', 'service-mtls'], why: 'which has no Service' },
  {
    flag: '--service-monitor',
    field: 'serviceMonitor',
    modes: ['dedicated', 'service-mtls'],
    why: 'whose ports are on the loopback',
  },
  { flag: '--console-rbac', field: 'consoleRbac', modes: ['dedicated'], why: 'docs/install.md says how' },
];

function refuseValues({ mode, namespace, image, version }: Choice): void {
  if (!MODES.includes(mode)) throw wrong('--mode', mode, `expected one of ${MODES.join(', ')}`);
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace))
    throw wrong('--namespace', namespace, 'expected small letters, digits and -, at most 63');
  if (!/^[a-z0-9][\w./:-]*(@sha256:[0-9a-f]{64})?$/i.test(image))
    throw wrong('--image', image, 'expected REGISTRY/NAME:TAG, or REGISTRY/NAME@sha256:...');
  if (!/^1\.\d+\.\d+$/.test(version)) throw wrong('--kube-scheduler-version', version, 'expected such as 1.36.3');
  if (minorOf(version) < OLDEST)
    throw wrong('--kube-scheduler-version', version, `muster needs Kubernetes 1.${OLDEST} or later`);
}

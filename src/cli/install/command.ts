import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { stringify } from 'yaml';
import { MusterError } from '../../core/errors.ts';
import { positiveWhole } from '../number-flags.ts';
import { changeLines } from './changes.ts';
import { MODES } from './choice.ts';
import { hasKubeconfig, lookAt, type Cluster } from './facts.ts';
import { choiceOf, type InstallFlags } from './flags.ts';
import { noteLines } from './notes.ts';
import { objectsOf, type Manifest } from './objects.ts';
import { ask, type Terminal } from './questions.ts';

/** Where the command writes, and whom it asks. */
export interface InstallStreams {
  readonly out: (text: string) => void;
  readonly note: (text: string) => void;
  /** Undefined: nobody is there to ask. */
  readonly terminal: Terminal | undefined;
}

type Run = (command: () => number | Promise<number>) => Promise<void>;

/** Adds `muster install`. */
export function addInstallCommand(program: Command, run: Run): void {
  program
    .command('install')
    .description(
      'print the manifests for this cluster, as deploy/ has them, and what they would change; nothing is applied (docs/install.md)',
    )
    .option('--dry-run', 'print them; required, and all that there is')
    .addOption(new Option('--mode <mode>', 'which kube-scheduler asks: an overlay of deploy/').choices(MODES))
    .option('--namespace <name>', 'namespace of muster; default: muster-system')
    .option('--image <image>', "muster's image, with its tag or digest")
    .option('--policy <policy>', 'policy file, or a preset; default: the policies for Spark')
    .option('--replicas <number>', 'replicas of muster; default: that of the mode', positiveWhole)
    .option('--kube-scheduler-version <version>', "version of kube-scheduler; default: the API server's")
    .option('--webhook', 'add the webhook, with cert-manager; docs/webhook.md')
    .option('--no-webhook', 'add no webhook')
    .option('--service-monitor', 'add a ServiceMonitor; default: where there is the Prometheus operator')
    .option('--no-service-monitor', 'add none')
    .option('--alerts', 'add alerts; default: where there is the Prometheus operator')
    .option('--no-alerts', 'add none')
    .option('--dashboard', "add the dashboard, for Grafana's sidecar")
    .option('--no-dashboard', 'add none')
    .option('--console-rbac', 'let readers see what they may list in the cluster; docs/security.md')
    .option('--provisioning', 'ask cluster-autoscaler for nodes for whole gangs; docs/autoscaling.md')
    .option('--kubeconfig <file>', 'kubeconfig of the cluster; default: as kubectl finds it')
    .option('--no-cluster', 'do not look at a cluster')
    .option('-y, --yes', 'ask nothing')
    .action((flags: InstallFlags) => run(() => installCommand(flags, usualStreams())));
}

const usualStreams = (): InstallStreams => ({
  out: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(text),
  terminal: process.stdin.isTTY && process.stderr.isTTY ? { input: process.stdin, output: process.stderr } : undefined,
});

/**
 * Prints manifests on `out`, and notes on `note`.
 * @returns the exit code
 * @throws MusterError
 */
export async function installCommand(flags: InstallFlags, streams: InstallStreams): Promise<number> {
  if (!flags.dryRun)
    throw new MusterError(
      'MUSTER_USAGE',
      'muster install applies nothing: muster install --dry-run | kubectl apply --server-side -f -.',
    );
  const cluster = await clusterOf(flags, streams);
  try {
    const { terminal, note } = streams;
    const answered = terminal && !flags.yes ? await ask(flags, cluster?.facts, terminal) : flags;
    const choice = choiceOf(answered, cluster?.facts, readText);
    const objects = objectsOf(choice);
    for (const line of noteLines(choice, cluster?.facts)) note(`# ${line}\n`);
    if (cluster) for (const line of await changes(objects, cluster)) note(`# ${line}\n`);
    streams.out(objects.map((object) => `---\n${stringify(object, { lineWidth: 0, singleQuote: true })}`).join(''));
    return 0;
  } finally {
    cluster?.close();
  }
}

/** A cluster that was named must answer; one that was found by itself may be away. */
async function clusterOf(flags: InstallFlags, { note }: InstallStreams): Promise<Cluster | undefined> {
  const isNamed = flags.kubeconfig !== undefined;
  if (!flags.cluster || !(isNamed || hasKubeconfig(process.env))) return undefined;
  try {
    return await lookAt(flags.kubeconfig);
  } catch (error) {
    if (isNamed || !(error instanceof MusterError) || error.code !== 'MUSTER_KUBE_CONFIG') throw error;
    note(`# ${error.what}\n`);
    return undefined;
  }
}

/** One after the other: there are some thirty objects. */
async function changes(objects: readonly Manifest[], { live }: Cluster): Promise<readonly string[]> {
  const pairs: { object: Manifest; live: Manifest | undefined }[] = [];
  for (const object of objects) pairs.push({ object, live: await live(object) });
  return changeLines(pairs);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `--policy ${file}: ${(cause as Error).message}.`, { cause });
  }
}

import { isMainThread } from 'node:worker_threads';
import { Command, InvalidArgumentError, Option } from 'commander';
import { checkCommand } from './cli/check.ts';
import { demoCommand, demoNodes, type DemoFlags } from './cli/demo.ts';
import { explainCommand, type ExplainFlags } from './cli/explain.ts';
import { generateCommand, type GenerateFlags } from './cli/generate.ts';
import { mergeCommand } from './cli/merge.ts';
import { replayCommand, type ReplayFlags } from './cli/replay.ts';
import type { SweepFlags } from './cli/sweep-cells.ts';
import { serveSweep } from './cli/sweep-thread.ts';
import { sweepCommand } from './cli/sweep.ts';
import { loadConfig } from './config.ts';
import { MusterError } from './core/errors.ts';
import { PROFILES } from './replay/generate/profiles.ts';
import { FORMATS } from './replay/trace/read-trace.ts';
import { serve } from './server/serve.ts';
import { VERSION } from './version.ts';

const FAILED = 1;
const MISUSED = 2;

const positive = (text: string) => numberFrom(text, (value) => value > 0, 'a number above 0');
const notNegative = (text: string) => numberFrom(text, (value) => value >= 0, 'a number from 0 on');
const whole = (text: string) =>
  numberFrom(text, (value) => Number.isSafeInteger(value) && value >= 0, 'a whole number from 0 on');

function numberFrom(text: string, isAllowed: (value: number) => boolean, wanted: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || !isAllowed(value)) throw new InvalidArgumentError(`It is not ${wanted}.`);
  return value;
}

const positiveWhole = (text: string) =>
  numberFrom(text, (value) => Number.isSafeInteger(value) && value > 0, 'a whole number from 1 on');

/** More is a slip of the finger. */
const MOST_NUMBERS = 10_000;

/** `1..8`, `1,2,5..7` */
function numbers(text: string): readonly number[] {
  const all = text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('..').map(whole);
    const count = last! - first! + 1;
    if (part.split('..').length > 2 || count < 1 || count > MOST_NUMBERS)
      throw new InvalidArgumentError('It is not a list of numbers and ranges, such as 1..8 or 1,2,5..7.');
    return Array.from({ length: count }, (_, i) => first! + i);
  });
  return [...new Set(all)];
}

const collect = (value: string, list: readonly string[] = []) => [...list, value];
const profiles = PROFILES.map(({ name }) => name).join(', ');

/** Runs a command; its exit code ends the process once output is written. Undefined: it serves on. */
function run(command: () => number | undefined | Promise<number | undefined>): Promise<void> {
  return Promise.resolve()
    .then(command)
    .then((code) => {
      if (code !== undefined) process.exitCode = code;
    })
    .catch(fail);
}

function fail(error: unknown): void {
  const isExpected = error instanceof MusterError;
  const isShort = isExpected && program.opts()['verbose'] === undefined;
  const text = isShort ? error.message : error instanceof Error ? String(error.stack) : String(error);
  process.stderr.write(`muster: ${text}\n`);
  process.exitCode = isExpected && error.code === 'MUSTER_USAGE' ? MISUSED : FAILED;
}

const program = new Command('muster')
  .description('A batch-aware Kubernetes scheduler extender: whole gangs or nobody.')
  .version(VERSION, '-V, --version', 'print the version')
  .option('--verbose', 'print where an error comes from')
  .configureHelp({ sortSubcommands: false })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : MISUSED));

program
  .command('serve')
  .description('serve the extender (flags before MUSTER_* environment before the config file before defaults)')
  .option('--config <file>', 'config file (YAML); docs/config.md')
  .option('--policy <file>', 'policy file, or a preset: kube-default, kube-preempt, fifo-gang, muster, muster-preempt')
  .option('--nodes <file>', 'nodes as kubectl get nodes -o json|yaml prints them')
  .option('--pods <file>', 'pods as kubectl get pods -A -o json|yaml prints them')
  .option('--demo', 'serve the embedded cluster instead of files')
  .option('--live', 'serve a live cluster: --kubeconfig, or the one this runs in')
  .option('--kubeconfig <file>', 'kubeconfig of the live cluster')
  .option('--scheduler-lease <namespace/name>', 'Lease of the kube-schedulers that ask; with more than one replica')
  .option('--webhook <file>', 'serve the mutating webhook by this file; docs/webhook.md')
  .option('--webhook-cert-file <file>', 'its certificate')
  .option('--webhook-key-file <file>', 'its key')
  .option('--host <address>', 'address to listen on')
  .option('--port <number>', 'TCP port; 0 takes a free one')
  .option('--reasons <one|all>', 'name one or all nodes in a rejection')
  .option('--log-level <level>', 'trace, debug, info, warn, error, silent')
  .action((flags: Record<string, string | boolean>) =>
    run(async () => {
      if (flags['demo'] && (flags['nodes'] ?? flags['pods']) !== undefined)
        throw new MusterError('MUSTER_USAGE', '--demo serves the embedded cluster: leave out --nodes and --pods.');
      const config = loadConfig(flags, process.env, flags['config'] as string | undefined);
      if (config.live) {
        if (flags['demo'] || (config.nodes ?? config.pods) !== undefined)
          throw new MusterError('MUSTER_USAGE', '--live reads the cluster: leave out --demo, --nodes and --pods.');
        // The client library takes 0.3 s and 75 MB to load: only where there is a cluster to talk to.
        const { serveLive } = await import('./server/live.ts');
        await serveLive(config);
      } else await serve(config, ...(flags['demo'] ? ([{ nodes: demoNodes(), pods: [] }] as const) : []));
      return undefined;
    }),
  );

/** What is replayed, and how: the same for one run and for many. */
const withWorkload = (command: Command) =>
  command
    .requiredOption('--nodes <file>', 'nodes: CSV of openb or PAI, kubectl output, groups in YAML, or preset:NAME')
    .option('--policy <file>', 'policy file or preset; repeat it to compare', collect)
    .option('--format <name>', `format of the trace, if its first line does not tell: ${FORMATS.join(', ')}`)
    .option('--speed <factor>', 'divide submission times by this', positive, 1)
    .option('--shorten <factor>', 'divide durations by this', positive, 1)
    .option('--load <factor>', 'divide the number of nodes by this', positive, 1)
    .option('--max-jobs <number>', 'at most so many jobs', whole)
    .option('--from-hours <hours>', 'only jobs from this hour of the trace on', notNegative)
    .option('--until-hours <hours>', 'only jobs before this hour of the trace', notNegative)
    .option('--cycle-ms <ms>', 'what one cycle of kube-scheduler takes', positive, 5)
    .option('--batch <number>', 'executors that a driver creates per second', positive, 5)
    .option('--node-failures <number>', 'node failures per day', notNegative, 0)
    .option(
      '--urgent <share>',
      "two priority classes in place of the trace's: this share of the jobs (0 to 1) is urgent",
      notNegative,
    )
    .option('--grace <seconds>', 'how long an evicted pod takes to go', notNegative, 10)
    .option('--lazy-backoff', 'back-off as before kube-scheduler 1.33');

const USUAL_POLICIES = ['kube-default', 'fifo-gang', 'muster'];

withWorkload(program.command('replay <trace>'))
  .description(`rehearse policies on a trace (${FORMATS.join(', ')}; or preset:NAME to generate one: ${profiles})`)
  .option('--seed <number>', 'seed of everything that is drawn', whole, 1)
  .option('--json <file>', 'write the result as JSON')
  .option('--report <file>', 'write the report as one HTML file')
  .action((trace: string, flags: ReplayFlags) =>
    run(() => replayCommand(trace, { ...flags, policy: flags.policy ?? USUAL_POLICIES })),
  );

withWorkload(program.command('sweep <trace>'))
  .description('replay every policy with every seed on every day, over threads; one JSON each, and one table')
  .option('--seeds <numbers>', 'seeds, such as 1..8 or 1,2,5..7', numbers, [1])
  .option('--days <numbers>', 'days of the trace, from 1 on, each by itself; default: the whole trace', numbers)
  .requiredOption('--out <folder>', 'where the JSON of each run goes')
  .option('--threads <number>', 'how many replays run at a time; default: one a core', positiveWhole)
  .option('--cell <number>', 'run this one alone, from 0 on, in this process', whole)
  .action((trace: string, flags: SweepFlags) =>
    run(() => sweepCommand(trace, { ...flags, policy: flags.policy ?? USUAL_POLICIES })),
  );

program
  .command('merge <file...>')
  .description('one table of the results of many runs: files of replay --json, folders of sweep')
  .action((files: readonly string[]) => run(() => mergeCommand(files)));

program
  .command('generate <profile>')
  .description(`write a synthetic trace: ${profiles}`)
  .option('--seed <number>', 'seed', whole, 1)
  .option('--days <number>', 'length in days', positive, 1)
  .option('-o, --out <file>', 'where to (.gz is packed); default: standard output')
  .option('--nodes <file>', "write the profile's nodes as well")
  .action((profile: string, flags: GenerateFlags) => run(() => generateCommand(profile, flags)));

program
  .command('explain <app>')
  .description("why an application waits, and what would help; by name, namespace/name, or its leader's pod")
  .option('--server <url>', 'where muster listens', 'http://127.0.0.1:8888')
  .option('-n, --namespace <name>', 'only in this namespace')
  .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
  .action((app: string, flags: ExplainFlags) =>
    run(() => explainCommand(app, flags, (text) => process.stdout.write(text))),
  );

program
  .command('check <file...>')
  .description('check policy files')
  .action((files: readonly string[]) => run(() => checkCommand(files)));

program
  .command('demo')
  .description('replay a real trace through the extender under three policies, then serve (npm start)')
  .option('--once', 'end after the comparison')
  .option('--port <number>', 'port to serve on afterwards')
  .option('--report <file>', 'where the report goes', 'muster-report.html')
  .action((flags: DemoFlags) => run(() => demoCommand(flags)));

/** `muster generate S | head`: who reads has seen enough. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

if (isMainThread) await program.parseAsync();
else serveSweep();

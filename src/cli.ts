import { isMainThread } from 'node:worker_threads';
import { Command, Option } from 'commander';
import type { CheckFlags } from './cli/check/check.ts';
import { addCompletion, COMPLETE, complete } from './cli/completion/commands.ts';
import { addCostCommand } from './cli/cost.ts';
import type { DemoFlags } from './cli/demo.ts';
import type { GenerateFlags } from './cli/generate.ts';
import { addHistoryCommands } from './cli/history/commands.ts';
import { addImportCommand } from './cli/import/commands.ts';
import { addInstallCommand } from './cli/install/command.ts';
import { addIslandsOptions } from './cli/islands-command.ts';
import { notNegative, numbers, positive, positiveWhole, share, whole } from './cli/number-flags.ts';
import { programName } from './cli/program-name.ts';
import type { ReplayFlags } from './cli/replay.ts';
import { addServerCommands } from './cli/server-commands.ts';
import { versionText } from './cli/version-text.ts';
import { warnOfVariables } from './cli/environment.ts';
import type { SizeFlags } from './cli/size.ts';
import type { OutFlags } from './cli/sweep-out.ts';
import type { SweepFlags } from './cli/sweep.ts';
import type { WhyFlags } from './cli/why.ts';
import { loadConfig } from './config.ts';
import { MusterError } from './core/errors.ts';
import { PROFILES } from './replay/generate/profiles.ts';
import { DEFAULT_REPLAY, FORECAST_MODES } from './replay/options.ts';
import type { GroupBy } from './replay/result.ts';
import { FORMATS } from './replay/trace/read-trace.ts';
import { DEFAULT_WORK, type WorkModel } from './replay/work-model.ts';

const FAILED = 1;
const MISUSED = 2;

const collect = (value: string, list: readonly string[] = []) => [...list, value];
const profiles = PROFILES.map(({ name }) => name).join(', ');

/**
 * Runs a command and sets its exit code, so that the process ends when its output is written. Undefined: it serves on.
 */
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

/** Commands that read MUSTER_* variables: those that serve, and those that ask a server. */
const readsSettings = (command: Command) =>
  ['serve', 'demo'].includes(command.name()) || command.options.some(({ long }) => long === '--server');

const program = new Command(programName(process.argv[1]))
  .description('A batch-aware Kubernetes scheduler extender: whole gangs or nobody.')
  .version(versionText, '-V, --version', 'print the version, and the commit that it was built from')
  .option('--verbose', 'print where an error comes from')
  .configureHelp({ sortSubcommands: false })
  .hook('preAction', (_program, command) => {
    if (readsSettings(command)) warnOfVariables();
  })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : MISUSED));

program
  .command('serve')
  .description('serve the extender (a flag overrides MUSTER_* in the environment, which overrides the config file)')
  .option('--config <file>', 'config file (YAML); docs/config.md')
  .option(
    '--policy <file>',
    'policy file, or a preset: kube-default, kube-no-preemption, fifo-gang, muster, muster-preempt, muster-fair, kueue-like, yunikorn-like',
  )
  .option('--nodes <file>', 'output of kubectl get nodes -o json|yaml')
  .option('--pods <file>', 'output of kubectl get pods -A -o json|yaml')
  .option('--demo', 'serve a made-up cluster on which jobs come, wait, run and end, 30 times as fast as in life')
  .option('--live', 'serve a live cluster: that of --kubeconfig, or the one that muster runs in')
  .option('--kubeconfig <file>', 'kubeconfig of the live cluster')
  .option(
    '--scheduler-lease <namespace/name>',
    'Lease of the kube-schedulers that call muster; required with several replicas',
  )
  .option('--history <file>', 'history file to start with; docs/run-times.md')
  .option('--history-key-file <file>', 'keep keyed hashes in place of names in the history')
  .option('--history-namespace <name>', 'namespace of the ConfigMaps that keep the history')
  .option('--webhook <file>', 'serve the mutating webhook with the rules of this file; docs/webhook.md')
  .option('--webhook-cert-file <file>', 'certificate of the webhook')
  .option('--webhook-key-file <file>', 'key of the webhook certificate')
  .option('--host <address>', 'address of /v1, metrics and health; without --live, of the extender verbs as well')
  .option('--port <number>', 'TCP port of the same; 0 picks a free one')
  .option('--extender-host <address>', 'with --live: address of the extender verbs')
  .option('--extender-port <number>', 'with --live: TCP port of the extender verbs; 0 picks a free one')
  .option('--reasons <one|all>', 'whether a rejection names one node or all')
  .option('--log-level <level>', 'trace, debug, info, warn, error, silent')
  .option('--log-format <format>', 'json, pretty (readable), auto: pretty on a terminal')
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
        return undefined;
      }
      if (flags['demo']) await (await import('./cli/living/serve.ts')).serveLiving(config);
      else await (await import('./server/serve.ts')).serve(config);
      return undefined;
    }),
  );

const { forecasts } = DEFAULT_REPLAY;
const WORK_MODELS = ['spark', 'gang'] satisfies WorkModel[];

/** Adds the options that say when jobs work, and how fast. */
const withWorkModel = (command: Command) =>
  command
    .addOption(
      new Option('--work <model>', "when a job works; default: the trace's own model (docs/replay.md)").choices(
        WORK_MODELS,
      ),
    )
    .option(
      '--min-registered-ratio <share>',
      'spark: share of its executors with which a job begins',
      share,
      DEFAULT_WORK.minRegisteredRatio,
    )
    .option(
      '--max-registered-wait <seconds>',
      'spark: a job begins after this time with the executors that it has',
      notNegative,
      DEFAULT_WORK.maxRegisteredWaitMs / 1000,
    )
    .option(
      '--serial-fraction <share>',
      "share of a job's time that more workers do not shorten (Amdahl's law)",
      share,
      DEFAULT_WORK.serialFraction,
    );

/** Adds the options that say what is replayed, and on what. */
const withTrace = (command: Command) =>
  command
    .requiredOption(
      '--nodes <file>',
      'nodes: CSV of openb or PAI, kubectl output, groups in YAML, or preset:NAME; - for standard input',
    )
    .option('--policy <file>', 'policy file or preset; repeat it to compare', collect)
    .option('--format <name>', `format of the trace, if its first line does not identify it: ${FORMATS.join(', ')}`)
    .option('--speed <factor>', 'make submissions this many times denser; durations stay', positive, 1)
    .option('--shorten <factor>', 'make jobs this many times shorter', positive, 1)
    .option('--load <factor>', 'divide the number of nodes by this', positive, 1)
    .option('--offered <load>', 'as many of the nodes as make the offered load this, such as 0.9', positive)
    .option('--max-jobs <number>', 'at most this many jobs', whole)
    .option('--from-hours <hours>', 'only jobs submitted at or after this hour of the trace', notNegative)
    .option('--until-hours <hours>', 'only jobs submitted before this hour of the trace', notNegative)
    .option('--cycle-ms <ms>', 'duration of one kube-scheduler cycle', positive, 5)
    .option('--batch <number>', 'executors that a driver creates per second', positive, 5)
    .option('--node-failures <number>', 'node failures per day', notNegative, 0)
    .option(
      '--urgent <share>',
      "replace the trace's priorities by two: this share of the jobs (0 to 1) is urgent",
      notNegative,
    )
    .option('--grace <seconds>', 'how long an evicted pod takes to terminate', notNegative, 10)
    .option('--lazy-backoff', 'use the back-off of kube-scheduler before 1.33');

/** Adds the options that say what muster knows about run times; workload.ts has the default of the first. */
const withForecasts = (command: Command) =>
  command
    .addOption(
      new Option(
        '--forecasts <from>',
        'what muster knows about run times; default: learned, from the jobs that end (docs/replay.md)',
      ).choices(FORECAST_MODES),
    )
    .option(
      '--forecast-known <share>',
      `declared: share of the jobs with an estimate (default: ${forecasts.known})`,
      share,
    )
    .option(
      '--forecast-error <sigma>',
      `declared: how far off the estimates are, as a deviation of logarithms (default: ${forecasts.error})`,
      notNegative,
    );

/** Adds the options that replay, sweep and size share: the workload and how it runs. */
const withWorkload = (command: Command) => withForecasts(withWorkModel(withTrace(command)));

const GROUPINGS = ['queue', 'namespace', 'user', 'priority', 'size'] satisfies GroupBy[];

const USUAL_POLICIES = ['kube-default', 'fifo-gang', 'muster'];

withWorkload(program.command('replay <trace>'))
  .description(
    `rehearse policies on a trace (${FORMATS.join(', ')}; - for standard input; or preset:NAME to generate one: ${profiles})`,
  )
  .option('--seed <number>', 'seed of the random draws', whole, 1)
  .option('--nodes-count <number>', 'this many of the nodes', positiveWhole)
  .option('--json <file>', 'write the result as JSON; - for standard output')
  .option('--jobs <file>', 'write what happened to each job, as .csv or .ndjson (and .gz); - for standard output')
  .option('--report <file>', 'write the report as one HTML file; - for standard output')
  .addOption(new Option('--by <what>', 'print waits and slowdowns by this, too').choices(GROUPINGS))
  .option('--notes', 'print all notes on the trace and the simulation')
  .action((trace: string, flags: ReplayFlags) =>
    run(async () =>
      (await import('./cli/replay.ts')).replayCommand(trace, { ...flags, policy: flags.policy ?? USUAL_POLICIES }),
    ),
  );

/** Adds the options of commands that run many replays. */
const withRuns = (command: Command) =>
  withWorkload(command)
    .option(
      '--set <field=values>',
      'try these values of a policy field, such as queue.blockAfter=0,10m,never, or POLICY:field=... for one policy; of queues.PATH, fairness or rates, such as queues.prod.etl.weight=1,2 or fairness.memory=0,1; repeat it for a grid',
      collect,
    )
    .option('--seeds <numbers>', 'seeds, such as 1..8 or 1,2,5..7', numbers, [1])
    .option('--threads <number>', 'how many replays run at a time; default: one per core', positiveWhole)
    .option('--cell-timeout <seconds>', 'give a replay up after this time', positive)
    .option('--stall <seconds>', 'give a replay up whose simulated time stands still for this long', positive, 120);

/** Adds the options of commands that compare many results. */
const withResults = (command: Command) =>
  command
    .option('--baseline <policy>', 'the policy that the others are compared with; default: the first')
    .option('--json <file>', 'write all results as JSON; - for standard output')
    .option('--csv <file>', 'write the figures of each run as CSV; - for standard output')
    .option('--report <file>', 'write the report as one HTML file; - for standard output');

withResults(withRuns(program.command('sweep <trace>')))
  .description('replay every policy with every seed, day, setting and set of nodes, and compare them')
  .option(
    '--days <numbers>',
    'days of the trace (the first is 1), each replayed by itself; default: the whole trace',
    numbers,
  )
  .option('--nodes-count <numbers>', 'try these numbers of nodes, such as 50,60,70 or 50..60', numbers)
  .option('--out <folder>', 'folder for the JSON of each run, as soon as it ends')
  .option('--cell <number>', 'run only this cell (the first is 0); needs --out', whole)
  .action((trace: string, flags: SweepFlags) =>
    run(async () =>
      (await import('./cli/sweep.ts')).sweepCommand(trace, { ...flags, policy: flags.policy ?? USUAL_POLICIES }),
    ),
  );

withRuns(program.command('size <trace>'))
  .description('find the least number of nodes with which a goal is met')
  .requiredOption(
    '--for <goal>',
    "'p95 wait <= 10m' (mean, p50, p95, p99, max of wait, completion, slowdown), 'done = all', 'deadlines missed <= 0'; repeat it for several",
    collect,
  )
  .option('--nodes-count <numbers>', 'the numbers to search, such as 50..120; default: 1 to 4 times the nodes', numbers)
  .action((trace: string, flags: SizeFlags) =>
    run(async () =>
      (await import('./cli/size.ts')).sizeCommand(trace, { ...flags, policy: flags.policy ?? ['muster'] }),
    ),
  );

addIslandsOptions(
  withWorkload(program.command('islands <trace>')).option('--seed <number>', 'seed of the random draws', whole, 1),
  run,
);

withResults(program.command('merge <file...>'))
  .description('compare the results of many runs: files of replay --json and sweep --json, folders of sweep --out')
  .action((files: readonly string[], flags: OutFlags) =>
    run(async () => (await import('./cli/merge.ts')).mergeCommand(files, flags)),
  );

program
  .command('why <job> <file>')
  .description('tell what a job of a replay waited for, from the file that replay --jobs wrote')
  .option('--policy <name>', 'only under this policy, with all phases')
  .action((job: string, file: string, flags: WhyFlags) =>
    run(async () => (await import('./cli/why.ts')).whyCommand(job, file, flags)),
  );

addCostCommand(program, run);

program
  .command('generate <profile>')
  .description(`write a synthetic trace: ${profiles}`)
  .option('--seed <number>', 'seed', whole, 1)
  .option('--days <number>', 'length in days', positive, 1)
  .option('-o, --out <file>', 'file to write (compressed if it ends in .gz); default: standard output')
  .option('--nodes <file>', "write the profile's nodes as well")
  .action((profile: string, flags: GenerateFlags) =>
    run(async () => (await import('./cli/generate.ts')).generateCommand(profile, flags)),
  );

addServerCommands(program, run);

addCompletion(program, run);

addHistoryCommands(program, run);

addImportCommand(program, run);

program
  .command('check <file...>')
  .description(
    'validate policy files (and show their queues), config files, rules of the webhook and KubeSchedulerConfigurations; docs/cli.md',
  )
  .option('--cluster', 'compare guarantees with the nodes of the cluster that kubectl talks to')
  .option('--kubeconfig <file>', 'kubeconfig of that cluster')
  .option('--nodes <file>', 'compare guarantees with these nodes: as replay reads them, or preset:NAME')
  .action((files: readonly string[], flags: CheckFlags) =>
    run(async () => (await import('./cli/check/check.ts')).checkCommand(files, flags)),
  );

addInstallCommand(program, run);

program
  .command('demo')
  .description('replay a real trace through the extender under four policies, then serve (npm start)')
  .option('--once', 'exit after the comparison')
  .option('--port <number>', 'port to serve on after the comparison')
  .option('--report <file>', 'file for the report', 'muster-report.html')
  .action((flags: DemoFlags) => run(async () => (await import('./cli/demo.ts')).demoCommand(flags)));

/** `muster generate S | head`: the reader may close the pipe early. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

if (!isMainThread) await (await import('./cli/sweep-thread.ts')).serveCell();
else if (process.argv[2] === COMPLETE) await complete(program, process.argv.slice(3));
else await program.parseAsync();

import { Option, type Command } from 'commander';
import { NODE_SORTS, PHASES, SORTS, WAITS_FOR } from './choices.ts';
import type { DecisionsFlags } from './decisions.ts';
import type { EtaFlags } from './eta.ts';
import type { ExplainFlags } from './explain.ts';
import { FORMATS_OF_LISTS, FORMATS_OF_ONE, withOutput, withWatch, type Out } from './formats.ts';
import type { GangsFlags } from './gangs.ts';
import type { NodesFlags } from './nodes.ts';
import { positiveWhole } from './number-flags.ts';
import type { QueuesFlags } from './queues.ts';
import { withServer } from './server/flags.ts';
import type { TopFlags } from './top/top.ts';
import type { VersionFlags } from './version.ts';
import { viewOf } from './view.ts';

export type Run = (command: () => number | undefined | Promise<number | undefined>) => Promise<void>;

const out: Out = { write: (text) => process.stdout.write(text), view: () => viewOf() };
const ALL_NAMESPACES = ['-A, --all-namespaces', 'of all namespaces: the default, as long as -n is absent'] as const;

/** Adds the commands that ask a muster that serves. Each loads what it needs when it runs. */
export function addServerCommands(program: Command, run: Run): void {
  addGangs(program, run);
  addQueues(program, run);
  addNodes(program, run);
  addTop(program, run);
  addExplain(program, run);
  addEta(program, run);
  addDecisions(program, run);
  addVersion(program, run);
}

function addGangs(program: Command, run: Run): void {
  const command = program
    .command('gangs')
    .alias('gang')
    .description('list gangs: what waits, in order, with position, reason and expected start; and what runs')
    .option('-n, --namespace <name>', 'only of this namespace')
    .option(...ALL_NAMESPACES)
    .option('--queue <path>', 'only of this queue and those below it')
    .addOption(new Option('--phase <phase>', 'only in this phase').choices(PHASES))
    .option('--user <name>', 'only of this user')
    .addOption(new Option('--waits-for <what>', 'only what waits for this').choices(WAITS_FOR))
    .option('--search <text>', 'only where the name of the gang, its leader, queue or user has this in it')
    .addOption(new Option('--sort <by>', 'order of the list').choices(SORTS).default('position'))
    .option('--desc', 'the other way round')
    .option('--limit <number>', 'print at most so many', positiveWhole);
  withServer(withWatch(withOutput(command, FORMATS_OF_LISTS))).action((flags: GangsFlags) =>
    run(async () => (await import('./gangs.ts')).gangsCommand(flags, out)),
  );
}

function addQueues(program: Command, run: Run): void {
  const command = program
    .command('queues [path]')
    .alias('queue')
    .description(
      'show what each queue holds and what it should have; of PATH, such as prod.etl, also its users and rules, and the queues below it',
    )
    .option('--resource <name>', 'the resource of the table', 'cpu')
    .option('--tree', 'indent names instead of printing whole paths')
    .option('--json', 'the same as --output json');
  withServer(withWatch(withOutput(command, FORMATS_OF_LISTS))).action(
    (path: string | undefined, { json, ...flags }: QueuesFlags & { readonly json?: true }) =>
      run(async () => {
        const { queuesCommand } = await import('./queues.ts');
        return queuesCommand(path, json ? { ...flags, output: 'json' } : flags, out.write, out.view);
      }),
  );
}

function addNodes(program: Command, run: Run): void {
  const command = program
    .command('nodes')
    .alias('node')
    .description('show what of the nodes is used, reserved, free and stranded, by zone, rack or pool')
    .option('--by <label>', 'put nodes together by this topology label, or its last part; node: do not')
    .option('--resource <name>', 'the resource of the table; default: cpu')
    .addOption(new Option('--sort <by>', 'order of the lines; figures: the most first').choices(NODE_SORTS));
  withServer(withWatch(withOutput(command, FORMATS_OF_LISTS))).action((flags: NodesFlags) =>
    run(async () => (await import('./nodes.ts')).nodesCommand(flags, out)),
  );
}

function addTop(program: Command, run: Run): void {
  const command = program
    .command('top')
    .description('watch queues, the first gangs that wait, and decisions, on the whole screen; q ends it')
    .option('-n, --namespace <name>', 'only gangs of this namespace')
    .option('--resource <name>', 'the resource of the bars; left and right change it', 'cpu');
  withServer(command).action((flags: TopFlags) =>
    run(async () => (await import('./top/top.ts')).topCommand(flags, process)),
  );
}

function addExplain(program: Command, run: Run): void {
  const command = program
    .command('explain <app>')
    .description(
      'explain why an application waits and what would help; APP is its name, namespace/name, or its leader pod',
    )
    .option('-n, --namespace <name>', 'only in this namespace')
    .option(...ALL_NAMESPACES);
  withServer(withWatch(withOutput(command, FORMATS_OF_ONE))).action((app: string, flags: ExplainFlags) =>
    run(async () => (await import('./explain.ts')).explainCommand(app, flags, out.write, out.view)),
  );
}

function addEta(program: Command, run: Run): void {
  const command = program
    .command('eta <file|app>')
    .description(
      'tell when an app would start if it were submitted now (FILE: its Pod, Job or SparkApplication), or when one that waits starts (APP)',
    )
    .option('-n, --namespace <name>', 'look for APP only in this namespace')
    .option('--json', 'the same as --output json');
  withServer(withOutput(command, ['text', 'json', 'yaml'], 'text')).action(
    (target: string, { json, ...flags }: EtaFlags & { readonly json?: true }) =>
      run(async () => {
        const { etaCommand } = await import('./eta.ts');
        return etaCommand(target, json ? { ...flags, output: 'json' } : flags, out.write, out.view);
      }),
  );
}

function addDecisions(program: Command, run: Run): void {
  const command = program
    .command('decisions')
    .description('print what muster decided lately, the oldest first')
    .option('--gang <namespace/name>', 'only about this gang')
    .option('--limit <number>', 'so many of the past', positiveWhole, 100)
    .option('-f, --follow', 'go on with what it decides from now on');
  withServer(withOutput(command, FORMATS_OF_ONE)).action((flags: DecisionsFlags) =>
    run(async () => (await import('./decisions.ts')).decisionsCommand(flags, out)),
  );
}

function addVersion(program: Command, run: Run): void {
  const command = program
    .command('version')
    .description('print the version of this program, and of the muster that it finds')
    .option('--client', 'only of this program');
  withServer(withOutput(command, FORMATS_OF_ONE)).action((flags: VersionFlags) =>
    run(async () => (await import('./version.ts')).versionCommand(flags, out)),
  );
}

import { Option, type Command } from 'commander';
import { importQueuesCommand } from './import/import-queues.ts';
import { queuesCommand, type QueuesFlags } from './queues.ts';

type Run = (command: () => number | Promise<number>) => Promise<void>;

/** Adds `muster queues`, and `muster import queues`. */
export function addQueueCommands(program: Command, run: Run): void {
  program
    .command('queues [path]')
    .description(
      'show what each queue holds and what it should have; of PATH, such as prod.etl, also its users and rules, and the queues below it',
    )
    .option('--server <url>', 'URL of muster', 'http://127.0.0.1:8888')
    .option('--resource <name>', 'the resource of the table', 'cpu')
    .option('--tree', 'indent names instead of printing whole paths')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--json', 'the same as --output json')
    .action((path: string | undefined, { json, ...flags }: QueuesFlags & { readonly json?: true }) =>
      run(() => queuesCommand(path, json ? { ...flags, output: 'json' } : flags, (text) => process.stdout.write(text))),
    );

  program
    .command('import')
    .description("make a policy file of another scheduler's queues (docs/coming-from.md)")
    .command('queues <file...>')
    .description(
      'from queues.yaml of YuniKorn, Queues of Volcano, ClusterQueues, Cohorts and LocalQueues of Kueue, ElasticQuotas; - for standard input',
    )
    .action((files: readonly string[]) => run(() => importQueuesCommand(files)));
}

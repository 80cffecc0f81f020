import type { Command } from 'commander';
import type { HistoryImportFlags } from './import.ts';
import type { HistoryShowFlags } from './show.ts';

type Run = (command: () => Promise<number>) => Promise<void>;

/** Adds `muster history` and its commands. */
export function addHistoryCommands(program: Command, run: Run): void {
  const history = program.command('history').description('what is known of how long runs take (docs/run-times.md)');
  const withConfigMaps = (command: Command) =>
    command.option('--history-namespace <name>', 'namespace of the ConfigMaps muster-history', 'muster-system');

  withConfigMaps(history.command('show [file]'))
    .description('show it: of a history file, or of the cluster that --kubeconfig or kubectl talks to')
    .option('--kubeconfig <file>', 'kubeconfig of the cluster')
    .option('--all', 'all keys, not only those with the most runs')
    .option('--json', 'as JSON')
    .action((file: string | undefined, flags: HistoryShowFlags) =>
      run(async () => {
        const { historyShowCommand } = await import('./show.ts');
        return historyShowCommand(file, flags, (text) => process.stdout.write(text));
      }),
    );

  withConfigMaps(history.command('import <source...>'))
    .description(
      "learn from past runs: Spark's event logs and folders of them, its History Server's JSON, files of replay --jobs",
    )
    .option('-o, --out <file>', 'history file to write (compressed if it ends in .gz); default: standard output')
    .option('--configmap', 'write the ConfigMaps for kubectl apply --server-side instead')
    .option('-n, --namespace <name>', 'namespace of the apps whose records do not say it')
    .option('--queue <name>', 'queue of the apps whose records do not say it', 'default')
    .option('--key-file <file>', 'write keyed hashes in place of names, with the key in this file')
    .action((sources: readonly string[], flags: HistoryImportFlags) =>
      run(async () => (await import('./import.ts')).historyImportCommand(sources, flags)),
    );
}

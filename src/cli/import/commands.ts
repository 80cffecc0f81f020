import type { Command } from 'commander';

type Run = (command: () => number | Promise<number>) => Promise<void>;

/** Adds `muster import queues`. */
export function addImportCommand(program: Command, run: Run): void {
  program
    .command('import')
    .description("make a policy file of another scheduler's queues (docs/coming-from.md)")
    .command('queues <file...>')
    .description(
      'from queues.yaml of YuniKorn, Queues of Volcano, ClusterQueues, Cohorts and LocalQueues of Kueue, ElasticQuotas; - for standard input',
    )
    .action((files: readonly string[]) =>
      run(async () => (await import('./import-queues.ts')).importQueuesCommand(files)),
    );
}

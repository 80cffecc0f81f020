import { Option, type Command } from 'commander';
import type { IslandKey } from '../replay/islands.ts';
import type { IslandsFlags } from './islands.ts';
import { positiveWhole } from './number-flags.ts';

const KEYS = ['queue', 'namespace', 'user'] satisfies IslandKey[];

/** @param command with the options of the workload @param run runs an action and exits with its code */
export function addIslandsOptions(command: Command, run: (action: () => Promise<number>) => Promise<void>): void {
  command
    .description('compare one shared cluster with a cluster for each queue: waits, nodes and cost; docs/cost.md')
    .option('--nodes-count <number>', 'this many of the nodes', positiveWhole)
    .addOption(new Option('--by <what>', 'what has a cluster of its own').choices(KEYS).default('queue'))
    .option('--same-nodes', 'only divide the nodes: do not look for how many each island needs')
    .option('--json <file>', 'write the result as JSON; - for standard output')
    .action((trace: string, flags: IslandsFlags) =>
      run(async () => (await import('./islands.ts')).islandsCommand(trace, flags)),
    );
}

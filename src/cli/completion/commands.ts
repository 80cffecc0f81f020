import { Argument, type Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish', 'kubectl'] as const;

type Run = (command: () => Promise<number>) => Promise<void>;

/** Adds `muster completion SHELL`. */
export function addCompletion(program: Command, run: Run): void {
  program
    .command('completion')
    .description('print the script that completes commands, flags, gangs and queues; docs/cli.md')
    .addArgument(new Argument('<shell>', 'kubectl: for kubectl muster').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) =>
      run(async () => {
        process.stdout.write((await import('./scripts.ts')).SCRIPTS[shell]);
        return 0;
      }),
    );
}

/** What the scripts call, before the command line is parsed: it is not finished. */
export const COMPLETE = '__complete';

/** Prints the words that may come next, and never an error: the shell shows nothing then. */
export async function complete(program: Command, words: readonly string[]): Promise<void> {
  const { suggestionsFor } = await import('./suggest.ts');
  const { askServer } = await import('./ask-server.ts');
  const found = await suggestionsFor(program, words, askServer);
  const line = ({ word, about }: { word: string; about: string }) => `${oneWord(word)}\t${about}\n`;
  const usable = (found ?? []).filter(({ word }) => oneWord(word) === word);
  process.stdout.write(`${usable.map(line).join('')}${found ? ':none' : ':file'}\n`);
}

/** Names come from tenants, and a shell reads them: only those that need no quotes are told. */
const oneWord = (word: string) => word.replaceAll(/[^\w./:=@%+,-]/g, '');

import type { Command, Option } from 'commander';

/** A word that may come next, and what it means. */
export interface Suggestion {
  readonly word: string;
  readonly about: string;
}

/** What only a server knows. */
export type Asked = 'gang' | 'queue' | 'namespace';

/** Names that the server knows, for the words of the command line so far. */
export type Ask = (what: Asked, words: readonly string[]) => Promise<readonly Suggestion[]>;

/** Options and arguments whose values are names in the cluster. */
const OPTIONS: Readonly<Record<string, Asked>> = { '--gang': 'gang', '--queue': 'queue', '--namespace': 'namespace' };
const ARGUMENTS: Readonly<Record<string, Asked>> = { app: 'gang', 'file|app': 'gang' };

/**
 * The words that may come next.
 * @param words the command line behind the program's name; the last word is being typed, and may be empty
 * @returns undefined: a file is meant, or anything else that the shell itself completes
 */
export async function suggestionsFor(
  program: Command,
  words: readonly string[],
  ask: Ask,
): Promise<readonly Suggestion[] | undefined> {
  const typed = words.at(-1) ?? '';
  const { command, before, given } = walked(program, words.slice(0, -1));
  const startsSo = (all: readonly Suggestion[]) => all.filter(({ word }) => word.startsWith(typed));
  const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(typed) ?? [];
  if (long !== undefined) {
    const all = await valuesOf(optionNamed(command, program, long), words, ask);
    return all
      ?.filter(({ word }) => word.startsWith(value!))
      .map(({ word, about }) => ({ word: `${long}=${word}`, about }));
  }
  if (before) {
    const values = await valuesOf(before, words, ask);
    return values ? startsSo(values) : isFile(before) ? undefined : [];
  }
  if (typed.startsWith('-')) return startsSo(optionsOf(command, program));
  const commands = subcommandsOf(command);
  if (commands.length > 0) return startsSo(commands);
  const argument =
    command.registeredArguments[given] ?? command.registeredArguments.findLast(({ variadic }) => variadic);
  if (!argument) return [];
  if (argument.argChoices) return startsSo(argument.argChoices.map((word) => ({ word, about: '' })));
  const what = argument.name() === 'path' && command.name() === 'queues' ? 'queue' : ARGUMENTS[argument.name()];
  const names = what === undefined ? [] : startsSo(await ask(what, words));
  return names.length > 0 || argument.name() === 'app' || what === 'queue' ? names : undefined;
}

interface Walked {
  readonly command: Command;
  /** The option whose value is being typed. */
  readonly before: Option | undefined;
  /** How many arguments the command has. */
  readonly given: number;
}

/** Follows the words to the command that they name. */
function walked(program: Command, words: readonly string[]): Walked {
  let command = program;
  let [given, isLiteral] = [0, false];
  let before: Option | undefined;
  for (const word of words) {
    if (before) before = undefined;
    else if (word === '--') isLiteral = true;
    else if (!isLiteral && word.startsWith('-') && word !== '-') {
      const option = word.includes('=') ? undefined : optionNamed(command, program, word);
      before = option?.required ? option : undefined;
    } else {
      const next =
        given === 0 ? command.commands.find((one) => one.name() === word || one.aliases().includes(word)) : undefined;
      if (next) command = next;
      else given++;
    }
  }
  return { command, before, given };
}

const optionNamed = (command: Command, program: Command, name: string) =>
  [...command.options, ...program.options].find(({ long, short }) => long === name || short === name);

async function valuesOf(
  option: Option | undefined,
  words: readonly string[],
  ask: Ask,
): Promise<readonly Suggestion[] | undefined> {
  if (!option) return [];
  if (option.argChoices) return option.argChoices.map((word) => ({ word, about: '' }));
  const what = OPTIONS[option.long ?? ''];
  return what === undefined ? undefined : ask(what, words);
}

/** A file is the usual value of an option. */
const isFile = ({ flags }: Option) => /<(file|folder)/.test(flags);

/** The long names; of a command itself before those of the program. */
function optionsOf(command: Command, program: Command): Suggestion[] {
  const all = command.createHelp().visibleOptions(command);
  const more = command === program ? [] : program.options;
  return [...all, ...more].flatMap(({ long, description }) =>
    long ? [{ word: long, about: firstOf(description) }] : [],
  );
}

const subcommandsOf = (command: Command): Suggestion[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ word: one.name(), about: firstOf(one.description()) }));

/** What stands beside a word is short. */
const firstOf = (text: string) =>
  text
    .split(/[;:,(]/)[0]!
    .trim()
    .slice(0, 60);

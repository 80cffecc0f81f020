import { Command } from 'commander';
import { gangRows, queuesOf } from '../muster-api.ts';
import { connect } from '../server/connect.ts';
import { withServer, type ServerFlags } from '../server/flags.ts';
import type { Asked, Suggestion } from './suggest.ts';

/** Who presses TAB does not wait longer. */
const PATIENCE_MS = 1500;
const MOST = 1000;

/**
 * Names that the muster of this command line knows; nothing where none answers soon.
 * @param words of the command line; its options say which muster is asked
 */
export async function askServer(what: Asked, words: readonly string[]): Promise<readonly Suggestion[]> {
  const late = new Promise<readonly Suggestion[]>((resolve) => setTimeout(() => resolve([]), PATIENCE_MS).unref());
  return Promise.race([ask(what, words).catch(() => []), late]);
}

async function ask(what: Asked, words: readonly string[]): Promise<readonly Suggestion[]> {
  const typed = words.at(-1) ?? '';
  const server = await connect(flagsIn(words.slice(0, -1)));
  try {
    if (what === 'queue') return (await queuesOf(server)).items.map(({ path }) => ({ word: path, about: '' }));
    const { items } = await gangRows(server, { search: what === 'gang' ? typed || undefined : undefined, limit: MOST });
    const seen = items.filter(({ isHidden }) => !isHidden);
    if (what === 'gang') return seen.map(({ gang, phase }) => ({ word: gang, about: phase }));
    return [...new Set(seen.map(({ gang }) => gang.split('/')[0]!))].sort().map((word) => ({ word, about: '' }));
  } finally {
    server.close();
  }
}

/** The options of an unfinished command line. */
function flagsIn(words: readonly string[]): ServerFlags {
  const parser = withServer(new Command()).allowUnknownOption().allowExcessArguments().exitOverride();
  parser.configureOutput({ writeErr: () => undefined });
  return parser.parse(words, { from: 'user' }).opts<ServerFlags>();
}

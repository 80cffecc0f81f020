import { MusterError } from '../core/errors.ts';
import { readHistory, type SavedHistory } from '../core/history/saved-history.ts';
import { own, type Json } from './field.ts';
import { shown } from './wording.ts';

/** Says how names stand in a history: as they are, or under which key they were hashed. */
export type NamesIn = 'plain' | `hashed ${string}`;

/** A history file: what `muster history import` writes, and what muster keeps in its ConfigMaps. */
export interface HistoryFile {
  readonly names: NamesIn;
  readonly saved: SavedHistory;
}

export const formatHistory = ({ names, saved: { version, savedMs, keys } }: HistoryFile): string =>
  `${JSON.stringify({ version, names, savedMs, keys })}\n`;

/**
 * Reads what `formatHistory` wrote.
 * @param where the file, for errors
 * @throws MusterError MUSTER_HISTORY_INVALID
 */
export function parseHistory(text: string, where: string): HistoryFile {
  try {
    const value = JSON.parse(text) as unknown;
    const saved = readHistory(value);
    return { names: namesIn(value as Json), saved };
  } catch (error) {
    const what = error instanceof MusterError ? error.what : `${(error as Error).message}.`;
    throw new MusterError('MUSTER_HISTORY_INVALID', `${where}: ${what}`, { cause: error });
  }
}

/**
 * Whether names stand in the file as this muster writes them.
 * @throws MusterError MUSTER_HISTORY_INVALID
 */
export function checkNames({ names }: HistoryFile, wanted: NamesIn, where: string): void {
  if (names === wanted) return;
  const remedy = 'import it again with the historyKeyFile of muster serve as --key-file';
  const what = `${where}: its names are ${names}, and muster keeps them ${wanted}; ${remedy}.`;
  throw new MusterError('MUSTER_HISTORY_INVALID', what);
}

function namesIn(file: Json): NamesIn {
  const names = own(file, 'names');
  if (names === 'plain') return names;
  if (typeof names === 'string' && /^hashed [0-9a-f]{8}$/.test(names)) return names as NamesIn;
  throw new MusterError('MUSTER_HISTORY_INVALID', `names: expected plain or "hashed" and a key, got ${shown(names)}.`);
}

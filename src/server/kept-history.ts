import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { MusterError } from '../core/errors.ts';
import { RunHistory } from '../core/history/run-history.ts';
import { checkNames, formatHistory, parseHistory } from '../intake/history-file.ts';
import type { KeptHistory } from '../kube/history-keeper.ts';
import { nameKeyOf, type NameKey } from './name-key.ts';

const GZIP_MAGIC = [0x1f, 0x8b] as const;
const MOST_BYTES = 64 * 2 ** 20;

/**
 * The text of a history file, unpacked if it is packed.
 * @throws MusterError MUSTER_FILE_UNREADABLE
 */
export function readHistoryFile(file: string): string {
  try {
    const bytes = readFileSync(file);
    const isPacked = GZIP_MAGIC.every((byte, i) => bytes[i] === byte);
    return (isPacked ? gunzipSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes).toString('utf8');
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
}

export interface HistoryFiles {
  /** What is known from the start; undefined: nothing. */
  readonly file: string | undefined;
  /** The key with which names are hashed; undefined: they stand as they are. */
  readonly keyFile: string | undefined;
}

/** The history of a running muster, and how it becomes a file. */
export class ServedHistory implements KeptHistory {
  readonly runTimes: RunHistory;
  readonly #key: NameKey;
  readonly #wallMs: () => number;
  /** How often a file took the place of what was known. */
  #taken = 0;

  /** @throws MusterError for a file that cannot be used */
  constructor(wallMs: () => number, { file, keyFile }: HistoryFiles) {
    this.#key = nameKeyOf(keyFile);
    this.#wallMs = wallMs;
    this.runTimes = new RunHistory(this.#key.nameOf);
    if (file !== undefined) this.#take(readHistoryFile(file), file);
  }

  get changes(): number {
    return this.runTimes.changes;
  }

  /** How many ended runs it has learned from since the start. */
  get runsLearned(): number {
    return this.runTimes.changes - this.#taken;
  }

  text(): string {
    return formatHistory({ names: this.#key.names, saved: this.runTimes.export(this.#wallMs()) });
  }

  /** @throws MusterError MUSTER_HISTORY_INVALID; then nothing has changed */
  replace(text: string): void {
    this.#take(text, 'the history');
  }

  #take(text: string, where: string): void {
    const file = parseHistory(text, where);
    checkNames(file, this.#key.names, where);
    this.runTimes.import(file.saved, this.#wallMs());
    this.#taken++;
  }
}

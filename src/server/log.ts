import { isatty } from 'node:tty';
import { pino, type Logger } from 'pino';
import { prettyLines } from './pretty-log.ts';

/** Lines wait until there are so many bytes of them, or so long. */
const BATCH_BYTES = 4096;
const BATCH_MS = 100;
/** If nobody reads them, so many bytes wait, and later lines are lost. */
const MOST_BYTES = 8 * 2 ** 20;

export interface LogOptions {
  readonly level: string;
  /** `auto`: pretty on a terminal, else JSON; absent: JSON. */
  readonly format?: 'auto' | 'json' | 'pretty';
  /** Where lines go; absent: standard output. */
  readonly fd?: number;
  /** So many bytes may wait; absent: MOST_BYTES. */
  readonly most?: number;
}

export interface Log {
  readonly logger: Logger;
  /** Resolves when all lines have been written. */
  readonly flush: () => Promise<void>;
}

/**
 * A log that holds up no answer: lines are written many at a time, by a thread of Node.js. Lines that are lost because
 * nobody reads fast enough are counted in a later line. A process that is killed takes its last 100 ms with it; one
 * that exits, also because of an error, does not.
 */
export function openLog({ level, format = 'json', fd = 1, most = MOST_BYTES }: LogOptions): Log {
  const limits = { minLength: BATCH_BYTES, periodicFlush: BATCH_MS, maxLength: most };
  const lines = pino.destination({ dest: fd, sync: false, ...limits });
  const isTerminal = isatty(fd);
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const logger = pino({ level }, isPretty ? prettyOn(lines, isTerminal) : lines);
  let lost = 0;
  lines.on('drop', () => lost++);
  lines.on('drain', () => {
    if (lost > 0) logger.warn({ lines: lost }, 'log lines were lost, because nobody read them fast enough');
    lost = 0;
  });
  // An error, such as a closed pipe, is no reason to stay.
  return { logger, flush: () => new Promise((resolve) => lines.flush(() => resolve())) };
}

function prettyOn(lines: { write(text: string): unknown }, isTerminal: boolean): { write(line: string): void } {
  const isPlain = (process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb';
  const pretty = prettyLines(isTerminal && !isPlain);
  return { write: (line) => void lines.write(pretty(line)) };
}

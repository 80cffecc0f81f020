import { isatty } from 'node:tty';
import { pino, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';

/** Lines wait until there are so many bytes of them, or so long. */
const BATCH_BYTES = 4096;
const BATCH_MS = 100;
/** If nobody reads them, so many bytes wait, and later lines are lost. */
const MOST_BYTES = 8 * 2 ** 20;

export interface Log {
  readonly logger: Logger;
  /** Resolves when all lines have been written. */
  readonly flush: () => Promise<void>;
}

/**
 * A log that holds up no answer: lines are written many at a time, by a thread of Node.js. Lines that are lost because
 * nobody reads fast enough are counted in a later line. A process that is killed takes its last 100 ms with it; one
 * that exits, also because of an error, does not.
 * On a terminal people read them: a short line with the time, and the fields behind it; elsewhere each is JSON.
 * @param fd where lines go; standard output unless said
 * @param most bytes that may wait
 */
export function openLog(level: string, fd = 1, most = MOST_BYTES): Log {
  const limits = { minLength: BATCH_BYTES, periodicFlush: BATCH_MS, maxLength: most };
  const lines = pino.destination({ dest: fd, sync: false, ...limits });
  const logger = pino({ level }, isatty(fd) ? forPeople(lines) : lines);
  let lost = 0;
  lines.on('drop', () => lost++);
  lines.on('drain', () => {
    if (lost > 0) logger.warn({ lines: lost }, 'log lines were lost, because nobody read them fast enough');
    lost = 0;
  });
  // An error, such as a closed pipe, is no reason to stay.
  return { logger, flush: () => new Promise((resolve) => lines.flush(() => resolve())) };
}

function forPeople(lines: { write(text: string): unknown }) {
  const colorize = (process.env['NO_COLOR'] ?? '') === '';
  const pretty = prettyFactory({ colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' });
  return { write: (line: string) => void lines.write(pretty(line)) };
}

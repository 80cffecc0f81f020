import { isatty } from 'node:tty';
import { pino, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';

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
 * Lines are JSON, but on a terminal they are for people.
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

/** One line each: the time, what happened, and its fields. */
const forPeople = (lines: DestinationStream) =>
  pretty({
    destination: lines,
    singleLine: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    colorize: (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
  });

import { pino, type Logger } from 'pino';

/** How long lines are gathered, in ms. */
const GATHER_MS = 100;
/** So many bytes of lines are written at once. */
const GATHER_BYTES = 8 * 1024;

type Output = ReturnType<typeof pino.destination>;

/** Where lines gather before they go to standard output, or to this file. */
export const gatheringOutput = (dest: number | string = 1): Output =>
  pino.destination({ dest, sync: false, minLength: GATHER_BYTES });

/**
 * A logger that writes lines together: a write of its own, which is done in another thread, costs more than the decision
 * that a line tells of. When the process ends, it writes what it has gathered; when it is killed, the lines of the last
 * tenth of a second are lost.
 */
export function newLogger(level: string, output: Output = gatheringOutput()): Logger {
  let unwritten = 0;
  let timer: NodeJS.Timeout | undefined;
  output.on('write', (bytes: number) => (unwritten -= bytes));
  const flush = () => {
    timer = undefined;
    // Does nothing while a write is under way.
    output.flush();
    if (unwritten > 0) wait();
  };
  const wait = () => (timer ??= setTimeout(flush, GATHER_MS).unref());
  const write = (line: string) => {
    unwritten += Buffer.byteLength(line);
    output.write(line);
    wait();
  };
  return pino({ level }, { write });
}

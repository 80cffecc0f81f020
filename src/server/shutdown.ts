import type { Log } from './log.ts';
import { closeServers, type MusterServer } from './app.ts';

/** Below Kubernetes' default terminationGracePeriodSeconds of 30. */
const HARD_LIMIT_MS = 20_000;

/**
 * On SIGTERM or SIGINT: makes /readyz answer 503, finishes running requests, closes idle connections, runs `onClosed`
 * and exits with 0 once the log is written. A second signal, or HARD_LIMIT_MS, ends the process at once with 1.
 */
export function closeOnSignal(
  server: MusterServer,
  { logger, flush }: Log,
  onClosed: () => void | Promise<void> = () => undefined,
): void {
  let isClosing = false;
  const close = (signal: string) => {
    if (isClosing) process.exit(1);
    isClosing = true;
    logger.info({ signal }, 'shutting down');
    server.drain();
    setTimeout(() => process.exit(1), HARD_LIMIT_MS).unref();
    const exit = (code: number) => void flush().then(() => process.exit(code));
    closeServers(server)
      .then(onClosed)
      .then(
        () => exit(0),
        (error: unknown) => {
          logger.error(error, 'shutdown failed');
          exit(1);
        },
      );
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}

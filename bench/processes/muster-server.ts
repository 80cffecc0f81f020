import { openSync } from 'node:fs';
import type { ClusterEvent } from '../../src/core/model.ts';
import { buildServer } from '../../src/server/app.ts';
import { openLog } from '../../src/server/log.ts';
import { halfFull } from '../support/cluster.ts';

/**
 * muster's HTTP server as `serve` builds it, with a log that nobody reads. The first argument is the number of half-full nodes. It sends its parent
 * the URL, observes the events that the parent sends, and answers each batch with `done`.
 */
const { scheduler } = halfFull(Number(process.argv[2]));
const { logger } = openLog({ level: 'info', fd: openSync('/dev/null', 'w') });
const { app } = buildServer({ scheduler, nowMs: () => 0, logger, reasons: 'one', maxBodyBytes: 2 ** 28 });

process.on('message', (events: readonly ClusterEvent[]) => {
  for (const event of events) scheduler.observe(event, 0);
  process.send!('done');
});
process.on('disconnect', () => process.exit(0));
process.send!(await app.listen({ host: '127.0.0.1', port: 0 }));

import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { pino } from 'pino';
import { toPodInfo } from '../../src/intake/pod.ts';
import { buildServer } from '../../src/server/app.ts';
import { halfFull } from '../support/cluster.ts';

/** A message of the parent: the feed's events at a time, or a request for the figures since the last request. */
export type SoakMessage =
  | {
      readonly kind: 'events';
      readonly nowMs: number;
      readonly bound: readonly object[];
      readonly gone: readonly string[];
    }
  | { readonly kind: 'figures' };

export interface SoakFigures {
  /** After a full collection. */
  readonly heapMb: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly gcMaxMs: number;
  readonly gcMs: number;
}

/** muster's HTTP server on half-full nodes, with a clock that the parent sets. It measures itself. */
const { scheduler } = halfFull(Number(process.argv[2]));
let nowMs = 0;
const logger = pino({ level: 'warn' });
const { app } = buildServer({ scheduler, nowMs: () => nowMs, logger, reasons: 'one', maxBodyBytes: 2 ** 28 });

const RESOLUTION_MS = 10;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let pauses: number[] = [];
/** Whether the parent forced the collection. The types of Node.js 20 lack these details. */
const isForced = (entry: object) =>
  ((entry as { detail: { flags: number } }).detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!isForced(entry)) pauses.push(entry.duration);
}).observe({ entryTypes: ['gc'] });

function figures(): SoakFigures {
  const loop = { loopP99Ms: delay.percentile(99) / 1e6, loopMaxMs: delay.max / 1e6 };
  const gcs = { gcMaxMs: Math.max(0, ...pauses), gcMs: pauses.reduce((sum, pause) => sum + pause, 0) };
  globalThis.gc!();
  const heapMb = process.memoryUsage().heapUsed / 1e6;
  pauses = [];
  return { heapMb, ...loop, ...gcs };
}

process.on('message', (message: SoakMessage) => {
  if (message.kind === 'figures') {
    const found = figures();
    // The delay of the collection that this forced must not count for the next lap.
    setTimeout(() => {
      delay.reset();
      process.send!(found);
    }, 5 * RESOLUTION_MS);
    return;
  }
  nowMs = message.nowMs;
  for (const pod of message.bound) scheduler.observe({ kind: 'pod', pod: toPodInfo(pod, 'Pod') }, nowMs);
  for (const uid of message.gone) scheduler.observe({ kind: 'pod-gone', uid }, nowMs);
  scheduler.tick(nowMs);
  process.send!('done');
});
process.on('disconnect', () => process.exit(0));
process.send!(await app.listen({ host: '127.0.0.1', port: 0 }));

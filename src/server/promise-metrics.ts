import { Counter, Histogram, type Registry } from 'prom-client';
import type { Effect } from '../core/effects.ts';

/** A minute to a day. */
const SECONDS = [60, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Counts how the start times that gangs were told turned out. */
export function promiseMetrics(
  registers: Registry[],
): (effect: Extract<Effect, { kind: 'start-kept' | 'start-late' }>) => void {
  const promises = new Counter({
    name: 'muster_start_promises_total',
    help: 'Gangs that were told a start time and started, by result: kept (by the latest time first told), late.',
    labelNames: ['result'],
    registers,
  });
  const late = new Histogram({
    name: 'muster_start_late_seconds',
    help: 'How much later than the latest time first told late gangs started, by reason: forecast (a run took longer), overtaken (a gang of higher priority started), room (nodes or other pods took room).',
    labelNames: ['reason'],
    buckets: SECONDS,
    registers,
  });
  for (const result of ['kept', 'late']) promises.inc({ result }, 0);
  return ({ kind, lateMs, because = 'forecast' }) => {
    promises.inc({ result: kind === 'start-kept' ? 'kept' : 'late' });
    if (kind === 'start-late') late.observe({ reason: because }, lateMs / 1000);
  };
}

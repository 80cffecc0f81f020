import { Gauge, type Registry } from 'prom-client';
import type { LiveCluster } from '../kube/live-cluster.ts';
import type { ServedHistory } from './kept-history.ts';

/** Adds the metrics of the history of run times; they are read on each scrape. */
export function historyMetrics(
  registry: Registry,
  history: ServedHistory,
  { cluster, nowMs }: { readonly cluster: Pick<LiveCluster, 'history'>; readonly nowMs: () => number },
): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `muster_history_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('keys', 'Keys under which run times are known: apps, users, queues.', () => history.runTimes.size);
  gauge('runs_learned', 'Ended runs that this process has learned from.', () => history.runsLearned);
  gauge('written_bytes', 'Bytes of the history that this process has written.', () => cluster.history?.bytes ?? 0);
  gauge('write_age_seconds', 'Time since this process wrote the history; -1: it has not.', () => {
    const writtenMs = cluster.history?.writtenMs;
    return writtenMs === undefined ? -1 : (nowMs() - writtenMs) / 1000;
  });
}

import { Counter, Gauge, type Registry } from 'prom-client';
import type { Counted, LiveCluster } from '../kube/live-cluster.ts';

/** What a live cluster adds to the metrics. */
export function liveMetrics(
  registry: Registry,
  cluster: LiveCluster,
): { count: (what: Counted, label: string) => void } {
  registerGauges([registry], cluster);
  const counters = new Map(
    COUNTERS.map(([what, name, help, label]) => {
      const one = new Counter({ name: `muster_${name}_total`, help, labelNames: [label], registers: [registry] });
      return [what, (value: string) => one.inc({ [label]: value })] as const;
    }),
  );
  return { count: (what, label) => counters.get(what)!(label) };
}

const COUNTERS: readonly (readonly [what: Counted, name: string, help: string, label: string])[] = [
  ['relist', 'watch_relists', 'New lists because the server had forgotten the version (410).', 'kind'],
  ['reconnect', 'watch_reconnects', 'Watches that the server ended and that were resumed.', 'kind'],
  ['failed', 'watch_failures', 'Lists and watches that failed and were tried again.', 'kind'],
  ['skipped', 'objects_skipped', 'Objects that could not be read.', 'kind'],
  ['reservation', 'reservation_writes', 'Reservations written to leaders, by outcome.', 'outcome'],
  ['wake', 'wakes', 'Leaders woken (annotation or gate), by outcome.', 'outcome'],
  ['eviction', 'evictions', 'Pods evicted to make room, by outcome; refused: the API server would not.', 'outcome'],
  ['driver', 'driver_polls', "Spark drivers asked for their executors' work, by outcome.", 'outcome'],
  [
    'nomination',
    'nominations',
    'Members whose node was written to them ahead, by outcome; dropped: too late.',
    'outcome',
  ],
  ['event', 'events', 'Kubernetes Events, by outcome; limited: held back by the rate.', 'outcome'],
  ['orphan', 'orphans', 'Claims dropped because the API server does not know their pod.', 'what'],
];

function registerGauges(registers: Registry[], cluster: LiveCluster): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `muster_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('snapshot_behind_seconds', 'For how long there has been no watch on nodes or pods; 0: there is.', () => {
    return cluster.behindMs() / 1000;
  });
  gauge('snapshot_stale', '1 while no gang is admitted because the API server is out of reach.', () => {
    return Number(cluster.isStale());
  });
  gauge('leading', '1 while this replica decides.', () => Number(cluster.isLeading));
  gauge('writes_pending', 'Writes to the API server that wait or run.', () => cluster.backlog.writes);
  gauge('reservations_unwritten', 'Gangs whose reservation is not written down as it stands.', () => {
    return cluster.backlog.reservations;
  });
}

import { Counter, Gauge, type Registry } from 'prom-client';
import type { Counted, LiveCluster } from '../kube/live-cluster.ts';

/** Adds the metrics of a live cluster. */
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
  ['relist', 'watch_relists', 'Lists from scratch because the API server no longer had the version (410).', 'kind'],
  ['reconnect', 'watch_reconnects', 'Watches that the API server ended and that were resumed.', 'kind'],
  ['failed', 'watch_failures', 'Lists and watches that failed and were retried.', 'kind'],
  [
    'unencoded',
    'encoding_fallbacks',
    'Resources that are read as JSON since their protobuf could not be read.',
    'kind',
  ],
  ['skipped', 'objects_skipped', 'Objects that could not be read.', 'kind'],
  ['reservation', 'reservation_writes', 'Reservations written to leaders, by outcome.', 'outcome'],
  [
    'refused',
    'writes_refused',
    'Writes that the API server refused for good (a missing right, a changed object), by kind.',
    'write',
  ],
  ['wake', 'wakes', 'Leaders woken (annotation or gate), by outcome.', 'outcome'],
  [
    'eviction',
    'evictions',
    'Evictions to make room, by outcome; refused: the API server rejected the eviction.',
    'outcome',
  ],
  ['driver', 'driver_polls', "Polls of Spark drivers for their executors' work, by outcome.", 'outcome'],
  [
    'nomination',
    'nominations',
    'Nodes nominated to members in advance, by outcome; dropped: the write came too late.',
    'outcome',
  ],
  [
    'outcome',
    'outcome_reads',
    'Reads of how an ended leader ended; unknown: it is gone; limited: not read because too many ended at once.',
    'outcome',
  ],
  ['event', 'events', 'Kubernetes Events, by outcome; limited: dropped because too many waited.', 'outcome'],
  ['search', 'victim_search_failures', 'Searches for victims that ended with an error; the log has it.', 'what'],
  [
    'history',
    'history_accesses',
    'Readings and writings of the history of run times, by outcome: read done, read failed, write done, write failed.',
    'outcome',
  ],
  ['orphan', 'orphans', 'Claims released because the API server does not know their pod.', 'what'],
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
  gauge(
    'snapshot_behind_seconds',
    'How old the snapshot may be: time since the API server last answered and told what nodes and pods there are.',
    () => cluster.ageMs() / 1000,
  );
  gauge('snapshot_stale', '1 while no gang is admitted because the API server is unreachable.', () => {
    return Number(cluster.isStale());
  });
  gauge('leading', '1 while this replica decides.', () => Number(cluster.isLeading));
  gauge('writes_pending', 'Writes to the API server that are queued or running.', () => cluster.backlog.writes);
  gauge('reservations_unwritten', 'Gangs whose reservation annotation is out of date.', () => {
    return cluster.backlog.reservations;
  });
}

import { Counter, type Registry } from 'prom-client';
import type { Cost, CostReport } from '../core/costs.ts';
import { oncePerScrape } from './once-per-scrape.ts';

/** Not worth a series: every node has room for pods, and no node has what is unknown. */
const isShown = (resource: string) => resource !== 'pods' && !resource.startsWith('(');

type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (report: CostReport) => Iterable<readonly [labels: Labels, value: number]>;
}

const SERIES: readonly Series[] = [
  {
    name: 'queue_resource_seconds',
    help: 'What each queue has had in use, by state (held, starting, working, broken-*) and resource: core-seconds, byte-seconds. Without a queue: overhead, which no queue counts.',
    labels: ['queue', 'state', 'resource'],
    read: function* (report) {
      for (const [labels, cost] of parts(report))
        for (const [resource, seconds] of shown(cost)) yield [{ ...labels, resource }, seconds];
    },
  },
  {
    name: 'allocatable_resource_seconds',
    help: 'Allocatable of all nodes x time: what is in no state of a queue and no overhead was idle.',
    labels: ['resource'],
    read: ({ bill }) => shown(bill).map(([resource, seconds]) => [{ resource }, seconds] as const),
  },
  {
    name: 'queue_cost',
    help: 'What that cost, in the currency of the prices in the policy file. Absent without prices.',
    labels: ['queue', 'state'],
    read: (report) => (report.isPriced ? [...parts(report)].map(([labels, { cost }]) => [labels, cost] as const) : []),
  },
  {
    name: 'bill',
    help: 'What all nodes cost, idle or not. 0 without prices.',
    labels: [],
    read: ({ isPriced, bill }) => (isPriced ? [[{}, bill.cost]] : []),
  },
  {
    name: 'queue_lost_core_seconds',
    help: 'Work that evictions for gangs of the queue threw away, as eviction cost in core-seconds.',
    labels: ['queue'],
    read: ({ queues }) => queues.map(({ queue, lostCoreSeconds }) => [{ queue }, lostCoreSeconds] as const),
  },
];

/**
 * Counters of what queues have in use, read on each scrape. They begin at 0 when muster starts, and stand still while
 * another replica decides: sums over replicas count nothing twice.
 */
export function costMetrics(registry: Registry, read: () => CostReport): void {
  const report = oncePerScrape(read);
  for (const { name, help, labels, read: valuesOf } of SERIES) {
    new Counter({
      name: `muster_${name}_total`,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        this.reset();
        for (const [of, value] of valuesOf(report())) if (value > 0) this.inc(of, value);
      },
    });
  }
}

const shown = ({ resourceSeconds }: Cost) => [...resourceSeconds].filter(([resource]) => isShown(resource));

function* parts({ queues, overhead }: CostReport): Generator<readonly [labels: Labels, cost: Cost]> {
  for (const { queue, states } of queues)
    for (const [state, cost] of Object.entries(states))
      if (cost.resourceSeconds.size > 0) yield [{ queue, state }, cost];
  yield [{ queue: '', state: 'overhead' }, overhead];
}

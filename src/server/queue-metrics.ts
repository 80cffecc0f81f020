import { Counter, Gauge, type Registry } from 'prom-client';
import type { Effect } from '../core/effects.ts';
import type { QueueSummary } from '../core/explanation/queues.ts';
import { MAX_QUEUES } from '../core/queue/tree.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { boundedLabels, OTHERS } from './bounded-labels.ts';
import { oncePerScrape } from './once-per-scrape.ts';

interface Deps {
  readonly scheduler: Pick<Scheduler, 'queues' | 'standing'>;
}

/** Adds the metrics of queues. @returns what must hear of every effect, right after the call that had it */
export function queueMetrics(registry: Registry, { scheduler }: Deps): (effect: Effect) => void {
  const registers = [registry];
  registerGauges(registers, () => scheduler.queues());
  const refusals = new Counter({
    name: 'muster_queue_refusals_total',
    help: 'Times that gangs of the queue came to wait for a limit, by limit: of the queue, its users, its namespaces, or rate.',
    labelNames: ['queue', 'limit'],
    registers,
  });
  const label = boundedLabels(MAX_QUEUES);
  const onReclaim = reclaimCounters(registers);
  return (effect) => {
    if (effect.kind === 'eviction-planned') return onReclaim(effect);
    if (effect.kind !== 'gang-waits') return;
    const standing = scheduler.standing(effect.gang);
    if (standing?.limit !== undefined) refusals.inc({ queue: label(standing.queue), limit: standing.limit });
  };
}

/** Pairs of queues with series of their own. */
const MOST_PAIRS = 2000;

/** Counts pods that are evicted because their queue holds more than its share. */
function reclaimCounters(registers: Registry[]): (effect: Extract<Effect, { kind: 'eviction-planned' }>) => void {
  const reclaims = new Counter({
    name: 'muster_reclaims_total',
    help: 'Pods chosen as victims because their queue held more than its share, by their queue and the queue of the gang that gets their room.',
    labelNames: ['from', 'to'],
    registers,
  });
  const cycles = new Counter({
    name: 'muster_reclaim_cycles_total',
    help: 'Gangs that were reclaimed again within 10 min of their last start: evictions that go round in circles.',
    registers,
  });
  const pair = boundedLabels(MOST_PAIRS);
  return ({ because, isRestored, from, queue: to, cycles: again }) => {
    if (isRestored || because !== 'share') return;
    cycles.inc(again);
    for (const { queue, victims } of from) {
      const isKnown = pair(`${queue} ${to}`) !== OTHERS;
      reclaims.inc(isKnown ? { from: queue, to } : { from: OTHERS, to: OTHERS }, victims);
    }
  };
}

const AMOUNTS = [
  ['held', 'What the queue holds, those below it included: bound pods and places held for pods'],
  ['bound', 'Of what the queue holds: bound pods'],
  ['entitled', "What the queue should have now, given everybody's demand"],
  ['guaranteed', 'What the queue always gets when it needs it'],
  ['max', 'The most that the queue may hold; absent without a limit'],
  ['demand', 'What the queue holds and what its waiting gangs need that could start'],
] as const;

function registerGauges(registers: Registry[], read: () => readonly QueueSummary[]): void {
  // The whole cluster is in other metrics.
  const queues = oncePerScrape(() =>
    read()
      .filter(({ path }) => path !== '')
      .slice(0, MAX_QUEUES),
  );
  const gauge = (name: string, help: string, label: string, fill: (gauge: Gauge, queue: QueueSummary) => void) =>
    new Gauge({
      name: `muster_queue_${name}`,
      help,
      labelNames: ['queue', label],
      registers,
      collect() {
        this.reset();
        for (const queue of queues()) fill(this, queue);
      },
    });
  for (const [part, what] of AMOUNTS)
    gauge(part, `${what}: cpu in cores, memory in bytes, others in their unit.`, 'resource', (one, queue) => {
      for (const [resource, amount] of queue[part])
        one.set({ queue: queue.path, resource }, resource === 'cpu' ? amount / 1000 : amount);
    });
  gauge(
    'gangs',
    'Gangs of the queue and those below it, by phase: waiting, starting, running, degraded (a slot lost its room).',
    'phase',
    (one, { path, gangs }) => {
      for (const [phase, count] of Object.entries(gangs)) one.set({ queue: path, phase }, count);
    },
  );
  registerFairness(registers, queues);
}

/** Of leaves: gangs are in no others. */
function registerFairness(registers: Registry[], queues: () => readonly QueueSummary[]): void {
  new Gauge({
    name: 'muster_queue_reclaim_enforced',
    help: '1 where pods of queues that hold more than their share are evicted for gangs of the queue (reclaim.mode enforce).',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      for (const { path, isLeaf, reclaim } of queues())
        if (isLeaf) this.set({ queue: path }, Number(reclaim.mode === 'enforce'));
    },
  });
  new Counter({
    name: 'muster_queue_unfairness_seconds_total',
    help: 'Time for which a gang of the queue waited within the entitlement of its queue, while others held enough beyond theirs for it.',
    labelNames: ['queue'],
    registers,
    collect() {
      this.reset();
      for (const { path, isLeaf, unfairMs } of queues()) if (isLeaf) this.inc({ queue: path }, unfairMs / 1000);
    },
  });
}

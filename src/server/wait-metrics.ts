import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Effect } from '../core/effects.ts';
import type { WaitGroup } from '../core/explanation/waits.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { boundedLabels, OTHERS } from './bounded-labels.ts';
import { oncePerScrape } from './once-per-scrape.ts';

/** A second to a day. */
const SECONDS = [1, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Pairs of queue and policy with waits of their own: each has 30 series. */
export const MOST_PAIRS = 150;
/** Queues with gauges of their own, those with the most waiting gangs: each has up to 13 series. */
export const MOST_WAITING_QUEUES = 150;
/** Policies with gauges of their own: each has up to 11 series. */
export const MOST_POLICIES = 30;

interface Deps {
  readonly scheduler: Pick<Scheduler, 'waits' | 'standing'>;
  readonly nowMs: () => number;
}

/**
 * Adds the metrics of what people wait for: how long gangs waited, and who waits now. While another replica decides, the
 * gauges have no series and nothing is observed: sums over replicas count nothing twice.
 * @returns what must hear of every effect, right after the call that had it
 */
export function waitMetrics(registry: Registry, { scheduler, nowMs }: Deps): (effect: Effect) => void {
  registerGauges([registry], () => scheduler.waits(), nowMs);
  const wait = new Histogram({
    name: 'muster_gang_wait_seconds',
    help: 'How long gangs waited since their leader was created, by queue and policy: until reserved (each time that their places were reserved before they first ran), and until complete (once, when the last member that they need was bound).',
    labelNames: ['until', 'queue', 'policy'],
    buckets: SECONDS,
    registers: [registry],
  });
  const labels = pairLabels((of) => {
    // Otherwise the first gang of a queue that waited would not count in rates: its series would begin at 1.
    for (const until of ['reserved', 'complete']) wait.zero({ until, ...of });
  });
  return (effect) => {
    if (effect.kind !== 'gang-admitted' && effect.kind !== 'gang-waits' && effect.kind !== 'gang-complete') return;
    const standing = scheduler.standing(effect.gang);
    if (!standing) return;
    const of = labels(standing.queue, standing.policy);
    if (effect.kind === 'gang-complete') wait.observe({ until: 'complete', ...of }, since(effect.sinceMs, nowMs()));
    else if (effect.kind === 'gang-admitted' && standing.isAwaited)
      wait.observe({ until: 'reserved', ...of }, since(standing.sinceMs, nowMs()));
  };
}

const since = (ms: number, nowMs: number) => Math.max(0, nowMs - ms) / 1000;

interface Pair {
  readonly queue: string;
  readonly policy: string;
}

/** @param begin called once with each pair */
function pairLabels(begin: (pair: Pair) => void): (queue: string, policy: string) => Pair {
  const label = boundedLabels(MOST_PAIRS);
  const pairs = new Map<string, Pair>();
  return (queue, policy) => {
    const key = label(JSON.stringify([queue, policy]));
    const known = pairs.get(key);
    if (known) return known;
    const pair = key === OTHERS ? { queue: OTHERS, policy: OTHERS } : { queue, policy };
    pairs.set(key, pair);
    begin(pair);
    return pair;
  };
}

function registerGauges(registers: Registry[], read: () => readonly WaitGroup[], nowMs: () => number): void {
  const groups = oncePerScrape(() => {
    const all = read();
    return { all, queue: firstOf(all, 'queue', MOST_WAITING_QUEUES), policy: firstOf(all, 'policy', MOST_POLICIES) };
  });
  for (const [name, by, what] of [
    ['gangs', 'queue', ''],
    ['policy_gangs', 'policy', ', by policy'],
  ] as const)
    new Gauge({
      name: `muster_${name}_waiting`,
      help: `Gangs that wait${what}, by what they wait for; those whose declaration is wrong are in queue (none).`,
      labelNames: [by, 'reason'],
      registers,
      collect() {
        this.reset();
        const { all, [by]: label } = groups();
        for (const group of all) this.inc({ [by]: label(group[by]), reason: group.kind }, group.gangs);
      },
    });
  new Gauge({
    name: 'muster_oldest_waiting_seconds',
    help: 'How long the gang that came first has waited, by queue and whether it can start as it is declared (yes), or its owner has to mend it (no).',
    labelNames: ['queue', 'can_start'],
    registers,
    collect() {
      this.reset();
      const { all, queue } = groups();
      for (const [key, oldestMs] of oldest(all, queue)) {
        const [can_start, ...path] = key.split(' ');
        this.set({ queue: path.join(' '), can_start: can_start! }, since(oldestMs, nowMs()));
      }
    },
  });
}

/** Names its own value for the first so many by number of gangs, and OTHERS for the rest. */
function firstOf(groups: readonly WaitGroup[], by: 'queue' | 'policy', most: number): (name: string) => string {
  const gangs = new Map<string, number>();
  for (const group of groups) gangs.set(group[by], (gangs.get(group[by]) ?? 0) + group.gangs);
  if (gangs.size <= most) return (name) => name;
  const ranked = [...gangs].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const first = new Set(ranked.slice(0, most).map(([name]) => name));
  return (name) => (first.has(name) ? name : OTHERS);
}

/** By `yes` or `no` and the label of the queue. */
function oldest(groups: readonly WaitGroup[], label: (queue: string) => string): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { queue, canStart, oldestMs } of groups) {
    if (oldestMs === undefined) continue;
    const key = `${canStart ? 'yes' : 'no'} ${label(queue)}`;
    first.set(key, Math.min(first.get(key) ?? oldestMs, oldestMs));
  }
  return first;
}

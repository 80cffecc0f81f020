import { Counter, Gauge, type Registry } from 'prom-client';
import type { RateView } from '../core/reads.ts';
import { oncePerScrape } from './once-per-scrape.ts';

/** Buckets with series of their own: a policy file may name many registries. */
const MOST_BUCKETS = 100;

/** Adds the metrics of the token buckets, read on each scrape. Namespaces share a series; without rates there is none. */
export function rateMetrics(registry: Registry, read: () => readonly RateView[]): void {
  const registers = [registry];
  const labelNames = ['bucket'];
  const buckets = oncePerScrape(() => firstOfEach(read()));
  new Gauge({
    name: 'muster_rate_tokens',
    help: 'Pods, or image pulls, that the bucket lets pass at once; below 0: debt. Of namespaces, those of the one that has the fewest.',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { name, tokens } of buckets()) this.set({ bucket: name }, tokens);
    },
  });
  new Gauge({
    name: 'muster_rate_waiting',
    help: 'Gangs that wait for the bucket now.',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { name, waiting } of buckets()) this.set({ bucket: name }, waiting);
    },
  });
  new Counter({
    name: 'muster_rate_waits_total',
    help: 'Times that a gang came to wait for the bucket.',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { name, waits } of buckets()) this.inc({ bucket: name }, waits);
    },
  });
}

/** Of registries with the same pattern only the first has a use. */
function firstOfEach(views: readonly RateView[]): readonly RateView[] {
  const names = new Map<string, RateView>();
  for (const view of views) if (!names.has(view.name)) names.set(view.name, view);
  return [...names.values()].slice(0, MOST_BUCKETS);
}

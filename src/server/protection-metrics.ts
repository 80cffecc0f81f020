import { setImmediate } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import type { ProtectedPods } from '../core/preemption/candidates/protection.ts';

/** Namespaces with series of their own, those with the most protected pods; users may make namespaces at will. */
const MOST_NAMESPACES = 100;
/** Stands for all further namespaces: no namespace has such a name. */
const OTHERS = '(others)';

type Pass = Generator<void, ReadonlyMap<string, ProtectedPods>>;

/**
 * Metrics of the pods that cannot be evicted, by namespace.
 * @param begin a pass over all pods, for each scrape; requests are answered between its steps
 */
export function protectionMetrics(registry: Registry, begin: () => Pass): void {
  const registers = [registry];
  let filled: Promise<void> | undefined;
  const pods = new Gauge({
    name: 'muster_protected_pods',
    help: 'Pods that cannot be evicted, by namespace and reason: owner (DaemonSet or static pod), grace period, disruption budget.',
    labelNames: ['namespace', 'reason'],
    registers,
    collect: () => refill(),
  });
  const share = new Gauge({
    name: 'muster_protected_share',
    help: 'Share of the cluster that pods of the namespace hold which a long grace period or a disruption budget keeps from being evicted, by the resource of which they hold most; 0 to 1.',
    labelNames: ['namespace'],
    registers,
    collect: () => refill(),
  });
  /** One pass serves both, and scrapes that come meanwhile. */
  const refill = () =>
    (filled ??= run(begin())
      .then(fill)
      .finally(() => (filled = undefined)));
  const fill = (found: ReadonlyMap<string, ProtectedPods>) => {
    pods.reset();
    share.reset();
    const ranked = [...found].sort(([, a], [, b]) => count(b) - count(a));
    for (const [i, [namespace, tally]] of ranked.entries()) {
      const isOwn = i < MOST_NAMESPACES;
      for (const [reason, amount] of tally.pods) pods.inc({ namespace: isOwn ? namespace : OTHERS, reason }, amount);
      if (isOwn) share.set({ namespace }, tally.share);
    }
  };
}

async function run(pass: Pass): Promise<ReadonlyMap<string, ProtectedPods>> {
  for (;;) {
    const step = pass.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}

const count = ({ pods }: ProtectedPods) => [...pods.values()].reduce((sum, one) => sum + one, 0);

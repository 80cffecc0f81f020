import type { Resources } from '../../core/resources.ts';
import type { Trace } from './job.ts';

/** The most common request of the trace's workers, single pods among them. */
export function typicalShape(trace: Trace): Resources {
  const counts = new Map<string, { readonly shape: Resources; count: number }>();
  for (const { leader, workers } of trace.jobs) {
    const shape = workers.count > 0 ? workers.request : leader;
    const key = JSON.stringify([...shape]);
    const known = counts.get(key) ?? { shape, count: 0 };
    known.count += Math.max(1, workers.count);
    counts.set(key, known);
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  return most?.shape ?? new Map();
}

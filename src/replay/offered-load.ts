import type { NodeInfo } from '../core/model.ts';
import type { Resources } from '../core/resources.ts';
import type { OfferedLoad } from './result.ts';
import { runAloneMs, type TraceJob } from './trace/job.ts';

/**
 * The work of the jobs, as the time of each alone times the request of all its pods, per what the nodes can do from the
 * first submission to the last; of the resource for which that is most. Pod slots do not count.
 */
export function offeredLoad(jobs: readonly TraceJob[], nodes: readonly NodeInfo[]): OfferedLoad {
  const windowMs = windowOf(jobs);
  const capacity = new Map<string, number>();
  for (const { allocatable } of nodes) add(capacity, allocatable, 1);
  const work = new Map<string, number>();
  for (const job of jobs) {
    const { leader, workers } = job;
    add(work, leader, runAloneMs(job));
    add(work, workers.request, workers.count * runAloneMs(job));
  }
  const loads = [...work]
    .filter(([name]) => name !== 'pods' && (capacity.get(name) ?? 0) > 0)
    .map(([resource, amount]) => ({
      resource,
      load: windowMs === 0 ? 0 : amount / (windowMs * (capacity.get(resource) ?? 0)),
    }));
  const most = loads.reduce((best, one) => (one.load > best.load ? one : best), { resource: 'cpu', load: 0 });
  return { ...most, windowMs };
}

/** ms from the first submission to the last. @param jobs by submission time */
export const windowOf = (jobs: readonly TraceJob[]): number => (jobs.at(-1)?.submitMs ?? 0) - (jobs[0]?.submitMs ?? 0);

function add(sums: Map<string, number>, amounts: Resources, factor: number): void {
  for (const [name, amount] of amounts) sums.set(name, (sums.get(name) ?? 0) + amount * factor);
}

import { Cluster } from '../../core/cluster/cluster.ts';
import { signatureOf } from '../../core/cluster/eligibility.ts';
import type { NodeInfo } from '../../core/model.ts';
import type { Need } from '../../core/placement/need.ts';
import { Planner } from '../../core/placement/planner.ts';
import { DEFAULT_POLICY } from '../../core/policy/policy.ts';
import type { TraceJob } from '../trace/job.ts';
import { partsOf } from './pod-info.ts';

/** For jobs that differ in their minimum of workers alone: the largest known to fit, and the least known not to. */
interface Bounds {
  fits: number;
  fails: number;
}

/**
 * The jobs whose leader and minimum of workers do not fit the empty cluster. The core's planner says so; it is exact for
 * a leader and one other role.
 */
export function largerThanCluster(jobs: readonly TraceJob[], nodes: readonly NodeInfo[]): ReadonlySet<TraceJob> {
  const cluster = new Cluster();
  for (const node of nodes) cluster.putNode(node);
  const planner = new Planner(cluster);
  const known = new Map<string, Bounds>();
  return new Set(jobs.filter((job) => !fits(job, { cluster, planner, known })));
}

interface Empty {
  readonly cluster: Cluster;
  readonly planner: Planner;
  readonly known: Map<string, Bounds>;
}

function fits(job: TraceJob, { cluster, planner, known }: Empty): boolean {
  const { min } = job.workers;
  const key = JSON.stringify([[...job.leader], [...job.workers.request], signatureOf(partsOf(job).constraints)]);
  const bounds = known.get(key) ?? { fits: -1, fails: Infinity };
  known.set(key, bounds);
  if (min <= bounds.fits) return true;
  if (min >= bounds.fails) return false;
  const isPlaced =
    planner.plan({ needs: needsOf(job, cluster), policy: DEFAULT_POLICY, siblings: [] }).kind === 'placed';
  if (isPlaced) bounds.fits = min;
  else bounds.fails = min;
  return isPlaced;
}

function needsOf(job: TraceJob, cluster: Cluster): readonly Need[] {
  const { leader, worker, constraints } = partsOf(job);
  const eligible = cluster.eligibility.maskFor(constraints);
  const any = { eligible, preference: DEFAULT_POLICY.members, images: [] };
  const needs = [
    { role: 'driver', count: 1, vector: cluster.requestVector(leader), isLeader: true, ...any },
    { role: 'executor', count: job.workers.min, vector: cluster.requestVector(worker), isLeader: false, ...any },
  ];
  return needs.filter(({ count }) => count > 0);
}

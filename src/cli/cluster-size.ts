import { MusterError } from '../core/errors.ts';
import type { NodeInfo } from '../core/model.ts';
import { counted } from '../core/wording.ts';
import { offeredLoad } from '../replay/offered-load.ts';
import { largerThanCluster } from '../replay/sim/larger.ts';
import type { TraceJob } from '../replay/trace/job.ts';

/** How many of the nodes the cluster has; at most one of these is given. */
export interface ClusterSize {
  /** Divides their number; 1: all of them. */
  readonly load: number;
  /** Their number. */
  readonly nodesCount?: number | undefined;
  /** So many that the offered load is as near as possible to this. */
  readonly offered?: number;
}

/** The nodes of the cluster, and their name for reports. */
export interface SizedNodes {
  readonly nodes: readonly NodeInfo[];
  readonly name: string;
}

/** @throws MusterError MUSTER_USAGE */
export function sizedNodes(all: SizedNodes, jobs: readonly TraceJob[], size: ClusterSize): SizedNodes {
  const { nodes, name } = all;
  const { load, nodesCount, offered } = size;
  if ([load !== 1, nodesCount !== undefined, offered !== undefined].filter(Boolean).length > 1)
    throw new MusterError(
      'MUSTER_USAGE',
      'Give only one of --load, --offered and --nodes-count: each sets the number of nodes.',
    );
  if (nodesCount !== undefined) return { nodes: resized(nodes, nodesCount), name: `${name}, ${nodesCount} nodes` };
  if (offered !== undefined)
    return { nodes: resized(nodes, countFor(nodes, jobs, offered)), name: `${name}, offered load ${offered}` };
  if (load === 1) return all;
  return { nodes: resized(nodes, Math.max(1, Math.round(nodes.length / load))), name: `${name}, load x ${load}` };
}

/** That many of the nodes, evenly over the list; with copies, if there are fewer. */
export function resized(nodes: readonly NodeInfo[], count: number): readonly NodeInfo[] {
  if (count <= nodes.length)
    return Array.from({ length: count }, (_, i) => nodes[Math.floor((i * nodes.length) / count)]!);
  return Array.from({ length: count }, (_, i) => {
    const node = nodes[i % nodes.length]!;
    return i < nodes.length ? node : { ...node, name: `${node.name}-copy-${Math.floor(i / nodes.length)}` };
  });
}

/**
 * The number of nodes whose offered load is nearest to `wanted`. With unequal nodes the load need not fall with each
 * node, so that the search ends where neither neighbour is nearer.
 * @throws MusterError MUSTER_USAGE if all jobs come at once: there is no offered load
 */
export function countFor(nodes: readonly NodeInfo[], jobs: readonly TraceJob[], wanted: number): number {
  const loadOf = (count: number) => offeredLoad(jobs, resized(nodes, count)).load;
  const whole = loadOf(nodes.length);
  if (whole === 0)
    throw new MusterError(
      'MUSTER_USAGE',
      '--offered: all jobs are submitted at once, so that there is no offered load.',
    );
  const isNearer = (count: number, than: number) =>
    count > 0 && Math.abs(loadOf(count) - wanted) < Math.abs(loadOf(than) - wanted);
  let count = Math.max(1, Math.round((nodes.length * whole) / wanted));
  for (;;) {
    const next = [count - 1, count + 1].find((one) => isNearer(one, count));
    if (next === undefined) return count;
    count = next;
  }
}

/**
 * A warning if a cluster that was made smaller cannot hold jobs that all nodes could: they count as unfinished.
 * @param sized the nodes that are left of `all`
 */
export function lostJobs(jobs: readonly TraceJob[], all: SizedNodes, sized: SizedNodes): string | undefined {
  if (sized.nodes.length >= all.nodes.length) return undefined;
  const lost = largerThanCluster(jobs, sized.nodes).size - largerThanCluster(jobs, all.nodes).size;
  if (lost <= 0) return undefined;
  const [few, many] = [counted(sized.nodes.length, 'node'), all.nodes.length.toLocaleString('en-US')];
  return `${counted(lost, 'job')} larger than the cluster, because it has ${few} and not ${many}`;
}

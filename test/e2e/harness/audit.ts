import type { Transport } from '../../../src/kube/transport.ts';
import { parseQuantity } from '../../../src/intake/quantity.ts';
import { persist } from './cluster.ts';
import { isOver, type Pod } from './objects.ts';

export interface NodeAmounts {
  readonly metadata: { readonly name: string };
  readonly status: { readonly allocatable: Readonly<Record<string, string>> };
}

type Totals = Map<string, bigint>;

/**
 * Counts from the API server's own objects alone: on every node, what bound pods ask, together with the slots that the
 * reservations on the leaders hold for members that are not there, is at most what the node has.
 * @returns the breaches, one sentence each
 */
export async function audit(transport: Transport): Promise<string[]> {
  const read = async (path: string) =>
    ((await persist(transport, { method: 'GET', path })) as { items: unknown[] }).items;
  const nodes = (await read('/api/v1/nodes')) as NodeAmounts[];
  return breachesOf(nodes, (await read('/api/v1/pods')) as Pod[]);
}

/** What `audit` finds in these nodes and pods. */
export function breachesOf(nodes: readonly NodeAmounts[], all: readonly Pod[]): string[] {
  const pods = all.filter((pod) => !isOver(pod));
  const used = new Map<string, Totals>();
  const add = (node: string, requests: Readonly<Record<string, string>>) => {
    const totals = used.get(node) ?? new Map<string, bigint>();
    for (const [name, amount] of Object.entries({ ...requests, pods: '1' })) {
      totals.set(name, (totals.get(name) ?? 0n) + parseQuantity(amount, name));
    }
    used.set(node, totals);
  };
  for (const { spec } of pods) {
    if (spec.nodeName !== undefined)
      for (const { resources } of spec.containers) add(spec.nodeName, resources?.requests ?? {});
  }
  for (const [node, requests] of openSlots(pods)) add(node, requests);
  return nodes.flatMap(({ metadata: { name }, status: { allocatable } }) =>
    [...(used.get(name) ?? [])]
      .filter(([resource, total]) => total > parseQuantity(allocatable[resource] ?? '0', resource))
      .map(([resource, total]) => `${name}: ${total} of ${resource} used or reserved, ${allocatable[resource]} there`),
  );
}

const gangOf = ({ metadata: { labels } }: Pod) => labels?.['muster.dev/gang'] ?? labels?.['spark-app-selector'];
const roleOf = ({ metadata: { labels } }: Pod) => labels?.['muster.dev/role'] ?? labels?.['spark-role'];

/** The executor slots written to running drivers, less the executors that are bound. */
function openSlots(pods: readonly Pod[]): [node: string, requests: Readonly<Record<string, string>>][] {
  return pods.flatMap((driver) => {
    const { annotations } = driver.metadata;
    const text = annotations?.['muster.dev/reservation'];
    if (text === undefined || driver.spec.nodeName === undefined) return [];
    const { roles } = JSON.parse(text) as { roles: Record<string, Record<string, number>> };
    const nodes = Object.entries(roles['executor'] ?? {}).flatMap(([node, count]) =>
      Array.from({ length: count }, () => node),
    );
    const members = pods.filter(
      (pod) => gangOf(pod) === gangOf(driver) && roleOf(pod) === 'executor' && pod.spec.nodeName !== undefined,
    );
    let elsewhere = 0;
    for (const { spec } of members) {
      const at = nodes.indexOf(spec.nodeName!);
      if (at >= 0) nodes.splice(at, 1);
      else elsewhere++;
    }
    nodes.splice(Math.max(0, nodes.length - elsewhere));
    return nodes.map(
      (node) => [node, driver.spec.containers[0]!.resources?.requests ?? {}] as [string, Record<string, string>],
    );
  });
}

import type { ClusterView } from '../cluster/cluster.ts';
import { hasBit } from '../cluster/eligibility.ts';
import type { Topology } from '../policy/policy.ts';
import type { PlanRequest, Room, RowTest } from './need.ts';
import { capacityAt } from './room.ts';

export const ANYWHERE: RowTest = () => true;

/**
 * The domains in which to try a gang, best first: for each topology key, narrowest first, the domains with room for
 * every need, the tightest first; then, unless the policy requires a domain, the whole cluster.
 */
export function* domainTests(cluster: ClusterView, room: Room, request: PlanRequest): Generator<RowTest> {
  const { mode, keys } = request.policy.topology;
  if (mode !== 'none') for (const key of keys) yield* domainsOf(cluster, room, request, key);
  if (mode !== 'require') yield ANYWHERE;
}

function* domainsOf(cluster: ClusterView, free: Room, request: PlanRequest, key: string): Generator<RowTest> {
  const { of, names } = cluster.domains.indexFor(key);
  const { needs, policy } = request;
  const bound = needs.filter(({ isLeader }) => policy.topology.leader || !isLeader);
  const home = homeDomain(of, request.siblings);
  const room = bound.map((need) => {
    const totals = new Float64Array(names.length);
    for (let row = 0; row < cluster.table.rows; row++) {
      const domain = of[row]!;
      if (domain >= 0 && hasBit(need.eligible, row)) totals[domain]! += capacityAt(free, row, need.vector, Infinity);
    }
    return totals;
  });
  const slack = (domain: number) => Math.min(...bound.map((need, i) => room[i]![domain]! - need.count));
  const isPinned = policy.topology.mode === 'require' && home >= 0;
  const fitting = names.map((_, domain) => domain).filter((d) => slack(d) >= 0 && (!isPinned || d === home));
  fitting.sort(
    (a, b) => Number(b === home) - Number(a === home) || slack(a) - slack(b) || (names[a]! < names[b]! ? -1 : 1),
  );
  for (const domain of fitting) yield (row) => of[row] === domain;
}

/** The domain that holds most of the gang's siblings, or -1. */
function homeDomain(of: Int32Array, siblings: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const row of siblings) if (of[row]! >= 0) counts.set(of[row]!, (counts.get(of[row]!) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [-1, 0])[0];
}

/** The domains that must hold a whole gang, as lists of rows: one with all rows unless the policy requires a domain. */
export function domainRows(
  cluster: ClusterView,
  { mode, keys }: Topology,
  siblings: readonly number[],
): readonly (readonly number[])[] {
  const all = Array.from({ length: cluster.table.rows }, (_, row) => row);
  if (mode !== 'require') return [all];
  return keys.flatMap((key) => {
    const { of, names } = cluster.domains.indexFor(key);
    const home = homeDomain(of, siblings);
    const rows = names.map((): number[] => []);
    for (const row of all) if (of[row]! >= 0) rows[of[row]!]!.push(row);
    return home < 0 ? rows : rows.slice(home, home + 1);
  });
}

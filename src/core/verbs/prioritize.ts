import type { ClusterView } from '../cluster/cluster.ts';
import type { NodeScore } from '../decision.ts';
import type { GangContextView } from '../gang/context.ts';
import { siblingRows } from '../gang/needs.ts';
import { isLeaderRole, type Candidates, type PodInfo } from '../model.ts';
import type { Preference, ScorerName, StrategyName } from '../policy/policy.ts';
import { siblingsPerKey } from '../placement/strategies.ts';

/** extender/v1 MaxExtenderPriority. */
const MAX_SCORE = 10;

/** The weights that stand for strategies without scorers. */
const WEIGHTS_OF: Readonly<Record<StrategyName, ReadonlyMap<ScorerName, number>>> = {
  pack: new Map([['binPacking', 1]]),
  spread: new Map([['spreading', 1]]),
  'least-fragmentation': new Map([['fragmentation', 1]]),
  weighted: new Map(),
};

/** The policy's score for each known candidate node, rounded to 0..10. Leaves out 0, which changes nothing. */
export function prioritizeNodes(ctx: GangContextView, pod: PodInfo, candidates: Candidates): NodeScore[] {
  const { cluster } = ctx;
  const policy = ctx.policyOf(pod);
  const gang = pod.membership && ctx.gangs.get(pod.membership.gang);
  const leads = gang && pod.membership && isLeaderRole(gang.spec, pod.membership.role);
  const preference = scored(leads ? policy.leader : policy.members);
  const { names, rows } = knownOf(cluster, candidates.names());
  const siblings = gang ? siblingRows(cluster, gang) : [];
  const scores = new Float64Array(rows.length);
  const { table, leadersAt: leaders } = cluster;
  const request = cluster.requestVector(pod.request);
  const perKey = siblingsPerKey(cluster.domains, policy.topology.keys, siblings);
  ctx.weights.score(
    {
      table,
      free: table.free,
      request,
      images: pod.images,
      preference,
      policy,
      leaders,
      siblings: { perKey, placed: siblings.length },
    },
    rows,
    scores,
  );
  const out: NodeScore[] = [];
  for (let i = 0; i < rows.length; i++) {
    const score = Math.round(scores[i]! * MAX_SCORE);
    if (score > 0) out.push({ node: names[i]!, score });
  }
  return out;
}

/** The candidate nodes that the snapshot knows, and their rows. */
function knownOf({ table }: ClusterView, offered: readonly string[]): { names: readonly string[]; rows: Int32Array } {
  const rows = new Int32Array(offered.length);
  let known = 0;
  for (const name of offered) {
    const row = table.rowOf(name);
    if (row !== undefined) rows[known++] = row;
  }
  if (known === offered.length) return { names: offered, rows };
  return { names: offered.filter((name) => table.rowOf(name) !== undefined), rows: rows.subarray(0, known) };
}

function scored(preference: Preference): Preference {
  return preference.weights.size > 0 ? preference : { ...preference, weights: WEIGHTS_OF[preference.strategy] };
}

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
  const [scores, names] = [scoresOf(ctx, pod, candidates), candidates.names()];
  const out: NodeScore[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i]! > 0) out.push({ node: names[i]!, score: scores[i]! });
  return out;
}

/** The policy's score for each candidate node in their order, rounded to 0..10; 0 where the snapshot knows no node. */
export function scoresOf(ctx: GangContextView, pod: PodInfo, candidates: Candidates): Uint8Array {
  const { cluster } = ctx;
  const policy = ctx.policyOf(pod);
  const gang = pod.membership && ctx.gangs.get(pod.membership.gang);
  const leads = gang && pod.membership && isLeaderRole(gang.spec, pod.membership.role);
  const preference = scored(leads ? policy.leader : policy.members);
  const offered = rowsOf(cluster, candidates);
  const rows = offered.includes(-1) ? offered.filter((row) => row >= 0) : offered;
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
  const out = new Uint8Array(offered.length);
  let known = 0;
  for (let i = 0; i < out.length; i++) if (offered[i]! >= 0) out[i] = Math.round(scores[known++]! * MAX_SCORE);
  return out;
}

/** The row of each candidate node; -1: the snapshot does not know it. */
function rowsOf({ table }: ClusterView, candidates: Candidates): Int32Array {
  const known = candidates.rows?.(table);
  if (known) return known;
  const names = candidates.names();
  const rows = new Int32Array(names.length);
  // Int32Array.from takes five times as long.
  for (let i = 0; i < names.length; i++) rows[i] = table.rowOf(names[i]!) ?? -1;
  return rows;
}

function scored(preference: Preference): Preference {
  return preference.weights.size > 0 ? preference : { ...preference, weights: WEIGHTS_OF[preference.strategy] };
}

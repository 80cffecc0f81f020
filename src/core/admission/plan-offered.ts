import type { GangContext } from '../gang/context.ts';
import type { Plan, PlanRequest, RowTest } from '../placement/need.ts';
import { inSameDomains, isUsed, packs, toleranceOf } from './in-sample.ts';

interface Offer {
  /** Where the pod in question may go, which takes the first slot of the first need; undefined: anywhere. */
  readonly offered: RowTest | undefined;
  /** Whether these may be a sample of the nodes that suit it, so that it may be nominated and wait for another. */
  readonly mayWait: boolean;
}

interface Found {
  /** What was planned. */
  readonly request: PlanRequest;
  readonly plan: Plan;
}

/**
 * The plan with the pod in question on an offered node. Of a sample: only if nothing is lost by that; else the plan on all
 * nodes, and the pod must wait for its own.
 */
export function planOffered(ctx: GangContext, request: PlanRequest, { offered, mayWait }: Offer): Found {
  const within = offered ? { ...request, offered } : request;
  const plan = ctx.planner.plan(within);
  const here = { request: within, plan };
  if (!mayWait || isBest(ctx, request, plan)) return here;
  const anywhere = ctx.planner.plan(request);
  if (anywhere.kind === 'short') return here;
  return plan.kind === 'placed' && isAsGood(ctx, request, plan.rows, anywhere.rows)
    ? here
    : { request, plan: anywhere };
}

type Rows = readonly Int32Array[];

/** Whether no plan can be better, as can be told without another: a single pod packs a node that is in use. */
function isBest({ cluster }: GangContext, { needs, policy }: PlanRequest, plan: Plan): boolean {
  if (plan.kind === 'short' || policy.topology.mode !== 'none' || needs.length > 1 || needs[0]!.count > 1) return false;
  return packs(needs[0]!) && isUsed(cluster, plan.rows[0]![0]!);
}

/** Whether a plan takes and opens no more nodes, is in the same domains, and has the pod in question where its strategy likes it as much. */
function isAsGood(ctx: GangContext, { needs, policy, siblings }: PlanRequest, plan: Rows, other: Rows): boolean {
  const { cluster, planner } = ctx;
  const [own, others] = [plan[0]![0]!, other[0]![0]!];
  const isNear =
    siblings.length > 0
      ? inSameDomains(cluster, policy, needs[0]!.isLeader, others)(own)
      : span(ctx, { needs, policy }, plan) <= span(ctx, { needs, policy }, other);
  if (!isNear) return false;
  const [need] = needs;
  if (packs(need!)) {
    const [one, another] = [rowsOf(plan), rowsOf(other)];
    return one.length <= another.length && opened(ctx, one) <= opened(ctx, another);
  }
  const [here, there] = planner.liking({ need: need!, policy, siblings, freed: [] }, [own, others]);
  return here! >= there! - toleranceOf(need!);
}

/** The first of the policy's topology keys of which one domain holds all that the policy binds to one; else their number. */
function span({ cluster }: GangContext, { needs, policy }: Pick<PlanRequest, 'needs' | 'policy'>, plan: Rows): number {
  const { mode, keys, leader } = policy.topology;
  if (mode === 'none') return 0;
  const bound = plan.flatMap((rows, i) => (leader || needs[i]?.isLeader !== true ? [...rows] : []));
  const first = keys.findIndex((key) => {
    const { of } = cluster.domains.indexFor(key);
    return bound.every((row) => of[row]! >= 0 && of[row] === of[bound[0]!]);
  });
  return first < 0 ? keys.length : first;
}

const rowsOf = (plan: Rows): readonly number[] => [...new Set(plan.flatMap((rows) => [...rows]))];

/** How many nodes come into use. */
const opened = ({ cluster }: GangContext, rows: readonly number[]): number =>
  rows.filter((row) => !isUsed(cluster, row)).length;

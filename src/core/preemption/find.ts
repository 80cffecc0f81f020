import type { BoundPod } from '../cluster/cluster.ts';
import { startNeeds } from '../gang/admission.ts';
import type { GangContext } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import type { Need, RowTest } from '../placement/need.ts';
import type { PreemptionRules } from '../policy/policy.ts';
import { Choice, compareHarm, type Charge, type Harm } from './choice.ts';
import { Demand } from './demand.ts';
import { Limits, type Rule } from './limits.ts';
import { search } from './search.ts';
import { planWith } from './try-room.ts';
import type { Unit } from './unit.ts';
import { unitsFor } from './units.ts';

/** Who would make room for a gang, or why nobody can. */
export type Finding =
  /** `units` are taken; `awaited` go by themselves, and their room counts as well. */
  | {
      readonly kind: 'victims';
      readonly units: readonly Unit[];
      readonly awaited: readonly BoundPod[];
      readonly harm: Harm;
      readonly charges: readonly Charge[];
    }
  /** What is being deleted already makes room enough. */
  | { readonly kind: 'soon'; readonly awaited: readonly BoundPod[] }
  /** Not even all that may be taken would do. `excluded`: how many pods each rule keeps; `hits`: budgets in the way. */
  | { readonly kind: 'none'; readonly excluded: ReadonlyMap<Rule, number>; readonly hits: ReadonlySet<Rule> };

/** A pod that should have been gone for so long is stuck, and nothing counts on it. */
const STUCK_MS = 60_000;
/** Places more than needed that are tried where the demand is only a bound. */
const MARGINS = [0, 1, 2, 4, 8, 16, 32];
const ANYWHERE: RowTest = () => true;

/** Looks for the least harm that makes room for a waiting gang. Changes nothing. */
export function findVictims(ctx: GangContext, gang: Gang, nowMs: number, rules = gang.policy.preemption): Finding {
  const needs = startNeeds(ctx.cluster, gang);
  const asked = { ctx, gang, nowMs, rules, needs };
  const findings = [...domainsFor(ctx, gang, needs)].map((inDomain) => findIn(asked, inDomain));
  const soon = findings.find(({ kind }) => kind === 'soon');
  if (soon) return soon;
  const found = findings.filter((one) => one.kind === 'victims');
  if (found.length > 0) return found.reduce((best, one) => (compareHarm(one.harm, best.harm) < 0 ? one : best));
  return findings[0] ?? { kind: 'none', excluded: new Map(), hits: new Set() };
}

interface Asked {
  readonly ctx: GangContext;
  readonly gang: Gang;
  readonly nowMs: number;
  readonly rules: PreemptionRules;
  readonly needs: readonly Need[];
}

/** The parts of the cluster of which one must hold the whole gang. */
function* domainsFor({ cluster }: GangContext, { policy }: Gang, needs: readonly Need[]): Generator<RowTest> {
  if (needs.length === 0) return;
  if (policy.topology.mode !== 'require') {
    yield ANYWHERE;
    return;
  }
  for (const key of policy.topology.keys) {
    const { of, names } = cluster.domains.indexFor(key);
    for (let domain = 0; domain < names.length; domain++) yield (row) => of[row] === domain;
  }
}

function findIn(asked: Asked, inDomain: RowTest): Finding {
  const { ctx, gang, nowMs, rules, needs } = asked;
  const { cluster, evictions } = ctx;
  const limits = { leave: ctx.inFlight.total, inDomain, domainBindsLeader: gang.policy.topology.leader };
  const isExact = gang.policy.topology.mode !== 'require' && isSimple(needs);
  const probe = new Demand(cluster, needs, limits);
  const awaited = goingAnyway(ctx, probe, nowMs);
  const useful = new Uint8Array(cluster.table.rows).map((_, row) => Number(probe.isUseful(row)));
  const units = unitsFor({
    ctx,
    rules,
    priority: gang.priority,
    ownGang: gang.key,
    nowMs,
    isUseful: (row) => useful[row] === 1,
  });
  const open = rules.wholeGangs ? units : { ...units, whole: () => [] };
  const hits = new Set<Rule>();
  for (const margin of isExact ? [0] : MARGINS) {
    const demand = new Demand(cluster, needs, limits);
    for (const { node, vector } of awaited) demand.give(cluster.table.rowOf(node)!, vector);
    const choice = new Choice(demand, new Limits({ rules, evictions, cluster, nowMs }), rules.cost);
    const fits = () => isExact || planWith(ctx, gang, { units: [...choice.taken], awaited }).kind === 'placed';
    if (demand.missing === 0 && fits()) return { kind: 'soon', awaited };
    if (search(choice, open, { fits, margin, widen: (more) => demand.widen(more) })) return victims(choice, awaited);
    for (const rule of choice.hits) hits.add(rule);
  }
  const excluded = new Map(units.excluded);
  if (!rules.wholeGangs && units.whole().length > 0) excluded.set('whole gangs', units.whole().length);
  return { kind: 'none', excluded, hits };
}

function victims(choice: Choice, awaited: readonly BoundPod[]): Finding {
  const units = [...choice.taken];
  return { kind: 'victims', units, awaited, harm: choice.harm(), charges: choice.account() };
}

/** Demand counts these exactly: one role, or a leader and one role beside it. */
function isSimple(needs: readonly Need[]): boolean {
  const [first, ...rest] = needs;
  return rest.length === 0 || (rest.length === 1 && first!.isLeader && first!.count === 1);
}

/** Pods that are being deleted, by whomever, and should be gone soon. */
function goingAnyway({ cluster }: GangContext, demand: Demand, nowMs: number): BoundPod[] {
  const out: BoundPod[] = [];
  for (const bound of cluster.deletingPods) {
    const goneByMs = bound.pod.standing?.goneByMs ?? nowMs;
    const isUseful = bound.row >= 0 && demand.isUseful(bound.row);
    if (isUseful && !bound.isLeaving && goneByMs + STUCK_MS > nowMs) out.push(bound);
  }
  return out;
}

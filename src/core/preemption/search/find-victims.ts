import type { BoundPod } from '../../cluster/cluster.ts';
import { claimOf } from '../../gang/claim.ts';
import type { Gang } from '../../gang/gang.ts';
import { siblingRows, startNeeds } from '../../gang/needs.ts';
import type { FreedRoom, Need } from '../../placement/need.ts';
import { homeDomain } from '../../placement/topology.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import type { Vector } from '../../resources.ts';
import { Budgets } from '../candidates/budgets.ts';
import { candidatesPerDomain } from '../candidates/candidate-census.ts';
import type { CandidatePool, OpenCandidates } from '../candidates/candidate-pool.ts';
import type { Candidate } from '../candidates/candidate.ts';
import type { PreemptionContextView } from '../candidates/context.ts';
import type { ExclusionRule } from '../candidates/exclusion-rules.ts';
import { overruledNamespaces } from '../candidates/protection.ts';
import { chooseVictims } from './choose-victims.ts';
import { improve } from './improve.ts';
import { Shortfall } from './shortfall.ts';
import { planWith } from './simulate.ts';
import {
  addHit,
  compareHarm,
  VictimSet,
  type Charge,
  type Harm,
  type Hits,
  type ItemisedCharge,
  type Work,
} from './victim-set.ts';

/** The result of a search: victims that make room for a gang, or why there are none. */
export type Finding =
  /** `candidates` would be evicted; the room of the `awaited` pods, which are being deleted anyway, counts as well. */
  | {
      readonly kind: 'victims';
      readonly candidates: readonly Candidate[];
      readonly awaited: readonly BoundPod[];
      readonly harm: Harm;
      readonly charges: readonly Charge[];
      /** Namespaces whose long grace periods and disruption budgets protect no longer. */
      readonly overruled: ReadonlySet<string>;
      /** The charges with the terms of each cost, for people. */
      readonly itemised: () => readonly ItemisedCharge[];
    }
  /** The awaited pods leave enough room. */
  | { readonly kind: 'soon'; readonly awaited: readonly BoundPod[] }
  /** No victim set is enough. `excluded`: how many pods each rule excludes; `hits`: budgets and ages in the way. */
  | {
      readonly kind: 'none';
      readonly excluded: ReadonlyMap<ExclusionRule, number>;
      readonly hits: ReadonlyMap<ExclusionRule, number>;
    };

/** A pod that should have been gone for longer than this is stuck and not awaited. */
const STUCK_MS = 60_000;
const ROUNDING = 1e-6;
/** Additional places that a search tries to win, one margin after the other, if the shortfall is only a bound. */
const MARGINS = [0, 1, 2, 4, 8, 16, 32];
/** Candidates that one search looks at, some repeatedly, before it ends with the best set so far. */
export const MOST_WORK = 400_000;

/** The rows of a topology domain. */
type Domain = readonly number[];

/**
 * Searches for the victims with the least harm that make room for a waiting gang. Changes nothing.
 * @param among the UIDs of the pods that may be victims, as far as the rules allow it; absent: any pod
 */
export function findVictims(
  ctx: PreemptionContextView,
  gang: Gang,
  nowMs: number,
  among?: ReadonlySet<string>,
): Finding {
  const terms = { rules: gang.policy.preemption, work: { left: MOST_WORK }, ...(among ? { among } : {}) };
  const search = searchFor(ctx, gang, nowMs, terms);
  if (!search) return { kind: 'none', excluded: new Map(), hits: new Map() };
  return search.soon() ?? search.victims();
}

interface SearchTerms {
  readonly rules: PreemptionRules;
  /** The search uses it up. */
  readonly work: Work;
  /** As in findVictims. */
  readonly among?: ReadonlySet<string>;
}

/** Whether there are victims that make room for the gang under these rules. */
export function hasVictims(ctx: PreemptionContextView, gang: Gang, nowMs: number, terms: SearchTerms): boolean {
  return searchFor(ctx, gang, nowMs, terms)?.found().next().done === false;
}

function searchFor(ctx: PreemptionContextView, gang: Gang, nowMs: number, terms: SearchTerms): Search | undefined {
  const needs = startNeeds(ctx.cluster, gang);
  if (needs.length === 0) return undefined;
  const shortfall = new Shortfall(ctx.cluster, needs, {
    leave: ctx.inFlight.total,
    domainBindsLeader: gang.policy.topology.leader,
  });
  const awaited = goingAnyway(ctx, shortfall, nowMs);
  for (const { row, vector } of awaited) shortfall.give(row, vector);
  const overruled = overruledNamespaces(ctx, terms.rules);
  return new Search({ ctx, gang, nowMs, ...terms, shortfall, awaited, overruled, isExact: isSimple(needs) });
}

/** The topology domains, as lists of rows; one of them must hold the whole gang. */
function domainsFor({ cluster }: PreemptionContextView, gang: Gang): readonly Domain[] {
  const { mode, keys } = gang.policy.topology;
  const all = Array.from({ length: cluster.table.rows }, (_, row) => row);
  if (mode !== 'require') return [all];
  return keys.flatMap((key) => {
    const { of, names } = cluster.domains.indexFor(key);
    const home = homeDomain(of, siblingRows(cluster, gang));
    const rows = names.map((): number[] => []);
    for (const row of all) if (of[row]! >= 0) rows[of[row]!]!.push(row);
    return home < 0 ? rows : rows.slice(home, home + 1);
  });
}

interface Asked extends SearchTerms {
  readonly ctx: PreemptionContextView;
  readonly gang: Gang;
  readonly nowMs: number;
  /** Includes the room of the awaited pods. */
  readonly shortfall: Shortfall;
  readonly awaited: readonly BoundPod[];
  /** As in Finding. */
  readonly overruled: ReadonlySet<string>;
  /** Whether Shortfall counts the gang exactly, so that the planner need not confirm. */
  readonly isExact: boolean;
}

interface Found {
  readonly domain: Domain;
  readonly victims: VictimSet;
  readonly open: OpenCandidates;
  readonly candidates: readonly Candidate[];
  readonly harm: Harm;
}

/** One search for one gang, domain by domain. */
class Search {
  readonly #asked: Asked;
  readonly #domains: readonly Domain[];
  readonly #hits: Hits = new Map();
  #queues: ReadonlySet<string> = new Set();
  #excluded: ReadonlyMap<ExclusionRule, number> = new Map();

  constructor(asked: Asked) {
    this.#asked = asked;
    this.#domains = domainsFor(asked.ctx, asked.gang);
  }

  soon(): Finding | undefined {
    const { shortfall } = this.#asked;
    const isRoomy = this.#domains.some((domain) => {
      shortfall.confine(domain);
      return shortfall.missing === 0 && this.#fits([]);
    });
    return isRoomy ? { kind: 'soon', awaited: this.#awaitedHere() } : undefined;
  }

  victims(): Finding {
    let best: Found | undefined;
    for (const one of this.found()) if (!best || compareHarm(one.harm, best.harm) < 0) best = one;
    return best ? this.#improved(best) : { kind: 'none', excluded: this.#excluded, hits: this.#hits };
  }

  /** The victims in each domain, as long as there is work left. */
  *found(): Generator<Found> {
    const { shortfall, work } = this.#asked;
    const poolOf = this.#census();
    for (const [i, domain] of this.#domains.entries()) {
      if (work.left <= 0) return;
      shortfall.confine(domain);
      const pool = poolOf(i);
      work.left -= pool.size;
      if (!this.#mayHelp(pool)) continue;
      const found = this.#foundIn(domain, pool);
      if (found) yield found;
      if (work.left <= 0) this.#excluded = new Map(this.#excluded).set('too large to search', pool.size);
    }
  }

  /** @returns the candidates of a domain; if domains do not bind the leader, also those outside of it */
  #census(): (domain: number) => CandidatePool {
    const { ctx, gang, nowMs, rules, overruled, shortfall, among } = this.#asked;
    const preemptor = { ctx, rules, overruled, priority: claimOf(ctx, gang), nowMs };
    const input = { ...preemptor, ownGang: gang.key, ...(among ? { among } : {}) };
    const count = (domains: readonly (Domain | undefined)[], isUseful: (row: number) => boolean) => {
      const flags = new Uint8Array(ctx.cluster.table.rows).map((_, row) => Number(isUseful(row)));
      const { pools, excluded, queues } = candidatesPerDomain(
        { ...input, isUseful: (row) => flags[row] === 1 },
        domains,
      );
      this.#excluded = excluded;
      this.#queues = queues;
      return pools;
    };
    if (this.#domains.length === 1 || !gang.policy.topology.leader)
      return () => count([undefined], (row) => shortfall.isUseful(row))[0]!;
    const pools = count(this.#domains, (row) => shortfall.isEligible(row));
    return (domain) => pools[domain]!;
  }

  /** Whether an upper bound of the freed room is enough: most searches without victims end here. */
  #mayHelp(pool: CandidatePool): boolean {
    const { ctx, nowMs, rules, shortfall } = this.#asked;
    const most = mostOf(pool.everything(rules.wholeGangs), ctx.cluster.columns.names.length);
    if (!couldFit(shortfall, most)) return false;
    // Revoking a reservation is no eviction.
    if (pool.hasReservations) return true;
    const pods = shortfall.fewestPods(most.ofOne) - ROUNDING;
    const { perMinute, perQueue } = rules.budget;
    const isOverMinute = pods > perMinute - ctx.evictions.lately(nowMs);
    const leftIn = (queue: string) => Math.max(0, perQueue - ctx.evictions.lately(nowMs, queue));
    const isOverQueues = pods > [...this.#queues].reduce((sum, queue) => sum + leftIn(queue), 0);
    if (isOverMinute) addHit(this.#hits, 'budget per minute');
    if (isOverQueues) addHit(this.#hits, 'budget per queue');
    return !isOverMinute && !isOverQueues;
  }

  #foundIn(domain: Domain, pool: CandidatePool): Found | undefined {
    const { ctx, nowMs, rules, overruled, shortfall, isExact, work } = this.#asked;
    const { cluster, reportedWork } = ctx;
    const costs = { cluster, reportedWork, weights: rules.cost, nowMs };
    const open = { small: pool, whole: () => (rules.wholeGangs ? pool.whole() : []) };
    for (const margin of isExact ? [0] : MARGINS) {
      const victims = new VictimSet(shortfall, { budgets: new Budgets({ rules, ctx, nowMs, overruled }), costs, work });
      const fits = (candidates: readonly Candidate[]) => this.#fits(candidates);
      if (chooseVictims(victims, open, { fits, margin, widen: (more) => shortfall.widen(more) })) {
        const found = { domain, victims, open, candidates: [...victims.selected], harm: victims.harm() };
        victims.clear();
        return found;
      }
      for (const [rule, untilMs] of victims.hits) addHit(this.#hits, rule, untilMs);
    }
    return undefined;
  }

  #improved({ domain, victims, open, candidates }: Found): Finding {
    this.#asked.shortfall.confine(domain);
    for (const candidate of candidates) victims.select(candidate);
    improve(victims, open, (chosen) => this.#fits(chosen));
    const awaited = this.#awaitedHere();
    return {
      kind: 'victims',
      candidates: [...victims.selected],
      awaited,
      harm: victims.harm(),
      charges: victims.account(),
      overruled: this.#asked.overruled,
      itemised: () => victims.itemised(),
    };
  }

  #fits(candidates: readonly Candidate[]): boolean {
    const { ctx, gang, isExact, work } = this.#asked;
    if (isExact) return true;
    work.left -= ctx.cluster.table.rows;
    return planWith(ctx, gang, { candidates, awaited: this.#awaitedHere() }).kind === 'placed';
  }

  #awaitedHere(): BoundPod[] {
    const { awaited, shortfall } = this.#asked;
    return awaited.filter(({ row }) => shortfall.isUseful(row));
  }
}

interface Most {
  /** The freed room of each row. */
  readonly byRow: ReadonlyMap<number, Vector>;
  /** Per resource, the most that one pod or slot frees. */
  readonly ofOne: Vector;
}

/** The freed room of all candidates. */
function mostOf(everything: readonly FreedRoom[], columns: number): Most {
  const byRow = new Map<number, Float64Array>();
  const ofOne = new Float64Array(columns);
  for (const { row, vector } of everything) {
    let sum = byRow.get(row);
    if (!sum) byRow.set(row, (sum = new Float64Array(columns)));
    for (let c = 0; c < vector.length; c++) {
      const amount = vector[c]!;
      sum[c]! += amount;
      if (amount > ofOne[c]!) ofOne[c] = amount;
    }
  }
  return { byRow, ofOne };
}

/** Whether the gang would fit without all candidates, even if the budgets do not allow that. */
function couldFit(shortfall: Shortfall, { byRow }: Most): boolean {
  for (const [row, vector] of byRow) shortfall.give(row, vector);
  const { missing } = shortfall;
  for (const [row, vector] of byRow) shortfall.take(row, vector);
  return missing === 0;
}

/** Whether Shortfall counts the needs exactly: one role, or a leader and one other role. */
function isSimple(needs: readonly Need[]): boolean {
  const [first, ...rest] = needs;
  return first !== undefined && (rest.length === 0 || (rest.length === 1 && first.isLeader && first.count === 1));
}

/** The awaited pods: pods that are being deleted and should be gone soon. */
function goingAnyway({ cluster }: PreemptionContextView, shortfall: Shortfall, nowMs: number): BoundPod[] {
  const out: BoundPod[] = [];
  for (const bound of cluster.deletingPods) {
    const goneByMs = bound.pod.evictionTraits?.goneByMs ?? nowMs;
    const isUseful = bound.row >= 0 && shortfall.isEligible(bound.row);
    if (isUseful && !bound.isLeaving && goneByMs + STUCK_MS > nowMs) out.push(bound);
  }
  return out;
}

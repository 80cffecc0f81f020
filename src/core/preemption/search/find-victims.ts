import type { BoundPod } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import { siblingRows, startNeeds } from '../../gang/needs.ts';
import type { Need } from '../../placement/need.ts';
import { domainRows } from '../../placement/topology.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import { allAtOnce, withoutPause, Work, type Slices } from '../../work.ts';
import { Budgets } from '../candidates/budgets.ts';
import { candidatesPerDomain, type Among, type CensusResult } from '../candidates/candidate-census.ts';
import type { CandidatePool, OpenCandidates } from '../candidates/candidate-pool.ts';
import type { Candidate, GangCandidate } from '../candidates/candidate.ts';
import type { PreemptionContextView } from '../candidates/context.ts';
import { preemptorOf, type ExclusionRule, type Preemptor } from '../candidates/exclusion-rules.ts';
import { columnsLacking } from '../candidates/lacks.ts';
import type { Means, QueueClaim } from '../candidates/share-rules.ts';
import type { SharesTaken } from '../candidates/shares-taken.ts';
import { overruledNamespaces } from '../candidates/protection.ts';
import { chooseVictims } from './choose-victims.ts';
import { improve } from './improve.ts';
import { Shortfall } from '../../placement/shortfall.ts';
import { planWith } from './simulate.ts';
import { couldFit, mostOf, Sums } from './upper-bound.ts';
import {
  addHit,
  compareHarm,
  VictimSet,
  type Charge,
  type Harm,
  type Hits,
  type ItemisedCharge,
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
      /** What the gang may take from other queues; undefined: none are configured. */
      readonly claim: QueueClaim | undefined;
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
      readonly claim?: QueueClaim | undefined;
      /** The least loss that was not less than the gain. */
      readonly spared?: SharesTaken['spared'];
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

/** What a search may choose from. */
interface Scope {
  /** What may be a victim; absent: anything. */
  readonly among?: Among;
  /** By what right; absent: by any. */
  readonly means?: Means;
}

/** Searches for the victims with the least harm that make room for a waiting gang. Changes nothing. */
export function findVictims(ctx: PreemptionContextView, gang: Gang, nowMs: number, scope?: Scope): Finding {
  return allAtOnce(victimsInSlices(ctx, gang, nowMs, scope));
}

/** The same in slices. What is found holds for the cluster as it was when the search looked: it must be found again. */
export function* victimsInSlices(
  ctx: PreemptionContextView,
  gang: Gang,
  nowMs: number,
  scope: Scope = {},
): Slices<Finding> {
  const terms = { rules: gang.policy.preemption, work: new Work(MOST_WORK), ...scope };
  const search = searchFor(ctx, gang, nowMs, terms);
  if (!search) return { kind: 'none', excluded: new Map(), hits: new Map() };
  return (yield* search.soon()) ?? (yield* search.victims());
}

interface SearchTerms extends Scope {
  readonly rules: PreemptionRules;
  /** The search uses it up. */
  readonly work: Work;
}

/** Whether there are victims that make room for the gang under these rules. */
export function* hasVictims(
  ctx: PreemptionContextView,
  gang: Gang,
  nowMs: number,
  terms: SearchTerms,
): Slices<boolean> {
  const search = searchFor(ctx, gang, nowMs, terms);
  return search !== undefined && (yield* search.hasAny());
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
  const { rules, means } = terms;
  const lacks = ctx.tree.isConfigured ? { lacks: columnsLacking(ctx, needs, awaited) } : {};
  const preemptor = preemptorOf(ctx, gang, nowMs, { rules, means, ...lacks });
  return new Search({ ...preemptor, gang, ...terms, shortfall, awaited, overruled, isExact: isSimple(needs) });
}

interface Asked extends SearchTerms, Preemptor {
  readonly ctx: PreemptionContextView;
  readonly rules: PreemptionRules;
  readonly gang: Gang;
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
  #spared: SharesTaken['spared'];
  #sums: Sums | undefined;

  constructor(asked: Asked) {
    this.#asked = asked;
    const { cluster } = asked.ctx;
    this.#domains = domainRows(cluster, asked.gang.policy.topology, siblingRows(cluster, asked.gang));
  }

  *soon(): Slices<Finding | undefined> {
    const { shortfall, work } = this.#asked;
    for (const domain of this.#domains) {
      this.#confine(domain);
      if (shortfall.missing === 0 && this.#fits([])) return { kind: 'soon', awaited: this.#awaitedHere() };
      if (work.isPauseDue()) yield;
    }
    return undefined;
  }

  *victims(): Slices<Finding> {
    let best: Found | undefined;
    yield* this.#each((one) => {
      if (!best || compareHarm(one.harm, best.harm) < 0) best = one;
      return false;
    });
    if (best) return yield* this.#improved(best);
    return {
      kind: 'none',
      excluded: this.#excluded,
      hits: this.#hits,
      claim: this.#asked.claim,
      spared: this.#spared,
    };
  }

  *hasAny(): Slices<boolean> {
    return yield* this.#each(() => true);
  }

  /**
   * Passes the victims of each domain to `isEnough`, as long as there is work left.
   * @returns whether it ended the search
   */
  *#each(isEnough: (found: Found) => boolean): Slices<boolean> {
    const { work } = this.#asked;
    const poolOf = yield* this.#census();
    for (const [i, domain] of this.#domains.entries()) {
      if (work.isSpent) return false;
      this.#confine(domain);
      const pool = yield* poolOf(i);
      work.charge(pool.size);
      if (work.isPauseDue()) yield;
      const found = (yield* this.#mayHelp(pool)) ? yield* this.#foundIn(domain, pool) : undefined;
      if (found && isEnough(found)) return true;
      if (work.isSpent) this.#excluded = new Map(this.#excluded).set('too large to search', pool.size);
    }
    return false;
  }

  #confine(domain: Domain): void {
    this.#asked.shortfall.confine(domain);
    this.#asked.work.pass(domain.length);
  }

  /** @returns the candidates of a domain; if domains do not bind the leader, those of all domains */
  *#census(): Slices<(domain: number) => Slices<CandidatePool>> {
    const { ctx, gang, shortfall, work } = this.#asked;
    const input = { ...this.#asked, ownGang: gang.key };
    const count = (domains: readonly (Domain | undefined)[], isUseful: (row: number) => boolean) => {
      const flags = new Uint8Array(ctx.cluster.table.rows).map((_, row) => Number(isUseful(row)));
      return candidatesPerDomain({ ...input, isUseful: (row) => flags[row] === 1 }, domains, work);
    };
    const note = ({ pools, excluded, queues }: CensusResult) => {
      this.#excluded = excluded;
      this.#queues = queues;
      return pools;
    };
    if (this.#domains.length === 1)
      return function* () {
        return note(yield* count([undefined], (row) => shortfall.isUseful(row)))[0]!;
      };
    const isShared = !gang.policy.topology.leader;
    const pools = note(yield* count(isShared ? [undefined] : this.#domains, (row) => shortfall.isEligible(row)));
    return (domain) => withoutPause(pools[isShared ? 0 : domain]!);
  }

  /** Whether an upper bound of the freed room is enough: most searches without victims end here. */
  *#mayHelp(pool: CandidatePool): Slices<boolean> {
    const { ctx, nowMs, rules, shortfall, work } = this.#asked;
    const { table, columns } = ctx.cluster;
    this.#sums ??= new Sums(table.rows, columns.size);
    const most = yield* mostOf(pool, rules.wholeGangs, this.#sums, work);
    if (!couldFit(shortfall, most)) return false;
    // Revoking a reservation is no eviction.
    if (pool.hasReservations) return true;
    const { perMinute, perQueue } = rules.budget;
    const isOver = (left: number) => shortfall.needsMorePods(left + ROUNDING, most.ofOne);
    const leftIn = (queue: string) => Math.max(0, perQueue - ctx.evictions.lately(nowMs, queue));
    const isOverMinute = isOver(perMinute - ctx.evictions.lately(nowMs));
    const isOverQueues = isOver([...this.#queues].reduce((sum, queue) => sum + leftIn(queue), 0));
    if (isOverMinute) addHit(this.#hits, 'budget per minute');
    if (isOverQueues) addHit(this.#hits, 'budget per queue');
    return !isOverMinute && !isOverQueues;
  }

  *#foundIn(domain: Domain, pool: CandidatePool): Slices<Found | undefined> {
    const { ctx, nowMs, rules, overruled, shortfall, isExact, work, claim } = this.#asked;
    const { cluster, reportedWork } = ctx;
    const costs = { cluster, reportedWork, weights: rules.cost, nowMs };
    const open = {
      small: pool,
      whole: rules.wholeGangs ? (of: Work) => pool.whole(of) : () => withoutPause<readonly GangCandidate[]>([]),
    };
    for (const margin of isExact ? [0] : MARGINS) {
      const budgets = new Budgets({ rules, ctx, nowMs, overruled, claim });
      const victims = new VictimSet(shortfall, { budgets, costs, work });
      const fits = (candidates: readonly Candidate[]) => this.#fits(candidates);
      const isFound = yield* chooseVictims(victims, open, { fits, margin, widen: (more) => shortfall.widen(more) });
      if (isFound) {
        const found = { domain, victims, open, candidates: [...victims.selected], harm: victims.harm() };
        victims.clear();
        return found;
      }
      for (const [rule, untilMs] of victims.hits) addHit(this.#hits, rule, untilMs);
      this.#spared = budgets.shares?.spared ?? this.#spared;
    }
    return undefined;
  }

  *#improved({ domain, victims, open, candidates }: Found): Slices<Finding> {
    this.#asked.shortfall.confine(domain);
    for (const candidate of candidates) victims.select(candidate);
    // Among given pods there is little to choose.
    if (!this.#asked.among) yield* improve(victims, open, (chosen) => this.#fits(chosen));
    const awaited = this.#awaitedHere();
    return {
      kind: 'victims',
      candidates: [...victims.selected],
      awaited,
      harm: victims.harm(),
      charges: victims.account(),
      overruled: this.#asked.overruled,
      claim: this.#asked.claim,
      itemised: () => victims.itemised(),
    };
  }

  #fits(candidates: readonly Candidate[]): boolean {
    const { ctx, gang, isExact, work } = this.#asked;
    if (isExact) return true;
    work.charge(ctx.cluster.table.rows);
    return planWith(ctx, gang, { candidates, awaited: this.#awaitedHere() }).kind === 'placed';
  }

  #awaitedHere(): BoundPod[] {
    const { awaited, shortfall } = this.#asked;
    return awaited.filter(({ row }) => shortfall.isUseful(row));
  }
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

import type { BoundMember, BoundPod } from '../../cluster/cluster.ts';
import { isAdmitted, type Gang } from '../../gang/gang.ts';
import { hasSingleRole, isLeaderRole } from '../../model.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import { allAtOnce, Work, type Slices } from '../../work.ts';
import type { PreemptionContextView } from './context.ts';
import { exclusionOf, priorityGap, priorityLevelOf, type ExclusionRule } from './exclusion-rules.ts';
import { leafOf, levelAt, type QueueClaim, type Right } from './share-rules.ts';
import { CandidatePool, type OpenCandidates } from './candidate-pool.ts';
import type { CostModel } from './eviction-cost.ts';

/** What may be a victim, as far as the rules allow it. */
export interface Among {
  /** By UID. */
  readonly pods: ReadonlySet<string>;
  readonly reservations: boolean;
}

export interface CensusInput {
  readonly ctx: PreemptionContextView;
  readonly rules: PreemptionRules;
  /** The effective priority of the gang or pod that needs room. */
  readonly priority: number;
  /** As in Preemptor. */
  readonly lender: Gang | undefined;
  /** Its own gang is never a victim. */
  readonly ownGang: string | undefined;
  readonly nowMs: number;
  /** As in Preemptor. */
  readonly overruled?: ReadonlySet<string>;
  /** As in Preemptor. */
  readonly claim?: QueueClaim | undefined;
  /** Whether room at the row could help. */
  readonly isUseful: (row: number) => boolean;
  /** Looks at this row alone, and at no reservations; absent: at all rows and reservations. */
  readonly onlyRow?: number;
  /** Looks at the pods with these UIDs alone, and at no reservations; absent: at all. */
  readonly among?: Among;
}

/** The victim candidates on rows where room could help. */
export function candidatesAt(input: CensusInput): OpenCandidates {
  const pool = new CandidatePool(input, costModel(input));
  allAtOnce(takeCensus(input, () => [pool], new Work()));
  return { small: pool, whole: (work) => pool.whole(work) };
}

/** The result of one census. */
export interface CensusResult {
  /** One pool per domain, in their order. */
  readonly pools: readonly CandidatePool[];
  /** How many pods, or gangs of one role, each rule excludes. */
  readonly excluded: ReadonlyMap<ExclusionRule, number>;
  /** The queues of gangs that have pods, and '' for single pods. */
  readonly queues: ReadonlySet<string>;
}

/**
 * The victim candidates of each domain, in one pass over the pods.
 * @param domains the rows of each domain; undefined: all rows
 */
export function* candidatesPerDomain(
  input: CensusInput,
  domains: readonly (readonly number[] | undefined)[],
  work: Work,
): Slices<CensusResult> {
  const pools = domains.map(() => new CandidatePool(input, costModel(input)));
  const { excluded, queues } = yield* takeCensus(input, poolsByRow(pools, domains), work);
  return { pools, excluded, queues };
}

const costModel = ({ ctx: { cluster, reportedWork }, rules, nowMs }: CensusInput): CostModel => ({
  cluster,
  reportedWork,
  weights: rules.cost,
  nowMs,
});

/** So many pods are as much work for the census as one candidate is for the search. */
const PODS_PER_UNIT = 4;

function* takeCensus(
  input: CensusInput,
  poolsAt: (row: number) => readonly CandidatePool[],
  work: Work,
): Slices<Census> {
  const census = new Census(input, poolsAt);
  let pods = 0;
  for (const bound of podsIn(input)) {
    census.addPod(bound);
    if (++pods % PODS_PER_UNIT > 0) continue;
    work.pass(1);
    if (work.isPauseDue()) yield;
  }
  if (input.onlyRow === undefined && input.among?.reservations !== false) census.addReservations();
  return census;
}

function podsIn({ ctx: { cluster }, onlyRow, among }: CensusInput): Iterable<BoundPod> {
  if (among) return [...among.pods].flatMap((uid) => cluster.boundPod(uid) ?? []);
  // Pods of a gang came one after the other and lie together in memory: a pass by rows takes several times as long.
  return onlyRow === undefined ? cluster.boundPods.values() : cluster.podsAt(cluster.table.nameAt(onlyRow));
}

const NO_POOLS: readonly CandidatePool[] = [];

function poolsByRow(pools: readonly CandidatePool[], domains: readonly (readonly number[] | undefined)[]) {
  if (domains.length === 1 && !domains[0]) return () => pools;
  const byRow = new Map<number, CandidatePool[]>();
  domains.forEach((rows, i) => {
    for (const row of rows ?? []) {
      const there = byRow.get(row);
      if (there) there.push(pools[i]!);
      else byRow.set(row, [pools[i]!]);
    }
  });
  return (row: number) => byRow.get(row) ?? NO_POOLS;
}

/** Looks at every pod once and adds it to the pools that have its row. */
class Census {
  readonly #excluded = new Map<ExclusionRule, number>();
  readonly #input: CensusInput;
  readonly #poolsAt: (row: number) => readonly CandidatePool[];
  readonly queues = new Set(['']);
  readonly #singleRoleGangs = new Set<Gang>();
  #leaders = 0;
  #lastKey: string | undefined;
  #lastGang: Gang | undefined;

  constructor(input: CensusInput, poolsAt: (row: number) => readonly CandidatePool[]) {
    this.#input = input;
    this.#poolsAt = poolsAt;
  }

  /** As CensusResult.excluded. */
  get excluded(): ReadonlyMap<ExclusionRule, number> {
    const whole = this.#leaders + this.#singleRoleGangs.size;
    if (this.#input.rules.wholeGangs || whole === 0) return this.#excluded;
    return new Map(this.#excluded).set('whole gangs', whole);
  }

  addPod(bound: BoundPod): void {
    const { ctx, ownGang, isUseful, claim } = this.#input;
    const { pod, row, isLeaving } = bound;
    const key = pod.membership?.gang;
    if (isLeaving || pod.deleting || row < 0 || (ownGang !== undefined && key === ownGang) || !isUseful(row)) return;
    const gang = this.#find(key);
    const rule = exclusionOf(this.#input, pod, gang);
    if (rule) {
      this.#exclude(bound, gang, rule);
      return;
    }
    if (gang && leads(gang, bound)) {
      this.#leaders++;
      for (const pool of this.#poolsAt(row)) pool.addLeader(bound, gang);
      return;
    }
    if (gang && hasSingleRole(gang.spec)) this.#singleRoleGangs.add(gang);
    const rank = claim?.rankOf(leafOf(ctx, pod, gang)) ?? 0;
    for (const pool of this.#poolsAt(row)) pool.addPod(bound, levelAt(priorityLevelOf(ctx, pod, gang), rank));
  }

  /** Adds the reservations that the rules allow to be taken, of gangs that run no pod yet. */
  addReservations(): void {
    const { ctx, ownGang, isUseful } = this.#input;
    for (const gang of ctx.gangs.values()) {
      if (!isAdmitted(gang) || gang.key === ownGang) continue;
      const right = this.#rightOver(gang);
      if (!right) continue;
      if (ctx.cluster.boundMembers(gang.key).size > 0 || gang.slots.length === 0) continue;
      if (gang.slots.some(({ state }) => state !== 'reserved')) continue;
      const freed = gang.slots.map(({ node, vector }) => ({ row: ctx.cluster.table.rowOf(node) ?? -1, vector }));
      const pools = freed.filter(({ row }) => isUseful(row)).flatMap(({ row }) => this.#poolsAt(row));
      for (const pool of new Set(pools)) pool.addReservation({ freed, gang, right });
    }
  }

  #exclude(bound: BoundPod, gang: Gang | undefined, rule: ExclusionRule): void {
    this.#excluded.set(rule, (this.#excluded.get(rule) ?? 0) + 1);
    if (!gang || (rule !== 'pinned' && rule !== 'refused')) return;
    for (const pool of this.#poolsAt(bound.row)) pool.addFollower(bound);
  }

  /** By what right the gang's reservation may be taken; undefined: by none. */
  #rightOver(gang: Gang): Right | undefined {
    const { priority, claim, rules } = this.#input;
    const isLower = gang.priority + priorityGap(this.#input, gang) <= priority;
    const verdict = claim ? claim.verdictOn(gang.queue, isLower) : { right: 'priority' as const };
    if ('rule' in verdict || (!claim && !isLower)) return undefined;
    const isOpen = rules.queues.length === 0 || rules.queues.includes(gang.queue.path);
    return verdict.right === 'share' || isOpen ? verdict.right : undefined;
  }

  /** The gang of that key. Mostly it is that of the pod before. */
  #find(key: string | undefined): Gang | undefined {
    if (key === undefined) return undefined;
    if (key !== this.#lastKey) {
      this.#lastKey = key;
      this.#lastGang = this.#input.ctx.gangs.get(key);
      if (this.#lastGang) this.queues.add(this.#lastGang.queue.path);
    }
    return this.#lastGang;
  }
}

/** Whether the pod leads its gang; in a gang of one role no pod does. */
function leads({ spec }: Gang, bound: BoundPod): bound is BoundMember {
  const role = bound.pod.membership?.role;
  return role !== undefined && !hasSingleRole(spec) && isLeaderRole(spec, role);
}

import type { BoundMember, BoundPod } from '../../src/core/cluster/cluster.ts';
import { isAdmitted, type Gang } from '../../src/core/gang/gang.ts';
import { hasSingleRole, isLeaderRole } from '../../src/core/model.ts';
import type { Vector } from '../../src/core/resources.ts';
import type { CensusInput } from '../../src/core/preemption/candidates/candidate-census.ts';
import type { FreedRooms, OpenCandidates, Pool } from '../../src/core/preemption/candidates/candidate-pool.ts';
import {
  NO_OTHERS,
  type Candidate,
  type GangCandidate,
  type PodCandidate,
  type ReservationCandidate,
} from '../../src/core/preemption/candidates/candidate.ts';
import {
  coresOf,
  isGivenUp,
  podCost,
  wholeGangCost,
  type CostModel,
} from '../../src/core/preemption/candidates/eviction-cost.ts';
import {
  exclusionOf,
  priorityGap,
  priorityLevelOf,
  rightOver,
  type ExclusionRule,
  type Preemptor,
} from '../../src/core/preemption/candidates/exclusion-rules.ts';
import { leafOf, levelAt, type Right } from '../../src/core/preemption/candidates/share-rules.ts';
import { VictimGang } from '../../src/core/preemption/candidates/victim-gang.ts';
import { allAtOnce, Work, type Slices } from '../../src/core/work.ts';

// The candidates of a search as they were found before there were numbers for pods: it looks at every pod, judges each by
// itself, and creates a candidate for each. What a search chooses must be the same with both.

/** The part of a search's input that a pool reads. */
interface PoolInput extends Preemptor {
  readonly ctx: Preemptor['ctx'] & { readonly gangs: ReadonlyMap<string, Gang> };
}

interface ReservedRoom extends Pick<Candidate, 'freed'> {
  readonly gang: Gang;
  readonly right: Right;
}

const NO_PAUSE: readonly undefined[] = [];

interface Level {
  readonly level: number;
  readonly pods: BoundPod[];
  /** The candidate of the pod at the same index, once it has been created. */
  readonly candidates: PodCandidate[];
  readonly reservations: ReservationCandidate[];
}

/** The candidates of one domain. Collects pods during the census, and creates candidates on demand. */
class ExhaustivePool implements Pool, FreedRooms {
  readonly #input: PoolInput;
  readonly #costs: CostModel;
  readonly #levels = new Map<number, Level>();
  readonly #gangs = new Map<Gang, VictimGang>();
  readonly #followers: BoundPod[] = [];
  readonly #leaders: { readonly bound: BoundMember; readonly gang: Gang }[] = [];
  /** By gang, the members among the candidates created so far. */
  readonly #members = new Map<VictimGang, PodCandidate[]>();
  #lastKey: string | undefined;
  #lastGang: Gang | undefined;
  #whole: readonly GangCandidate[] | undefined;

  constructor(input: PoolInput, costs: CostModel) {
    this.#input = input;
    this.#costs = costs;
  }

  get size(): number {
    let size = 0;
    for (const { pods, reservations } of this.#levels.values()) size += pods.length + reservations.length;
    return size;
  }

  get hasReservations(): boolean {
    for (const { reservations } of this.#levels.values()) if (reservations.length > 0) return true;
    return false;
  }

  get tiers(): readonly number[] {
    const levels = [...this.#levels.keys()].sort((a, b) => a - b);
    return levels.flatMap((level) => [level * 2, level * 2 + 1]);
  }

  *ofTier(tier: number): Generator<Candidate> {
    const level = this.#levels.get(Math.floor(tier / 2));
    if (!level) return;
    const isLower = tier % 2 === 0;
    if (isLower) yield* level.reservations;
    for (let i = 0; i < level.pods.length; i++)
      if (this.#mayBeElastic(level.pods[i]!) === isLower) yield this.#candidateAt(level, i);
  }

  /** All candidates by row, reservations last; among equals a search selects the first. */
  all(): readonly Candidate[] {
    const levels = [...this.#levels.values()].sort((a, b) => a.level - b.level);
    const candidates = levels.flatMap((level) => level.pods.map((_, i) => this.#candidateAt(level, i)));
    candidates.sort((a, b) => a.bound.row - b.bound.row);
    return [...candidates, ...levels.flatMap(({ reservations }) => reservations)];
  }

  *whole(work: Work): Slices<readonly GangCandidate[]> {
    for (const level of this.#levels.values())
      for (let i = 0; i < level.pods.length; i++) {
        this.#candidateAt(level, i);
        if (lookedAt(work, 1)) yield;
      }
    if (this.#whole) return this.#whole;
    const whole: GangCandidate[] = [];
    for (const one of this.#leaders.sort((a, b) => a.bound.row - b.bound.row)) {
      const gang = this.#wholeOf(one);
      whole.push(gang);
      if (lookedAt(work, 1 + gang.others.length)) yield;
    }
    return (this.#whole = [...whole, ...this.#singleRoleGangs()]);
  }

  /** The freed room of all candidates together. */
  *eachFreed(add: (row: number, vector: Vector) => void, withLeaders: boolean): Slices<void> {
    for (const { pods, reservations } of this.#levels.values()) {
      for (const { row, vector } of pods) add(row, vector);
      for (const candidate of reservations) for (const { row, vector } of candidate.freed) add(row, vector);
    }
    if (!withLeaders) return;
    for (const { bound } of this.#leaders) add(bound.row, bound.vector);
    for (const { row, vector } of this.#followers) add(row, vector);
    return yield* NO_PAUSE;
  }

  addPod(bound: BoundPod, level: number): void {
    this.#level(level).pods.push(bound);
  }

  addLeader(bound: BoundMember, gang: Gang): void {
    this.#leaders.push({ bound, gang });
  }

  /** Adds a pod that may not be evicted by itself, but ends with its leader. */
  addFollower(bound: BoundPod): void {
    this.#followers.push(bound);
  }

  /** Adds the reservation of a gang that runs no pod yet: revoking it evicts no pod. */
  addReservation({ freed, gang, right }: ReservedRoom): void {
    const nothing = { others: NO_OTHERS, role: '', cost: 0, cores: 0, isGivenUp: false, ...NOT_YOUNG };
    const { slots, queue: leaf } = gang;
    const level = this.#levelOf(gang);
    const of = this.#gangOf(gang);
    this.#level(level).reservations.push({
      kind: 'reservation',
      freed,
      slots: [...slots],
      gang: of,
      leaf,
      right,
      level,
      ...nothing,
    });
  }

  /** The gang of that key. Mostly it is that of the pod before. */
  #find(key: string | undefined): Gang | undefined {
    if (key === undefined) return undefined;
    if (key !== this.#lastKey) {
      this.#lastKey = key;
      this.#lastGang = this.#input.ctx.gangs.get(key);
    }
    return this.#lastGang;
  }

  /** The level of the gang's leader, of its reservation, and of all that goes with it. */
  #levelOf({ priority, queue }: Gang): number {
    return levelAt(priority, this.#input.claim?.rankOf(queue) ?? 0);
  }

  #level(level: number): Level {
    let known = this.#levels.get(level);
    if (!known) this.#levels.set(level, (known = { level, pods: [], candidates: [], reservations: [] }));
    return known;
  }

  #candidateAt({ level, pods, candidates }: Level, i: number): PodCandidate {
    return (candidates[i] ??= this.#addCandidate(pods[i]!, { level, isFollower: false }));
  }

  /** Whether the pod may be elastic, depending on which others are selected. */
  #mayBeElastic({ pod }: BoundPod): boolean {
    const { membership } = pod;
    const gang = this.#find(membership?.gang);
    if (membership?.isElastic === true || isGivenUp(pod, gang)) return true;
    return gang !== undefined && membership !== undefined && this.#gangOf(gang).membersOf(membership.role).elastic > 0;
  }

  #gangOf(gang: Gang): VictimGang {
    let known = this.#gangs.get(gang);
    if (!known) this.#gangs.set(gang, (known = new VictimGang(this.#costs, gang)));
    return known;
  }

  #addCandidate(bound: BoundPod, own: Pick<PodCandidate, 'level' | 'isFollower'>): PodCandidate {
    const { cluster, weights } = this.#costs;
    const { pod, vector } = bound;
    const known = this.#find(pod.membership?.gang);
    const gang = known && this.#gangOf(known);
    const candidate: PodCandidate = {
      kind: 'pod',
      freed: [bound],
      bound,
      others: NO_OTHERS,
      gang,
      members: gang?.membersOf(pod.membership?.role ?? ''),
      role: pod.membership?.role ?? '',
      leaf: leafOf(this.#input.ctx, pod, known),
      right: rightOver(this.#input, pod, known),
      ...own,
      cost: podCost(this.#costs, bound, known),
      cores: coresOf(cluster.columns, vector, weights),
      isGivenUp: pod.membership?.isElastic === true || isGivenUp(pod, known),
      ...this.#youthOf(bound),
    };
    if (gang) this.#addMember(gang, candidate);
    return candidate;
  }

  #addMember(gang: VictimGang, candidate: PodCandidate): void {
    gang.rows.push(candidate.bound.row);
    const known = this.#members.get(gang);
    if (known) known.push(candidate);
    else this.#members.set(gang, [candidate]);
  }

  #youthOf({ pod }: BoundPod): Youth {
    const { rules, nowMs } = this.#input;
    const youngUntilMs = (pod.evictionTraits?.startedMs ?? Infinity) + rules.minRuntimeMs;
    return { isYoung: rules.minRuntimeMs > 0 && nowMs < youngUntilMs, youngUntilMs };
  }

  /** The leader with all members, including those on rows that do not matter here. */
  #wholeOf({ bound, gang: of }: { readonly bound: BoundMember; readonly gang: Gang }): GangCandidate {
    const { weights, cluster } = this.#costs;
    const gang = this.#gangOf(of);
    return this.#wholeGang(gang, this.#membersOf(gang, bound), {
      bound,
      freed: [bound],
      role: bound.pod.membership.role,
      leaf: of.queue,
      right: rightOver(this.#input, bound.pod, of),
      level: this.#levelOf(of),
      cores: coresOf(cluster.columns, bound.vector, weights),
      ...this.#youthOf(bound),
    });
  }

  /** The gangs of one role, as candidates that are evicted whole and have no leader. */
  #singleRoleGangs(): GangCandidate[] {
    return [...this.#gangs.values()].flatMap((gang) => {
      const members = gang.hasSingleRole ? this.#membersOf(gang, undefined) : [];
      const [first] = members;
      if (!first) return [];
      const { role, leaf, right, level, isYoung, youngUntilMs } = first;
      const own = { bound: undefined, freed: [], role, leaf, right, level, cores: 0, isYoung, youngUntilMs };
      return [this.#wholeGang(gang, members, own)];
    });
  }

  #wholeGang(gang: VictimGang, others: readonly PodCandidate[], own: OwnTraits): GangCandidate {
    const ofMembers = others.reduce((sum, { cost }) => sum + cost, 0);
    const cost = wholeGangCost(this.#costs, gang.gang, { leader: own.bound, ofMembers });
    return { kind: 'gang', ...own, others, gang, cost, isGivenUp: false };
  }

  /** Candidates of all members but the leader, including those on rows that do not matter here. */
  #membersOf(gang: VictimGang, leader: BoundPod | undefined): PodCandidate[] {
    const { cluster } = this.#costs;
    const known = new Set(this.#members.get(gang)?.map(({ bound }) => bound.pod.uid));
    if (known.size === 0 && leader === undefined) return [];
    for (const [uid, bound] of cluster.boundMembers(gang.gang.key)) {
      if (known.has(uid) || uid === leader?.pod.uid || bound.isLeaving || bound.pod.deleting) continue;
      if (bound.row >= 0) this.#addCandidate(bound, { level: this.#levelOf(gang.gang), isFollower: true });
    }
    return [...(this.#members.get(gang) ?? [])].sort((a, b) => a.bound.row - b.bound.row);
  }
}

/** Counts candidates that a pass looks at. @returns whether a pause is due */
function lookedAt(work: Work, candidates: number): boolean {
  work.pass(candidates);
  return work.isPauseDue();
}

/** The traits of a whole gang that do not come from its members. */
type OwnTraits = Pick<GangCandidate, 'bound' | 'freed' | 'role' | 'leaf' | 'right' | 'level' | 'cores' | keyof Youth>;

type Youth = Pick<GangCandidate, 'isYoung' | 'youngUntilMs'>;

const NOT_YOUNG: Youth = { isYoung: false, youngUntilMs: 0 };

/** The victim candidates on rows where room could help. */
export function candidatesAt(input: CensusInput): OpenCandidates {
  const pool = new ExhaustivePool(input, costModel(input));
  allAtOnce(takeCensus(input, () => [pool], new Work()));
  return { small: pool, whole: (work) => pool.whole(work) };
}

/** The result of one census. */
interface CensusResult {
  /** One pool per domain, in their order. */
  readonly pools: readonly ExhaustivePool[];
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
  const pools = domains.map(() => new ExhaustivePool(input, costModel(input)));
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
  poolsAt: (row: number) => readonly ExhaustivePool[],
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

const NO_POOLS: readonly ExhaustivePool[] = [];

function poolsByRow(pools: readonly ExhaustivePool[], domains: readonly (readonly number[] | undefined)[]) {
  if (domains.length === 1 && !domains[0]) return () => pools;
  const byRow = new Map<number, ExhaustivePool[]>();
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
  readonly #poolsAt: (row: number) => readonly ExhaustivePool[];
  readonly queues = new Set(['']);
  readonly #singleRoleGangs = new Set<Gang>();
  #leaders = 0;
  #lastKey: string | undefined;
  #lastGang: Gang | undefined;

  constructor(input: CensusInput, poolsAt: (row: number) => readonly ExhaustivePool[]) {
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

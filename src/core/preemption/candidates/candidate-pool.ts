import type { BoundMember, BoundPod } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import type { FreedRoom } from '../../placement/need.ts';
import type { Slices, Work } from '../../work.ts';
import {
  NO_OTHERS,
  type Candidate,
  type GangCandidate,
  type PodCandidate,
  type ReservationCandidate,
} from './candidate.ts';
import { coresOf, isGivenUp, podCost, wholeGangCost, type CostModel } from './eviction-cost.ts';
import { rightOver, type Preemptor } from './exclusion-rules.ts';
import { leafOf, levelAt, type Right } from './share-rules.ts';
import { VictimGang } from './victim-gang.ts';

/** Candidates by tier (see VictimSet.tierOf), created on demand, because mostly the lowest tiers suffice. */
export interface Pool {
  readonly size: number;
  /** Ascending. */
  readonly tiers: readonly number[];
  /** The candidates that may belong to this tier and not to a lower one. */
  ofTier(tier: number): Iterable<Candidate>;
  all(): readonly Candidate[];
  readonly hasReservations: boolean;
}

/** The candidates that a search may select. */
export interface OpenCandidates {
  /** Pods that lead no gang, and reservations of gangs that run no pod yet. */
  readonly small: Pool;
  /** Whole gangs with their leaders. */
  readonly whole: (work: Work) => Slices<readonly GangCandidate[]>;
}

/** The part of a search's input that a pool reads. */
export interface PoolInput extends Preemptor {
  readonly ctx: Preemptor['ctx'] & { readonly gangs: ReadonlyMap<string, Gang> };
}

interface ReservedRoom extends Pick<Candidate, 'freed'> {
  readonly gang: Gang;
  readonly right: Right;
}

interface Level {
  readonly level: number;
  readonly pods: BoundPod[];
  /** The candidate of the pod at the same index, once it has been created. */
  readonly candidates: PodCandidate[];
  readonly reservations: ReservationCandidate[];
}

/** The candidates of one domain. Collects pods during the census, and creates candidates on demand. */
export class CandidatePool implements Pool {
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
  *everything(withLeaders: boolean): Generator<FreedRoom> {
    for (const { pods, reservations } of this.#levels.values()) {
      yield* pods;
      for (const candidate of reservations) yield* candidate.freed;
    }
    if (!withLeaders) return;
    for (const { bound } of this.#leaders) yield bound;
    yield* this.#followers;
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
    return gang !== undefined && membership !== undefined && this.#gangOf(gang).mayHaveElastic(membership.role);
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

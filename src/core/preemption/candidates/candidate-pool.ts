import type { BoundPod } from '../../cluster/cluster.ts';
import type { GangContext } from '../../gang/context.ts';
import type { Gang } from '../../gang/gang.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import { wholeAppCost, coresOf, isGivenUp, evictionCost, type CostModel } from './eviction-cost.ts';
import type { FreedRoom, Candidate } from './candidate.ts';
import { VictimGang } from './victim-gang.ts';

/** OpenCandidates by tier (see VictimSet.tierOf). They are made when they are asked for: mostly the lowest tiers suffice. */
export interface Pool {
  readonly size: number;
  /** Ascending. */
  readonly tiers: readonly number[];
  /** Those that may come into this tier, apart from those of lower tiers. */
  ofTier(tier: number): readonly Candidate[];
  all(): readonly Candidate[];
  readonly hasReservations: boolean;
}

/** What may be taken. */
export interface OpenCandidates {
  /** Pods that are not leaders of gangs, and reservations of gangs that have not begun. */
  readonly small: Pool;
  /** Gangs with their leaders. */
  readonly whole: () => readonly Candidate[];
}

/** What a pool has to know of the search. */
export interface PoolInput {
  readonly ctx: GangContext;
  readonly rules: PreemptionRules;
  readonly nowMs: number;
}

const NOBODY: readonly Candidate[] = [];

interface Level {
  readonly level: number;
  readonly pods: BoundPod[];
  /** Of the pod in the same place, where it has been asked for. */
  readonly candidates: Candidate[];
  readonly reservations: Candidate[];
}

/** What one part of the cluster has: the pods as they are found, the candidates when they are asked for. */
export class CandidatePool implements Pool {
  readonly #input: PoolInput;
  readonly #costs: CostModel;
  readonly #levels = new Map<number, Level>();
  readonly #gangs = new Map<Gang, VictimGang>();
  readonly #followers: BoundPod[] = [];
  readonly #leaders: { readonly bound: BoundPod; readonly gang: Gang }[] = [];
  #lastKey: string | undefined;
  #lastGang: Gang | undefined;
  #whole: readonly Candidate[] | undefined;

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

  ofTier(tier: number): readonly Candidate[] {
    const level = this.#levels.get(Math.floor(tier / 2))!;
    const isLower = tier % 2 === 0;
    const out = isLower ? [...level.reservations] : [];
    for (let i = 0; i < level.pods.length; i++)
      if (this.#mayBeElastic(level.pods[i]!) === isLower) out.push(this.#candidateAt(level, i));
    return out;
  }

  /** By row, reservations last: of equals, the first is taken. */
  all(): readonly Candidate[] {
    const levels = [...this.#levels.values()].sort((a, b) => a.level - b.level);
    const candidates = levels.flatMap((level) => level.pods.map((_, i) => this.#candidateAt(level, i)));
    candidates.sort((a, b) => a.bound!.row - b.bound!.row);
    return [...candidates, ...levels.flatMap(({ reservations }) => reservations)];
  }

  whole(): readonly Candidate[] {
    this.all();
    return (this.#whole ??= [
      ...this.#leaders.sort((a, b) => a.bound.row - b.bound.row).map((one) => this.#wholeOf(one)),
      ...this.#singleRoleGangs(),
    ]);
  }

  /** Room that would be there if all of them were gone at once. */
  everything(withLeaders: boolean): FreedRoom[] {
    const freed: FreedRoom[] = [];
    for (const { pods, reservations } of this.#levels.values()) {
      for (const bound of pods) freed.push(bound);
      for (const candidate of reservations) for (const room of candidate.freed) freed.push(room);
    }
    return withLeaders
      ? freed.concat(
          this.#leaders.map(({ bound }) => bound),
          this.#followers,
        )
      : freed;
  }

  addPod(bound: BoundPod, level: number): void {
    this.#level(level).pods.push(bound);
  }

  addLeader(bound: BoundPod, gang: Gang): void {
    this.#leaders.push({ bound, gang });
  }

  /** A pod that no rule lets go by itself, and that goes where its leader does. */
  addFollower(bound: BoundPod): void {
    this.#followers.push(bound);
  }

  /** Room that a gang holds and that none of its pods has taken: nobody is harmed by waiting on. */
  addReservation({ freed, gang }: Pick<Candidate, 'freed'> & { readonly gang: Gang }): void {
    const nothing = { others: NOBODY, role: '', cost: 0, cores: 0, isGivenUp: false, isYoung: false };
    const { priority: level, slots } = gang;
    const of = this.#gangOf(gang);
    this.#level(level).reservations.push({
      kind: 'reservation',
      freed,
      slots: [...slots],
      gang: of,
      level,
      ...nothing,
    });
  }

  /** The gang of that key: mostly that of the pod before. */
  #find(key: string | undefined): Gang | undefined {
    if (key === undefined) return undefined;
    if (key !== this.#lastKey) {
      this.#lastKey = key;
      this.#lastGang = this.#input.ctx.gangs.get(key);
    }
    return this.#lastGang;
  }

  #level(level: number): Level {
    let known = this.#levels.get(level);
    if (!known) this.#levels.set(level, (known = { level, pods: [], candidates: [], reservations: [] }));
    return known;
  }

  #candidateAt({ level, pods, candidates }: Level, i: number): Candidate {
    return (candidates[i] ??= this.#addCandidate(pods[i]!, level));
  }

  /** Whether there can be a choice with which nobody needs the pod. */
  #mayBeElastic({ pod }: BoundPod): boolean {
    const gang = this.#find(pod.membership?.gang);
    if (pod.membership?.isElastic === true || isGivenUp(pod, gang)) return true;
    return gang !== undefined && this.#gangOf(gang).mayHaveElastic(pod.membership!.role);
  }

  #gangOf(gang: Gang): VictimGang {
    let known = this.#gangs.get(gang);
    if (!known) this.#gangs.set(gang, (known = new VictimGang(this.#costs, gang)));
    return known;
  }

  #addCandidate(bound: BoundPod, level: number): Candidate {
    const { cluster, weights } = this.#costs;
    const { pod, vector } = bound;
    const known = this.#find(pod.membership?.gang);
    const gang = known && this.#gangOf(known);
    const candidate: Candidate = {
      kind: 'pod',
      freed: [bound],
      bound,
      others: NOBODY,
      gang,
      role: pod.membership?.role ?? '',
      level,
      cost: evictionCost(this.#costs, bound, known),
      cores: coresOf(cluster.columns, vector, weights),
      isGivenUp: pod.membership?.isElastic === true || isGivenUp(pod, known),
      isYoung: this.#isYoung(bound),
    };
    gang?.candidates.push(candidate);
    return candidate;
  }

  #isYoung({ pod }: BoundPod): boolean {
    const { rules, nowMs } = this.#input;
    return nowMs - (pod.evictionTraits?.startedMs ?? nowMs) < rules.minRuntimeMs;
  }

  /** The leader, and whoever of its gang the rules let go; members elsewhere go too, but make no room here. */
  #wholeOf({ bound, gang: of }: { readonly bound: BoundPod; readonly gang: Gang }): Candidate {
    const gang = this.#gangOf(of);
    const { weights, cluster } = this.#costs;
    const members = this.#membersOf(gang, bound);
    const costs = evictionCost(this.#costs, bound, gang.gang);
    const ofMembers = members.reduce((sum, { cost }) => sum + cost, 0);
    return {
      kind: 'gang',
      freed: [bound],
      bound,
      others: members,
      gang,
      role: bound.pod.membership!.role,
      level: gang.gang.priority,
      // What the members hold is part of what the app has done: it is lost once.
      cost: costs + Math.max(0, wholeAppCost(this.#costs, gang.gang) - ofMembers),
      cores: coresOf(cluster.columns, bound.vector, weights),
      isGivenUp: false,
      isYoung: this.#isYoung(bound),
    };
  }

  /** OpenCandidates of all other members: also of those on rows that do not matter here. */
  #membersOf(gang: VictimGang, leader: BoundPod | undefined): Candidate[] {
    const { cluster } = this.#costs;
    const known = new Set(gang.candidates.map(({ bound }) => bound!.pod.uid));
    for (const [uid, bound] of cluster.boundMembers(gang.gang.key)) {
      if (known.has(uid) || uid === leader?.pod.uid || bound.isLeaving || bound.pod.deleting) continue;
      if (bound.row >= 0) this.#addCandidate(bound, gang.gang.priority);
    }
    return [...gang.candidates.sort((a, b) => a.bound!.row - b.bound!.row)];
  }

  /** A gang of one role goes whole, and none of its members leads. */
  #singleRoleGangs(): Candidate[] {
    const out: Candidate[] = [];
    for (const gang of this.#gangs.values()) {
      if (!gang.hasSingleRole || gang.candidates.length === 0) continue;
      const members = this.#membersOf(gang, undefined);
      const ofMembers = members.reduce((sum, { cost }) => sum + cost, 0);
      const beyond = Math.max(0, wholeAppCost(this.#costs, gang.gang) - ofMembers);
      const { role, level, isYoung } = members[0]!;
      out.push({
        kind: 'gang',
        freed: [],
        others: members,
        gang,
        role,
        level,
        cost: beyond,
        cores: 0,
        isGivenUp: false,
        isYoung,
      });
    }
    return out;
  }
}

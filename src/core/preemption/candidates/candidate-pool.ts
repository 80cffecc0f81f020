import type { BoundMember, BoundPod } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import type { Vector } from '../../resources.ts';
import type { Slices, Work } from '../../work.ts';
import { NO_OTHERS, type Candidate, type GangCandidate, type ReservationCandidate } from './candidate.ts';
import type { Entries } from './census-entries.ts';
import type { CostModel } from './eviction-cost.ts';
import { PoolEntries } from './pool-entries.ts';
import type { PoolInput, SearchKinds } from './pool-kind.ts';
import { levelAt, type Right } from './share-rules.ts';
import { WholeGangs } from './whole-gangs.ts';

/** Candidates by tier (see VictimSet.tierOf), created on demand, because mostly the lowest tiers suffice. */
export interface Pool {
  readonly size: number;
  /** Ascending. */
  readonly tiers: readonly number[];
  /** The candidates that may belong to this tier and not to a lower one. */
  ofTier(tier: number): Iterable<Candidate>;
  all(): readonly Candidate[];
  readonly hasReservations: boolean;
  /** The candidates by numbers, if not all of them exist yet. */
  readonly entries?: PoolEntries;
  /** The reservations of this tier. */
  reservationsOf?(tier: number): readonly ReservationCandidate[];
}

/** The candidates that a search may select. */
export interface OpenCandidates {
  /** Pods that lead no gang, and reservations of gangs that run no pod yet. */
  readonly small: Pool;
  /** Whole gangs with their leaders. */
  readonly whole: (work: Work) => Slices<readonly GangCandidate[]>;
}

type AddFreed = (row: number, vector: Vector) => void;

export interface FreedRooms {
  /** Passes on the freed room of all candidates. @param isWhole whether leaders may go with their gangs */
  eachFreed(add: AddFreed, isWhole: boolean, work: Work): Slices<void>;
}

/** So many pieces of freed room are as much work as one candidate. */
const ROOMS_PER_UNIT = 32;

interface ReservedRoom extends Pick<Candidate, 'freed'> {
  readonly gang: Gang;
  readonly right: Right;
}

/** What the census found for a pool. */
interface Counted {
  readonly entries: Entries;
  readonly kinds: SearchKinds;
  /** The rows of the domain; undefined: all. */
  readonly rows: readonly number[] | undefined;
}

/** The candidates of one domain: collects them during the census, and creates them on demand. */
export class CandidatePool implements Pool, FreedRooms {
  readonly #input: PoolInput;
  readonly #costs: CostModel;
  readonly #counted: Counted;
  #entries: PoolEntries | undefined;
  readonly #reservations: ReservationCandidate[] = [];
  readonly #followers: BoundPod[] = [];
  readonly #leaders: { readonly bound: BoundMember; readonly gang: Gang }[] = [];
  #whole: readonly GangCandidate[] | undefined;

  constructor(input: PoolInput, costs: CostModel, counted: Counted) {
    this.#input = input;
    this.#costs = costs;
    this.#counted = counted;
  }

  /** Complete once the census is over. */
  get entries(): PoolEntries {
    if (this.#entries) return this.#entries;
    const { entries, rows, kinds } = this.#counted;
    return (this.#entries = new PoolEntries(this.#input, this.#costs, { entries, chosen: entries.on(rows), kinds }));
  }

  get size(): number {
    return this.entries.size + this.#reservations.length;
  }

  get hasReservations(): boolean {
    return this.#reservations.length > 0;
  }

  get tiers(): readonly number[] {
    const { levels } = this.entries;
    const all = new Set([...levels.keys(), ...this.#reservations.map(({ level }) => level)]);
    return [...all].sort((a, b) => a - b).flatMap((level) => [level * 2, level * 2 + 1]);
  }

  reservationsOf(tier: number): readonly ReservationCandidate[] {
    return this.#reservations.filter(({ level }) => level * 2 === tier);
  }

  *ofTier(tier: number): Generator<Candidate> {
    yield* this.reservationsOf(tier);
    const { entries } = this;
    yield* entries.candidatesAt(entries.ofTierInOrder(tier));
  }

  /** All candidates by row, reservations last; among equals a search selects the first. */
  all(): readonly Candidate[] {
    const { entries } = this;
    const levels = [...entries.levels.values()].sort((a, b) => a.level - b.level);
    const candidates = levels.flatMap((level) => entries.candidatesAt(entries.inOrder(level)));
    candidates.sort((a, b) => a.bound.row - b.bound.row);
    return [...candidates, ...[...this.#reservations].sort((a, b) => a.level - b.level)];
  }

  *whole(work: Work): Slices<readonly GangCandidate[]> {
    if (this.#whole) return this.#whole;
    const members = yield* this.entries.everyMember(work);
    const gangs = new WholeGangs(this.#input, this.#costs, {
      gangOf: (gang) => this.#counted.kinds.gangOf(gang),
      members,
    });
    const whole: GangCandidate[] = [];
    for (const one of this.#leaders.sort((a, b) => a.bound.row - b.bound.row)) {
      const gang = gangs.ledBy(one);
      whole.push(gang);
      work.pass(1 + gang.others.length);
      if (work.isPauseDue()) yield;
    }
    return (this.#whole = [...whole, ...gangs.ofOneRole()]);
  }

  *eachFreed(add: AddFreed, isWhole: boolean, work: Work): Slices<void> {
    const { entries } = this;
    for (let i = 0; i < entries.size; i++) {
      add(entries.rowAt(i), entries.vectorAt(i));
      if (i % ROOMS_PER_UNIT > 0) continue;
      work.pass(1);
      if (work.isPauseDue()) yield;
    }
    for (const { freed } of this.#reservations) for (const { row, vector } of freed) add(row, vector);
    for (const { bound } of isWhole ? this.#leaders : []) add(bound.row, bound.vector);
    for (const { row, vector } of isWhole ? this.#followers : []) add(row, vector);
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
    const { slots, queue: leaf, priority } = gang;
    this.#reservations.push({
      kind: 'reservation',
      freed,
      slots: [...slots],
      gang: this.#counted.kinds.gangOf(gang),
      leaf,
      right,
      level: levelAt(priority, this.#input.claim?.rankOf(leaf) ?? 0),
      others: NO_OTHERS,
      role: '',
      cost: 0,
      cores: 0,
      isGivenUp: false,
      isYoung: false,
      youngUntilMs: 0,
    });
  }
}

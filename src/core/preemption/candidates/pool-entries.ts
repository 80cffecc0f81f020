import type { Vector } from '../../resources.ts';
import type { Slices, Work } from '../../work.ts';
import { NO_OTHERS, type PodCandidate } from './candidate.ts';
import { ascending, grouped, type Entries } from './census-entries.ts';
import { podCost, workerCost, type CostModel } from './eviction-cost.ts';
import { rightOver } from './exclusion-rules.ts';
import type { PoolInput, PoolKind, SearchKinds } from './pool-kind.ts';
import { leafOf } from './share-rules.ts';
import type { VictimGang } from './victim-gang.ts';

/** The entries of one level, by number. */
export interface PoolLevel {
  readonly level: number;
  readonly entries: Int32Array;
  /** Those that may be elastic, and the others, after the first question. */
  tiers?: readonly [Int32Array, Int32Array];
}

interface Chosen {
  readonly entries: Entries;
  /** The census entries of this pool, ascending. */
  readonly chosen: Int32Array;
  readonly kinds: SearchKinds;
}

/**
 * The pods of one pool by numbers: of most of them a search needs the row and the cost, and no candidate. Costs are those
 * that their candidates have: both come from `workerCost`.
 */
export class PoolEntries {
  readonly #input: PoolInput;
  readonly #costs: CostModel;
  readonly #census: Entries;
  readonly #kinds: SearchKinds;
  /** By level, in the order of the first entry of each. */
  readonly levels: ReadonlyMap<number, PoolLevel>;
  /** Of each number the census entry. Numbers go by level. */
  readonly #entryOf: Int32Array;
  readonly #candidates = new Map<number, PodCandidate>();
  /** NaN: not computed yet. */
  readonly #costOf: Float64Array;
  /** By number, whether its gang knows the row. */
  readonly #isNoted: Uint8Array;
  /** Parts of levels in the order in which they were asked for. */
  readonly #visits: { readonly level: PoolLevel; readonly part: Int32Array }[] = [];

  constructor(input: PoolInput, costs: CostModel, { entries, chosen, kinds }: Chosen) {
    this.#input = input;
    this.#costs = costs;
    this.#census = entries;
    this.#kinds = kinds;
    const { levels, entryOf } = byLevel(entries, chosen);
    this.levels = levels;
    this.#entryOf = entryOf;
    this.#costOf = new Float64Array(chosen.length).fill(NaN);
    this.#isNoted = new Uint8Array(chosen.length);
  }

  get size(): number {
    return this.#entryOf.length;
  }

  /** Whether numbers within a level are not in the order of the pods; see `orderAt`. */
  get isDisordered(): boolean {
    return this.#census.isDisordered;
  }

  /** The number of columns. */
  get columns(): number {
    return this.#costs.cluster.columns.size;
  }

  /** All rows are below this. */
  get rows(): number {
    return this.#costs.cluster.table.rows;
  }

  rowAt(i: number): number {
    return this.#census.rows[this.#entryOf[i]!]!;
  }

  /** Pods that came later have higher ones. */
  orderAt(i: number): number {
    return this.#census.orders[this.#entryOf[i]!]!;
  }

  kindAt(i: number): PoolKind {
    return this.#kinds.at(this.#census.kindIndices[this.#entryOf[i]!]!);
  }

  /** PodCandidate.cost. */
  costAt(i: number): number {
    const known = this.#costOf[i]!;
    return Number.isNaN(known) ? (this.#costOf[i] = this.#computeCost(i)) : known;
  }

  /** The candidate, if there is one yet. */
  knownAt(i: number): PodCandidate | undefined {
    return this.#candidates.get(i);
  }

  /** @returns undefined if the pod is gone by now */
  candidateAt(i: number): PodCandidate | undefined {
    const known = this.#candidates.get(i);
    if (known) return known;
    const created = this.#create(i);
    if (created) this.#candidates.set(i, created);
    return created;
  }

  candidatesAt(numbers: Iterable<number>): PodCandidate[] {
    const out: PodCandidate[] = [];
    for (const i of numbers) {
      const candidate = this.candidateAt(i);
      if (candidate) out.push(candidate);
    }
    return out;
  }

  /** The room that the pod leaves. */
  vectorAt(i: number): Vector {
    return this.#census.kinds[this.#census.kindIndices[this.#entryOf[i]!]!]!.kind.vector;
  }

  /** The numbers that may belong to this tier and not to a lower one. */
  ofTier(tier: number): Int32Array {
    const level = this.levels.get(Math.floor(tier / 2));
    if (!level) return NOBODY;
    level.tiers ??= this.#split(level.entries);
    const part = level.tiers[tier % 2 === 0 ? 0 : 1];
    this.#visit(level, part);
    return part;
  }

  /** The same in the order of the pods. */
  ofTierInOrder(tier: number): Int32Array {
    return this.#sorted(this.ofTier(tier));
  }

  /** All numbers of the level, in the order of the pods. */
  inOrder(level: PoolLevel): Int32Array {
    this.#visit(level, level.entries);
    return this.#sorted(level.entries);
  }

  /** The candidates of all pods by gang, in the order in which a search created them or would have. */
  *everyMember(work: Work): Slices<ReadonlyMap<VictimGang, PodCandidate[]>> {
    const members = new Map<VictimGang, PodCandidate[]>();
    const isDone = new Uint8Array(this.size);
    const rest = [...this.levels.values()].map((level) => ({ level, part: level.entries }));
    for (const { level, part } of [...this.#visits, ...rest]) {
      for (const i of this.#sorted(level.entries)) {
        const { gang } = this.kindAt(i);
        if (gang && !members.has(gang)) members.set(gang, []);
      }
      for (const i of this.#sorted(part)) {
        if (isDone[i]) continue;
        isDone[i] = 1;
        const candidate = this.candidateAt(i);
        if (candidate?.gang) members.get(candidate.gang)!.push(candidate);
        work.pass(1);
        if (work.isPauseDue()) yield;
      }
    }
    return members;
  }

  #visit(level: PoolLevel, part: Int32Array): void {
    if (this.#visits.some((one) => one.part === part)) return;
    this.#visits.push({ level, part });
    for (const i of part) this.#note(i);
  }

  #note(i: number): void {
    if (this.#isNoted[i]) return;
    this.#isNoted[i] = 1;
    this.kindAt(i).gang?.rows.push(this.rowAt(i));
  }

  #split(entries: Int32Array): readonly [Int32Array, Int32Array] {
    const [lower, upper] = [new Int32Array(entries.length), new Int32Array(entries.length)];
    let [ofLower, ofUpper] = [0, 0];
    for (const i of entries) {
      if (this.kindAt(i).mayBeElastic) lower[ofLower++] = i;
      else upper[ofUpper++] = i;
    }
    return [lower.subarray(0, ofLower), upper.subarray(0, ofUpper)];
  }

  #sorted(part: Int32Array): Int32Array {
    if (!this.isDisordered) return part;
    return Int32Array.from(part).sort((a, b) => this.orderAt(a) - this.orderAt(b));
  }

  #computeCost(i: number): number {
    const entry = this.#entryOf[i]!;
    const { isOdd, worker, known } = this.kindAt(i);
    if (isOdd) {
      const bound = this.#census.boundAt(entry);
      return bound ? podCost(this.#costs, bound, known) : Infinity;
    }
    worker.startedMs = this.#census.startedMs[entry]!;
    worker.isDoomed = this.#census.isDoomed(this.#costs.cluster, this.#census.rows[entry]!);
    return workerCost(this.#costs, worker);
  }

  /** Reads as little as possible of the pod itself: the records of pods that a search comes to by rows are far apart. */
  #create(i: number): PodCandidate | undefined {
    this.#note(i);
    const entry = this.#entryOf[i]!;
    const { gang, members, known, cores, isGivenUp, level, pod, vector, leaf, right } = this.kindAt(i);
    const bound = this.#census.boundAt(entry);
    if (!bound) return undefined;
    const { rules, nowMs } = this.#input;
    const startedMs = this.#census.startedMs[entry]!;
    const youngUntilMs = (Number.isNaN(startedMs) ? Infinity : startedMs) + rules.minRuntimeMs;
    return {
      kind: 'pod',
      freed: [{ row: this.#census.rows[entry]!, vector }],
      bound,
      others: NO_OTHERS,
      gang,
      members,
      role: pod.membership?.role ?? '',
      leaf: right ? leaf : leafOf(this.#input.ctx, bound.pod, known),
      right: right ?? rightOver(this.#input, bound.pod, known),
      level,
      isFollower: false,
      cost: this.costAt(i),
      cores,
      isGivenUp,
      isYoung: rules.minRuntimeMs > 0 && nowMs < youngUntilMs,
      youngUntilMs,
    };
  }
}

const NOBODY = new Int32Array(0);

interface Levelled {
  readonly levels: ReadonlyMap<number, PoolLevel>;
  readonly entryOf: Int32Array;
}

/** Numbers the entries by level. */
function byLevel({ kinds, kindIndices }: Entries, chosen: Int32Array): Levelled {
  const indices = new Map<number, number>();
  const indexOfKind = new Int32Array(kinds.length).fill(-1);
  const values = new Int32Array(chosen.length);
  for (let i = 0; i < chosen.length; i++) {
    const kind = kindIndices[chosen[i]!]!;
    let index = indexOfKind[kind]!;
    if (index < 0) {
      const { level } = kinds[kind]!;
      index = indices.get(level) ?? indices.size;
      indices.set(level, index);
      indexOfKind[kind] = index;
    }
    values[i] = index;
  }
  const { starts, entries } = grouped(values, indices.size);
  const numbers = ascending(entries.length);
  const levels = new Map<number, PoolLevel>();
  for (const [level, index] of indices)
    levels.set(level, { level, entries: numbers.subarray(starts[index], starts[index + 1]) });
  for (let i = 0; i < entries.length; i++) entries[i] = chosen[entries[i]!]!;
  return { levels, entryOf: entries };
}

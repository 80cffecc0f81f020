import type { QueueNode } from '../../queue/tree.ts';
import type { Vector } from '../../resources.ts';
import type { Candidate } from './candidate.ts';
import type { QueueClaim, ShareRule } from './share-rules.ts';
import type { VictimGang } from './victim-gang.ts';

/** Gain must be greater than loss by more than rounding, in parts of the cluster. */
const LEAST_GAIN = 1e-9;

/** What the victims selected so far take from one queue. */
interface Taken {
  readonly sum: Float64Array;
  /** By column: how many single pods ask so much. */
  readonly sizes: ReadonlyMap<number, Map<number, number>>;
  /** Gangs that go whole are one victim each. */
  readonly gangs: Map<VictimGang, Vector>;
}

/**
 * Counts what one search takes from other queues. A victim may be taken by share while its queue, and each above it up to
 * the common ancestor, is over in one resource that the gang lacks; the largest victim counts as the last one. What the
 * gang gains within its entitlement must be more than what the victims' queues lose of theirs.
 */
export class SharesTaken {
  readonly #claim: QueueClaim;
  readonly #taken = new Map<QueueNode, Taken>();
  readonly #losses = new Map<QueueNode, number>();
  #loss = 0;
  #byShare = 0;
  /** The least loss that was not less than the gain: by column, what each would be. */
  spared: { readonly leaf: QueueNode; readonly gain: number; readonly loss: number } | undefined;

  constructor(claim: QueueClaim) {
    this.#claim = claim;
  }

  /** The rule between queues that excludes the candidate together with these others now; undefined: none does. */
  forbids(candidate: Candidate, others: readonly Candidate[]): ShareRule | undefined {
    const { leaf, right } = candidate;
    if (!leaf) return undefined;
    const { chain, isClaimantWithin } = this.#claim.rulesOf(leaf);
    if (chain.length > 0) {
      const mustBeOver = right === 'share' || !isClaimantWithin;
      if (mustBeOver && !this.#isOver(chain, candidate, others)) return 'share';
      if (right === 'priority' && chain.some((node) => this.#isWithinGuarantee(node))) return 'guarantee';
    }
    const mustGain = this.#byShare > 0 || this.#countsForGain(candidate);
    return mustGain && !this.#isGain(leaf, candidate, others) ? 'gain' : undefined;
  }

  count(candidate: Candidate, change: 1 | -1): void {
    const { leaf } = candidate;
    if (!leaf) return;
    const { chain } = this.#claim.rulesOf(leaf);
    for (const node of chain.length === 0 ? [leaf] : chain) this.#add(node, candidate, change);
    if (this.#countsForGain(candidate)) this.#byShare += change;
    if (chain.length === 0) return;
    const loss = this.#lossOf(leaf, this.#sumOf(leaf));
    this.#loss += loss - (this.#losses.get(leaf) ?? 0);
    this.#losses.set(leaf, loss);
  }

  #countsForGain({ leaf, right }: Candidate): boolean {
    return right === 'share' && leaf !== undefined && !this.#claim.rulesOf(leaf).isIndivisible;
  }

  /** Whether every queue of the chain is over in one resource that the victim holds, before the last victim goes. */
  #isOver(chain: readonly QueueNode[], candidate: Candidate, others: readonly Candidate[]): boolean {
    return this.#claim.lacks.some((c) => {
      const more = roomOf(candidate, c) + others.reduce((sum, one) => sum + roomOf(one, c), 0);
      const whole = roomOf(candidate, c) + candidate.others.reduce((sum, one) => sum + roomOf(one, c), 0);
      if (whole <= 0) return false;
      return chain.every((node) => {
        const before = this.#sumOf(node)[c]! + more - Math.max(whole, this.#largestOf(node, c));
        return before < this.#claim.overOf(node, c);
      });
    });
  }

  #isWithinGuarantee(node: QueueNode): boolean {
    const { used, assured } = this.#claim.figuresOf(node);
    const taken = this.#sumOf(node);
    return this.#claim.columns.every((c) => (used[c] ?? 0) - taken[c]! <= (assured[c] ?? 0));
  }

  #isGain(leaf: QueueNode, candidate: Candidate, others: readonly Candidate[]): boolean {
    const with_ = Float64Array.from(this.#sumOf(leaf));
    for (const one of [candidate, ...others])
      for (const { vector } of one.freed) for (let c = 0; c < with_.length; c++) with_[c]! += vector[c] ?? 0;
    const isOwn = leaf === this.#claim.leaf;
    const gain = this.#gainWith(isOwn ? with_ : this.#sumOf(this.#claim.leaf));
    const loss = isOwn ? this.#loss : this.#loss - (this.#losses.get(leaf) ?? 0) + this.#lossOf(leaf, with_);
    if (gain - loss > LEAST_GAIN) return true;
    if (!isOwn && (!this.spared || loss < this.spared.loss)) this.spared = { leaf, gain, loss };
    return false;
  }

  /** How much more of its entitlement the claimant's queue would hold, in parts of the cluster. */
  #gainWith(taken: Vector): number {
    const { leaf, ask } = this.#claim;
    return this.#parts((c) => {
      const { used, entitled } = this.#claim.figuresOf(leaf);
      const [before, should] = [used[c] ?? 0, entitled[c] ?? 0];
      return Math.min(before + (ask[c] ?? 0) - (taken[c] ?? 0), should) - Math.min(before, should);
    });
  }

  /** How much less of its entitlement the queue would hold, in parts of the cluster. */
  #lossOf(leaf: QueueNode, taken: Vector): number {
    const { used, entitled } = this.#claim.figuresOf(leaf);
    return this.#parts((c) => {
      const [before, should] = [used[c] ?? 0, entitled[c] ?? 0];
      return Math.min(before, should) - Math.min(before - (taken[c] ?? 0), should);
    });
  }

  #parts(amountOf: (c: number) => number): number {
    const { columns, capacity } = this.#claim;
    return columns.reduce((sum, c) => sum + ((capacity[c] ?? 0) > 0 ? amountOf(c) / capacity[c]! : 0), 0);
  }

  #add(node: QueueNode, candidate: Candidate, change: 1 | -1): void {
    const { sum, sizes, gangs } = this.#takenFrom(node);
    for (const { vector } of candidate.freed) for (let c = 0; c < sum.length; c++) sum[c]! += change * (vector[c] ?? 0);
    if (candidate.kind === 'gang' && change === 1)
      gangs.set(
        candidate.gang,
        sum.map((_, c) => [candidate, ...candidate.others].reduce((all, one) => all + roomOf(one, c), 0)),
      );
    else if (candidate.kind === 'gang') gangs.delete(candidate.gang);
    for (const [c, counts] of sizes) {
      const size = roomOf(candidate, c);
      const count = (counts.get(size) ?? 0) + change;
      if (count === 0) counts.delete(size);
      else counts.set(size, count);
    }
  }

  #largestOf(node: QueueNode, c: number): number {
    const taken = this.#taken.get(node);
    let largest = 0;
    for (const size of taken?.sizes.get(c)?.keys() ?? []) largest = Math.max(largest, size);
    for (const vector of taken?.gangs.values() ?? []) largest = Math.max(largest, vector[c] ?? 0);
    return largest;
  }

  #sumOf(node: QueueNode): Float64Array {
    return this.#takenFrom(node).sum;
  }

  #takenFrom(node: QueueNode): Taken {
    let known = this.#taken.get(node);
    if (!known) {
      const { length } = this.#claim.figuresOf(node).used;
      const sizes = new Map(this.#claim.lacks.map((c) => [c, new Map<number, number>()]));
      this.#taken.set(node, (known = { sum: new Float64Array(length), sizes, gangs: new Map() }));
    }
    return known;
  }
}

/** What the candidate itself frees of a column, without its others. */
const roomOf = ({ freed }: Candidate, c: number): number =>
  freed.reduce((sum, { vector }) => sum + (vector[c] ?? 0), 0);

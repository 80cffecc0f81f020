import type { PodInfo } from '../../core/model.ts';
import type { Vector } from '../../core/resources.ts';
import { requestOf, scoredRequestOf, type CpuAndMemory } from './score-plugins.ts';

/** Marks a score that has not been asked for since the node changed. */
const UNKNOWN = -1;

/** What kube-scheduler's filters and scores look at in a pod. */
export type PodFacts = Pick<PodInfo, 'request' | 'constraints'>;

/**
 * All pods with equal requests and constraints: the nodes that they pass, and how those score. A node is known by its
 * place, its index in the order in which kube-scheduler looks at the nodes.
 */
export class PodKind {
  readonly vector: Vector;
  readonly facts: PodFacts;
  readonly request: CpuAndMemory;
  readonly scoredRequest: CpuAndMemory;
  /** The number of nodes whose labels and taints allow the pods, whatever room they have. */
  readonly eligible: number;
  /** Position in the table's rowLog up to which this is right. */
  position = -Infinity;
  readonly #passing: Uint32Array;
  readonly #scores: Int16Array;
  #count = 0;

  constructor(facts: PodFacts, vector: Vector, { places, eligible }: { places: number; eligible: number }) {
    this.facts = facts;
    this.request = requestOf(facts.request);
    this.scoredRequest = scoredRequestOf(facts.request);
    this.vector = vector;
    this.eligible = eligible;
    this.#passing = new Uint32Array((places + 31) >>> 5);
    this.#scores = new Int16Array(places).fill(UNKNOWN);
  }

  /** The number of nodes with room for one of the pods. */
  get passing(): number {
    return this.#count;
  }

  /** The node at the place changed. @param isPassing whether it has room for one of the pods now */
  update(place: number, isPassing: boolean): void {
    this.#scores[place] = UNKNOWN;
    if (this.passesAt(place) === isPassing) return;
    this.#passing[place >>> 5]! ^= 1 << (place & 31);
    this.#count += isPassing ? 1 : -1;
  }

  passesAt(place: number): boolean {
    return ((this.#passing[place >>> 5]! >>> (place & 31)) & 1) === 1;
  }

  /** The first place from `from` on, before `end`, with room for one of the pods; `end`: there is none. */
  nextPassing(from: number, end: number): number {
    for (let at = from; at < end; at = (at | 31) + 1) {
      const word = this.#passing[at >>> 5]! >>> (at & 31);
      if (word !== 0) return Math.min(end, at + 31 - Math.clz32(word & -word));
    }
    return end;
  }

  /** The score of the node at the place, from `compute` if it is not known. */
  scoreAt(place: number, compute: (kind: PodKind, place: number) => number): number {
    const known = this.#scores[place]!;
    return known === UNKNOWN ? (this.#scores[place] = compute(this, place)) : known;
  }
}

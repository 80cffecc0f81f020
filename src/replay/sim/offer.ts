import type { Candidates } from '../../core/model.ts';
import type { NodeSearch } from '../kube-scheduler/node-search.ts';
import type { PodKind } from '../kube-scheduler/pod-kind.ts';

/** The nodes that pass kube-scheduler's own filters, as it offers them to the extender: all of them. Named when asked. */
export class Offer implements Candidates {
  readonly #search: NodeSearch;
  readonly #kind: PodKind;
  readonly #rowOf: (name: string) => number | undefined;
  #names: readonly string[] | undefined;

  constructor(search: NodeSearch, kind: PodKind, rowOf: (name: string) => number | undefined) {
    this.#search = search;
    this.#kind = kind;
    this.#rowOf = rowOf;
  }

  get size(): number {
    return this.#kind.passing;
  }

  has(name: string): boolean {
    const place = this.#search.placeOf(this.#rowOf(name));
    return place !== undefined && this.#kind.passesAt(place);
  }

  names(): readonly string[] {
    if (this.#names) return this.#names;
    const { places, count } = this.#search.find(this.#kind, 0, this.size);
    return (this.#names = Array.from(places.subarray(0, count), (place) => this.#search.nameAt(place)));
  }
}

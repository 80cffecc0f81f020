import type { TableView } from '../../core/cluster/node-table.ts';
import type { Candidates } from '../../core/model.ts';
import type { NodeSearch } from '../kube-scheduler/node-search.ts';
import type { PodKind } from '../kube-scheduler/pod-kind.ts';

/** The nodes that pass kube-scheduler's own filters, as it offers them to the extender: all of them. Named when asked. */
export class Offer implements Candidates {
  readonly #search: NodeSearch;
  readonly #kind: PodKind;
  readonly #table: TableView;
  #names: readonly string[] | undefined;

  constructor(search: NodeSearch, kind: PodKind, table: TableView) {
    this.#search = search;
    this.#kind = kind;
    this.#table = table;
  }

  get size(): number {
    return this.#kind.passing;
  }

  has(name: string, hint = -1): boolean {
    const row = this.#table.nodeAt(hint)?.name === name ? hint : this.#table.rowOf(name);
    const place = this.#search.placeOf(row);
    return place !== undefined && this.#kind.passesAt(place);
  }

  names(): readonly string[] {
    if (this.#names) return this.#names;
    const { places, count } = this.#search.find(this.#kind, 0, this.size);
    return (this.#names = Array.from(places.subarray(0, count), (place) => this.#search.nameAt(place)));
  }
}

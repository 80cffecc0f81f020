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
  #places = new Int32Array(0);

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
    this.#places = places.slice(0, count);
    const names = new Array<string>(count);
    for (let i = 0; i < count; i++) names[i] = this.#search.nameAt(places[i]!);
    return (this.#names = names);
  }

  /** The places of the nodes that are left of `names()`, given by their names. Without a look-up where all are. */
  placesOf(names: readonly string[]): Int32Array {
    if (names === this.names()) return this.#places;
    return Int32Array.from(names, (name) => this.#search.placeOf(this.#table.rowOf(name)) ?? -1);
  }
}

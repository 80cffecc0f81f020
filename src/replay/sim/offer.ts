import type { TableView } from '../../core/cluster/node-table.ts';
import type { Candidates } from '../../core/model.ts';
import type { Found, NodeSearch } from '../kube-scheduler/node-search.ts';

/** The nodes that pass kube-scheduler's own filters, as far as it looked, as it offers them to the extender. */
export class Offer implements Candidates {
  readonly #search: NodeSearch;
  readonly #table: TableView;
  readonly #places: Int32Array;
  readonly #offered: Uint8Array;
  #names: readonly string[] | undefined;

  constructor(search: NodeSearch, { places, count }: Pick<Found, 'places' | 'count'>, table: TableView) {
    this.#search = search;
    this.#table = table;
    this.#places = places.slice(0, count);
    this.#offered = new Uint8Array(search.places);
    for (const place of this.#places) this.#offered[place] = 1;
  }

  get size(): number {
    return this.#places.length;
  }

  has(name: string, hint = -1): boolean {
    const row = this.#table.nodeAt(hint)?.name === name ? hint : this.#table.rowOf(name);
    const place = this.#search.placeOf(row);
    return place !== undefined && this.#offered[place] === 1;
  }

  names(): readonly string[] {
    return (this.#names ??= Array.from(this.#places, (place) => this.#search.nameAt(place)));
  }

  /** The places of the nodes that are left of `names()`, given by their names. Without a look-up where all are. */
  placesOf(names: readonly string[]): Int32Array {
    if (names === this.names()) return this.#places;
    return Int32Array.from(names, (name) => this.#search.placeOf(this.#table.rowOf(name)) ?? -1);
  }
}

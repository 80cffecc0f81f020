import { LRUCache } from 'lru-cache';
import { hasBit, signatureOf, type Eligibility } from '../../core/cluster/eligibility.ts';
import type { TableView } from '../../core/cluster/node-table.ts';
import type { Constraints } from '../../core/model.ts';
import type { Resources } from '../../core/resources.ts';
import type { DefaultLoad } from './default-load.ts';
import { zonesInTurn } from './node-order.ts';
import { PodKind, type PodFacts } from './pod-kind.ts';
import { balancedAllocation, leastAllocated, PLUGIN_WEIGHTS, unwantedTaints } from './score-plugins.ts';

/** Kinds of pods kept at once; with 3,000 nodes one has 6 kB. */
const KEPT_KINDS = 512;

/** The nodes that a search found, valid until the next search. */
export interface Found {
  /** The places of the nodes: the first `count` entries. */
  readonly places: Int32Array;
  readonly count: number;
  /** Where the next search begins. */
  readonly next: number;
}

/**
 * Finds the nodes that pass kube-scheduler's filters for a pod (room, labels, taints) and scores them. What it finds for
 * a kind of pods it keeps, and looks only at the nodes that changed since: a pod that fits nowhere is refused without
 * a look at any node.
 */
export class NodeSearch {
  readonly #table: TableView;
  readonly #eligibility: Eligibility;
  readonly #load: DefaultLoad;
  readonly #kinds = new LRUCache<number, PodKind>({ max: KEPT_KINDS });
  readonly #requestIds = new Ids<Resources>((request) => JSON.stringify([...request].sort()));
  readonly #constraintIds = new Ids<Constraints>(signatureOf);
  /** Position in the table's shapeLog at which the order was made. */
  #orderedAt = -1;
  #rows = new Int32Array(0);
  #placeOf = new Int32Array(0);
  #found = new Int32Array(0);
  #hasSoftTaints = false;
  readonly #scored = { cpu: 0, memory: 0 };
  readonly #requested = { cpu: 0, memory: 0 };
  readonly #allocatable = { cpu: 0, memory: 0 };

  constructor(table: TableView, eligibility: Eligibility, load: DefaultLoad) {
    this.#table = table;
    this.#eligibility = eligibility;
    this.#load = load;
  }

  /** The number of nodes. */
  get places(): number {
    return this.#rows.length;
  }

  /** Whether a node has a taint PreferNoSchedule. */
  get hasSoftTaints(): boolean {
    return this.#hasSoftTaints;
  }

  rowAt(place: number): number {
    return this.#rows[place]!;
  }

  /** @returns undefined if there is no such node */
  placeOf(row: number | undefined): number | undefined {
    const place = row === undefined ? -1 : (this.#placeOf[row] ?? -1);
    return place < 0 ? undefined : place;
  }

  nameAt(place: number): string {
    return this.#table.nameAt(this.rowAt(place));
  }

  /** The pod's kind, up to date with all nodes; valid until a node comes or goes. */
  kindOf(pod: PodFacts): PodKind {
    this.#followNodes();
    const key = this.#requestIds.of(pod.request) * 2 ** 26 + this.#constraintIds.of(pod.constraints);
    let kind = this.#kinds.get(key);
    if (!kind) {
      kind = this.#newKind(pod);
      this.#kinds.set(key, kind);
    }
    this.#catchUp(kind);
    return kind;
  }

  /** Finds up to `wanted` nodes that the kind passes, from the place `start` on, leaving out those that are blocked. */
  find(kind: PodKind, start: number, wanted: number, isBlocked?: (place: number) => boolean): Found {
    let count = 0;
    for (const [from, end] of [
      [start, this.places],
      [0, start],
    ] as const) {
      for (let at = kind.nextPassing(from, end); at < end; at = kind.nextPassing(at + 1, end)) {
        if (isBlocked?.(at)) continue;
        if (count === wanted) return { places: this.#found, count, next: at };
        this.#found[count++] = at;
      }
    }
    return { places: this.#found, count, next: start };
  }

  /** NodeResourcesFit and NodeResourcesBalancedAllocation, with their weights. */
  roomScore(kind: PodKind, place: number): number {
    return kind.scoreAt(place, this.#scoreRoom);
  }

  /** How many taints of the node the pods would rather avoid. */
  unwantedTaints({ facts }: PodKind, place: number): number {
    const node = this.#table.nodeAt(this.rowAt(place));
    return node ? unwantedTaints(facts, node) : 0;
  }

  /** The nodes that would pass the kind if they were empty. */
  roomyPlaces({ facts, vector }: PodKind): Int32Array {
    const mask = this.#eligibility.maskFor(facts.constraints);
    const { allocatable } = this.#table;
    return this.#rows
      .map((_, place) => place)
      .filter((place) => {
        const row = this.rowAt(place);
        return hasBit(mask, row) && vector.every((amount, c) => amount <= allocatable[c]![row]!);
      });
  }

  readonly #scoreRoom = ({ request, scoredRequest }: PodKind, place: number): number => {
    const row = this.rowAt(place);
    const { free, allocatable, columns } = this.#table;
    this.#allocatable.cpu = allocatable[columns.cpu]![row]!;
    this.#allocatable.memory = allocatable[columns.memory]![row]!;
    this.#requested.cpu = this.#allocatable.cpu - free[columns.cpu]![row]!;
    this.#requested.memory = this.#allocatable.memory - free[columns.memory]![row]!;
    this.#scored.cpu = this.#requested.cpu + this.#load.cpuAt(row) + scoredRequest.cpu;
    this.#scored.memory = this.#requested.memory + this.#load.memoryAt(row) + scoredRequest.memory;
    return (
      leastAllocated(this.#scored, this.#allocatable) * PLUGIN_WEIGHTS.NodeResourcesFit +
      balancedAllocation(request, this.#requested, this.#allocatable) * PLUGIN_WEIGHTS.NodeResourcesBalancedAllocation
    );
  };

  #newKind(facts: PodFacts): PodKind {
    const mask = this.#eligibility.maskFor(facts.constraints);
    const eligible = this.#rows.reduce((count, row) => count + (hasBit(mask, row) ? 1 : 0), 0);
    return new PodKind(facts, this.#table.columns.requestVector(facts.request), { places: this.places, eligible });
  }

  #catchUp(kind: PodKind): void {
    const { rowLog } = this.#table;
    if (kind.position === rowLog.position) return;
    const mask = this.#eligibility.maskFor(kind.facts.constraints);
    const look = (row: number) => {
      const place = this.#placeOf[row]!;
      if (place >= 0) kind.update(place, hasBit(mask, row) && this.#table.fits(row, kind.vector));
    };
    const isFar = !rowLog.remembers(kind.position) || rowLog.position - kind.position > this.places;
    if (isFar) this.#rows.forEach(look);
    else for (let at = kind.position; at < rowLog.position; at++) look(rowLog.at(at));
    kind.position = rowLog.position;
  }

  /** Makes the order of the nodes anew if a node came, went or changed. */
  #followNodes(): void {
    const { shapeLog, rows } = this.#table;
    if (this.#orderedAt === shapeLog.position) return;
    this.#orderedAt = shapeLog.position;
    this.#kinds.clear();
    const nodes = Array.from({ length: rows }, (_, row) => this.#table.nodeAt(row)).filter((one) => one !== undefined);
    this.#hasSoftTaints = nodes.some(({ taints }) => taints.some(({ effect }) => effect === 'PreferNoSchedule'));
    this.#rows = Int32Array.from(zonesInTurn(nodes), ({ name }) => this.#table.rowOf(name)!);
    this.#placeOf = new Int32Array(rows).fill(-1);
    this.#rows.forEach((row, place) => (this.#placeOf[row] = place));
    this.#found = new Int32Array(this.#rows.length);
  }
}

/** Numbers for values: equal texts have equal numbers. A value's text is made once. */
class Ids<T extends object> {
  readonly #known = new WeakMap<T, number>();
  readonly #byText = new Map<string, number>();
  readonly #textOf: (value: T) => string;

  constructor(textOf: (value: T) => string) {
    this.#textOf = textOf;
  }

  of(value: T): number {
    let id = this.#known.get(value);
    if (id === undefined) {
      const text = this.#textOf(value);
      id = this.#byText.get(text) ?? this.#byText.size;
      this.#byText.set(text, id);
      this.#known.set(value, id);
    }
    return id;
  }
}

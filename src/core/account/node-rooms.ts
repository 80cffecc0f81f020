import type { Vector } from '../resources.ts';
import type { NodePrice } from './prices.ts';
import { RoomTime } from './room-time.ts';

/** A node, as it is told to the meter. */
export interface NodeToMeter {
  /** By column. */
  readonly allocatable: Vector;
  readonly price: NodePrice;
  /** Of each column, per unit. */
  readonly weights: readonly number[];
}

/** Where the figures of a node are; after them, for each resource that has a weight: weight, 1 / allocatable, in use. */
const [PER_HOUR, PER_UNIT, RATE, STRANDED, FIRST, EACH] = [0, 1, 2, 3, 4, 3];

/** A node that is there, and what is in use on it. Its figures lie together, because every change reads all of them. */
export class NodeRoom {
  readonly allocatable: Vector;
  /** The columns of resources that have a weight. */
  readonly #columns: readonly number[];
  readonly #figures: Float64Array;

  constructor({ allocatable, price, weights }: NodeToMeter) {
    this.allocatable = allocatable;
    this.#columns = weights.flatMap((weight, c) => (weight > 0 ? [c] : []));
    const ofColumns = this.#columns.flatMap((c) => [weights[c]!, allocatable[c]! > 0 ? 1 / allocatable[c]! : 0, 0]);
    this.#figures = Float64Array.of(price.perHour, price.perUnit, 0, 0, ...ofColumns);
  }

  get price(): NodePrice {
    return { perHour: this.#figures[PER_HOUR]!, perUnit: this.#figures[PER_UNIT]! };
  }

  /** What is in use costs in an hour. */
  get rate(): number {
    return this.#figures[RATE]!;
  }

  /** What nobody can use, because another resource of the node is used up more, costs in an hour. */
  get stranded(): number {
    return this.#figures[STRANDED]!;
  }

  /** The vector, in cores. */
  weighted(vector: Vector): number {
    return this.#columns.reduce((sum, c, i) => sum + this.#figures[FIRST + EACH * i]! * (vector[c] ?? 0), 0);
  }

  /** The vector comes into use, or goes out of it. @returns what it costs in an hour: its weighted part of the price */
  use(vector: Vector, sign: 1 | -1): number {
    const [columns, figures] = [this.#columns, this.#figures];
    let weighted = 0;
    let dominant = 0;
    for (let i = 0, at = FIRST; i < columns.length; i++, at += EACH) {
      const c = columns[i]!;
      const amount = c < vector.length ? vector[c]! : 0;
      weighted += figures[at]! * amount;
      const used = figures[at + 2]! + sign * amount;
      figures[at + 2] = used;
      const share = used * figures[at + 1]!;
      if (share > dominant) dominant = share;
    }
    const rate = Math.round(weighted * figures[PER_UNIT]!);
    const all = figures[RATE]! + sign * rate;
    figures[RATE] = all;
    figures[STRANDED] = Math.max(0, Math.round(Math.min(1, dominant) * figures[PER_HOUR]!) - all);
    return rate;
  }
}

/** The nodes with their prices, what all of them together are, and what of that is stranded. */
export class NodeRooms {
  readonly #byName = new Map<string, NodeRoom>();
  /** All nodes: allocatable x time, and the bill. */
  readonly capacity = new RoomTime();
  /** Cost alone. */
  readonly stranded = new RoomTime();

  get(name: string): NodeRoom | undefined {
    return this.#byName.get(name);
  }

  put(nowMs: number, name: string, node: NodeToMeter): void {
    this.remove(nowMs, name);
    this.#byName.set(name, new NodeRoom(node));
    this.capacity.add(nowMs, node.allocatable, node.price.perHour, 1);
  }

  remove(nowMs: number, name: string): void {
    const known = this.#byName.get(name);
    if (!known) return;
    this.#byName.delete(name);
    this.capacity.add(nowMs, known.allocatable, known.price.perHour, -1);
    if (known.stranded !== 0) this.stranded.addRate(nowMs, -known.stranded);
  }

  /** As NodeRoom.use, for the sums as well. */
  use(nowMs: number, room: NodeRoom, vector: Vector, sign: 1 | -1): number {
    const before = room.stranded;
    const rate = room.use(vector, sign);
    if (room.stranded !== before) this.stranded.addRate(nowMs, room.stranded - before);
    return rate;
  }

  /** What room of no particular node costs in an hour, at the mean price of all. */
  averageRate(vector: Vector): number {
    const [one] = this.#byName.values();
    const all = one?.weighted(this.capacity.level) ?? 0;
    return all > 0 ? Math.round((one!.weighted(vector) / all) * this.capacity.rate) : 0;
  }
}

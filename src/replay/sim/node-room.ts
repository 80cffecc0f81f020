import type { NodeInfo } from '../../core/model.ts';
import { capacityAt } from '../../core/placement/room.ts';
import type { Resources, Vector } from '../../core/resources.ts';
import type { Occupancy } from '../result.ts';
import { StepMeans } from './step-means.ts';
import type { Truth } from './truth.ts';

const MAX_ROWS = 96;
const MAX_STEPS = 192;
const SERIES_STEPS = 512;

/** The room of nodes over time: what is bound, and what is free but too scattered for one more typical worker. */
export class NodeRoom {
  /** Of the whole cluster, in millicores. */
  readonly stranded = new StepMeans(SERIES_STEPS);
  readonly #truth: Truth;
  readonly #shape: Vector;
  readonly #shapeCpu: number;
  readonly #nodesPerRow: number;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #boundAt: Float64Array;
  readonly #strandedAt: Float64Array;
  /** Per row of the picture, in millicores. */
  readonly #cpu: number[] = [];
  readonly #bound: StepMeans[] = [];
  readonly #scattered: StepMeans[] = [];

  /** @param shape the request of a typical worker */
  constructor(truth: Truth, nodes: readonly NodeInfo[], shape: Resources) {
    this.#truth = truth;
    this.#shape = truth.requestVector({ request: shape });
    this.#shapeCpu = shape.get('cpu') ?? 0;
    this.#nodesPerRow = Math.max(1, Math.ceil(nodes.length / MAX_ROWS));
    this.#indexOf = new Map(nodes.map(({ name }, i) => [name, i]));
    this.#boundAt = new Float64Array(nodes.length);
    this.#strandedAt = new Float64Array(nodes.length);
    for (let i = 0; i < nodes.length; i += this.#nodesPerRow) {
      const here = nodes.slice(i, i + this.#nodesPerRow);
      this.#cpu.push(here.reduce((sum, { allocatable }) => sum + (allocatable.get('cpu') ?? 0), 0));
      this.#bound.push(new StepMeans(MAX_STEPS));
      this.#scattered.push(new StepMeans(MAX_STEPS));
    }
    for (const { name } of nodes) this.changed(0, name);
  }

  /** Call when a pod came to the node or left it, and when the node came or went. */
  changed(nowMs: number, node: string): void {
    const index = this.#indexOf.get(node);
    if (index === undefined) return;
    const { bound, stranded } = this.#roomOf(node);
    const row = Math.floor(index / this.#nodesPerRow);
    const more = stranded - (this.#strandedAt[index] ?? 0);
    this.#bound[row]?.add(nowMs, bound - (this.#boundAt[index] ?? 0));
    this.#scattered[row]?.add(nowMs, more);
    this.stranded.add(nowMs, more);
    this.#boundAt[index] = bound;
    this.#strandedAt[index] = stranded;
  }

  result(nowMs: number): Occupancy {
    const digits = (rows: readonly StepMeans[]) =>
      rows.map((means, row) => {
        means.advance(nowMs);
        const cpu = this.#cpu[row] ?? 0;
        return means
          .means()
          .map((level) => (cpu === 0 ? 0 : Math.min(9, Math.round((10 * level) / cpu))))
          .join('');
      });
    const [bound, stranded] = [digits(this.#bound), digits(this.#scattered)];
    return { stepMs: this.#bound[0]?.stepMs ?? 0, nodesPerRow: this.#nodesPerRow, bound, stranded };
  }

  #roomOf(node: string): { readonly bound: number; readonly stranded: number } {
    const { table } = this.#truth;
    const row = table.rowOf(node);
    if (row === undefined) return { bound: 0, stranded: 0 };
    const free = table.free[0]?.[row] ?? 0;
    const bound = (table.allocatable[0]?.[row] ?? 0) - free;
    const room = Math.max(0, free);
    const usable = capacityAt(table.free, row, this.#shape, Number.MAX_SAFE_INTEGER) * this.#shapeCpu;
    return { bound, stranded: room - Math.min(room, usable) };
  }
}

import { Eligibility, hasBit, type Bits } from '../../core/cluster/eligibility.ts';
import { NodeTable } from '../../core/cluster/node-table.ts';
import type { Candidates, NodeInfo, PodInfo } from '../../core/model.ts';
import { capacityAt } from '../../core/placement/room.ts';
import { ResourceColumns, type Resources, type Vector } from '../../core/resources.ts';
import { Nominations } from './nominations.ts';
import type { SimPod } from './job-run.ts';

/** The actual state of the cluster: a node table like the core's, without reservations. */
export class Truth {
  readonly #columns = new ResourceColumns();
  readonly table = new NodeTable(this.#columns);
  readonly eligibility = new Eligibility(this.table);
  readonly #bound = new Map<string, SimPod>();
  readonly nominations = new Nominations();
  /** Bound pods by priority. */
  readonly #priorities = new Map<number, number>();

  constructor(nodes: readonly NodeInfo[]) {
    for (const node of nodes) this.table.upsert(node);
  }

  /** The nodes that pass kube-scheduler's own filters for the pod, evaluated lazily. */
  offer(pod: SimPod): LazyCandidates {
    const request = this.requestVector(pod.info);
    const nominated = this.nominations.isEmpty ? undefined : (node: string) => this.nominations.before(pod.info, node);
    return new LazyCandidates(this.table, this.eligibility.maskFor(pod.info.constraints), request, nominated);
  }

  /** @param pod its node is set */
  bind(pod: SimPod): void {
    this.nominations.delete(pod.info.uid);
    this.#bound.set(pod.info.uid, pod);
    const row = this.table.rowOf(pod.node);
    if (row !== undefined) this.table.take(row, this.vector(pod));
    this.#countPriority(pod.info.priority, 1);
  }

  /** @param pod bound; its node may be gone */
  unbind(pod: SimPod): void {
    this.#bound.delete(pod.info.uid);
    const row = this.table.rowOf(pod.node);
    if (row !== undefined) this.table.give(row, this.vector(pod));
    this.#countPriority(pod.info.priority, -1);
  }

  get boundPods(): ReadonlyMap<string, SimPod> {
    return this.#bound;
  }

  requestVector({ request }: Pick<PodInfo, 'request'>): Vector {
    return this.#columns.requestVector(request);
  }

  vector({ info }: SimPod): Vector {
    return this.#columns.vector(info.request);
  }

  /** The lowest priority of a bound pod; Infinity: none is bound. */
  leastPriority(): number {
    return Math.min(...this.#priorities.keys());
  }

  #countPriority(priority: number, change: 1 | -1): void {
    const count = (this.#priorities.get(priority) ?? 0) + change;
    if (count > 0) this.#priorities.set(priority, count);
    else this.#priorities.delete(priority);
  }

  /** Whether the node's bound pods request more than its allocatable. */
  isOvercommitted(node: string): boolean {
    const { table } = this;
    const row = table.rowOf(node);
    return row !== undefined && table.free.some((column) => column[row]! < 0);
  }

  /** kube-scheduler's NodeResourcesLeastAllocated with equal weights for cpu and memory, 0..100. */
  leastAllocated(row: number, request: Vector): number {
    const { free, allocatable } = this.table;
    const cpu = Math.max(0, (free[0]![row]! - (request[0] ?? 0)) / (allocatable[0]![row]! || 1));
    const memory = Math.max(0, (free[1]![row]! - (request[1] ?? 0)) / (allocatable[1]![row]! || 1));
    return Math.floor(50 * (cpu + memory));
  }

  /** The share of the free cpu that cannot hold another pod of this shape. */
  fragmentation(shape: Resources): number {
    const { table } = this;
    const vector = this.requestVector({ request: shape });
    const cpu = shape.get('cpu') ?? 0;
    let [free, usable] = [0, 0];
    for (let row = 0; row < table.rows; row++) {
      const room = Math.max(0, table.free[0]![row]!);
      free += room;
      usable += Math.min(room, capacityAt(table.free, row, vector, Number.MAX_SAFE_INTEGER) * cpu);
    }
    return free === 0 ? 0 : 1 - usable / free;
  }

  totalCpu(): number {
    return this.table.allocatable[0]!.reduce((sum, cpu) => sum + cpu, 0);
  }
}

/** A node's room that is nominated to others ahead of the pod. */
type Nominated = (node: string) => Vector | undefined;

export class LazyCandidates implements Candidates {
  readonly vector: Vector;
  readonly #table: NodeTable;
  readonly #eligible: Bits;
  readonly #nominated: Nominated | undefined;
  #names: readonly string[] | undefined;
  readonly #rows: number[] = [];

  /** @param nominated absent: no node is nominated */
  constructor(table: NodeTable, eligible: Bits, vector: Vector, nominated?: Nominated) {
    this.#table = table;
    this.#eligible = eligible;
    this.vector = vector;
    this.#nominated = nominated;
  }

  get size(): number {
    return this.names().length;
  }

  has(name: string, hint = -1): boolean {
    const row = this.#table.nodeAt(hint)?.name === name ? hint : this.#table.rowOf(name);
    return row !== undefined && this.#passes(row);
  }

  isEmpty(): boolean {
    for (let row = 0; row < this.#table.rows; row++) if (this.#passes(row)) return false;
    return true;
  }

  names(): readonly string[] {
    if (this.#names) return this.#names;
    const names: string[] = [];
    for (let row = 0; row < this.#table.rows; row++) {
      if (!this.#passes(row)) continue;
      names.push(this.#table.nameAt(row));
      this.#rows.push(row);
    }
    return (this.#names = names);
  }

  /** The rows of some candidates; for all candidates they are known without a lookup. */
  rowsOf(names: readonly string[]): readonly number[] {
    return names === this.#names ? this.#rows : names.map((name) => this.#table.rowOf(name)!);
  }

  #passes(row: number): boolean {
    const table = this.#table;
    if (!hasBit(this.#eligible, row) || !table.fits(row, this.vector)) return false;
    const nominated = this.#nominated?.(table.nameAt(row));
    return (
      !nominated ||
      table.fits(
        row,
        this.vector.map((amount, c) => (amount === 0 ? 0 : amount + (nominated[c] ?? 0))),
      )
    );
  }
}

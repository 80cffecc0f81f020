import { Cluster } from '../../core/cluster/cluster.ts';
import { hasBit, type Bits } from '../../core/cluster/eligibility.ts';
import type { Candidates, NodeInfo } from '../../core/model.ts';
import { capacityAt } from '../../core/placement/room.ts';
import type { Resources, Vector } from '../../core/resources.ts';
import { Nominations } from './nominations.ts';
import type { SimPod } from './pod.ts';

/** What really runs where: the same table as the core's, without anything that the core only holds. */
export class Truth {
  readonly cluster = new Cluster();
  readonly nominations = new Nominations();
  /** Bound pods by priority. */
  readonly #priorities = new Map<number, number>();

  constructor(nodes: readonly NodeInfo[]) {
    for (const node of nodes) this.cluster.putNode(node);
  }

  /** The nodes that pass kube-scheduler's own filters for the pod; looked at only as far as is asked. */
  offer(pod: SimPod): LazyCandidates {
    const { eligibility } = this.cluster;
    const request = this.cluster.requestVector(pod.info.request);
    const promised = this.nominations.isEmpty ? undefined : (node: string) => this.nominations.before(pod.info, node);
    return new LazyCandidates(this.cluster, eligibility.maskFor(pod.info.constraints), request, promised);
  }

  bind(pod: SimPod, node: string): void {
    this.nominations.delete(pod.info.uid);
    this.cluster.bind(pod.info, node);
    this.#countPriority(pod.info.priority, 1);
  }

  unbind({ info }: SimPod): void {
    this.cluster.unbind(info.uid);
    this.#countPriority(info.priority, -1);
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

  /** Whether more is bound at the node than it has. */
  isOvercommitted(node: string): boolean {
    const { table } = this.cluster;
    const row = table.rowOf(node);
    return row !== undefined && table.free.some((column) => column[row]! < 0);
  }

  /** NodeResourcesLeastAllocated of kube-scheduler, cpu and memory alike, 0..100. */
  leastAllocated(row: number, request: Vector): number {
    const { free, allocatable } = this.cluster.table;
    const cpu = Math.max(0, (free[0]![row]! - (request[0] ?? 0)) / (allocatable[0]![row]! || 1));
    const memory = Math.max(0, (free[1]![row]! - (request[1] ?? 0)) / (allocatable[1]![row]! || 1));
    return Math.floor(50 * (cpu + memory));
  }

  /** Of the free cpu, the share on which not one more pod of this shape fits. */
  fragmentation(shape: Resources): number {
    const { table } = this.cluster;
    const vector = this.cluster.requestVector(shape);
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
    return this.cluster.table.allocatable[0]!.reduce((sum, cpu) => sum + cpu, 0);
  }
}

/** What of a node is promised to others before the pod. */
type Promised = (node: string) => Vector | undefined;

export class LazyCandidates implements Candidates {
  readonly vector: Vector;
  readonly #cluster: Cluster;
  readonly #eligible: Bits;
  readonly #promised: Promised | undefined;
  #names: readonly string[] | undefined;
  readonly #rows: number[] = [];

  /** @param promised absent: nothing is promised to anybody */
  constructor(cluster: Cluster, eligible: Bits, vector: Vector, promised?: Promised) {
    this.#cluster = cluster;
    this.#eligible = eligible;
    this.vector = vector;
    this.#promised = promised;
  }

  get size(): number {
    return this.names().length;
  }

  has(name: string, hint = -1): boolean {
    const { table } = this.#cluster;
    const row = table.nodeAt(hint)?.name === name ? hint : table.rowOf(name);
    return row !== undefined && this.#passes(row);
  }

  isEmpty(): boolean {
    for (let row = 0; row < this.#cluster.table.rows; row++) if (this.#passes(row)) return false;
    return true;
  }

  names(): readonly string[] {
    if (this.#names) return this.#names;
    const names: string[] = [];
    for (let row = 0; row < this.#cluster.table.rows; row++) {
      if (!this.#passes(row)) continue;
      names.push(this.#cluster.table.nameAt(row));
      this.#rows.push(row);
    }
    return (this.#names = names);
  }

  /** The rows of some of the candidates; nothing is looked up for all of them. */
  rowsOf(names: readonly string[]): readonly number[] {
    return names === this.#names ? this.#rows : names.map((name) => this.#cluster.table.rowOf(name)!);
  }

  #passes(row: number): boolean {
    const { table } = this.#cluster;
    if (!hasBit(this.#eligible, row) || !table.fits(row, this.vector)) return false;
    const promised = this.#promised?.(table.nameAt(row));
    return (
      !promised ||
      table.fits(
        row,
        this.vector.map((amount, c) => (amount === 0 ? 0 : amount + (promised[c] ?? 0))),
      )
    );
  }
}

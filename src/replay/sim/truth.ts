import { ChangeLog } from '../../core/cluster/change-log.ts';
import { Eligibility } from '../../core/cluster/eligibility.ts';
import { NodeTable, type TableView } from '../../core/cluster/node-table.ts';
import type { NodeInfo, PodInfo } from '../../core/model.ts';
import { ResourceColumns, type Resources, type Vector } from '../../core/resources.ts';
import { DefaultLoad } from '../kube-scheduler/default-load.ts';
import { NodeSearch } from '../kube-scheduler/node-search.ts';
import { Nominations } from '../kube-scheduler/nominations.ts';
import type { SimPod } from './job-run.ts';

/** A pod on its node. */
export interface BoundPod {
  readonly pod: SimPod;
  readonly priority: number;
  readonly vector: Vector;
  /** status.startTime, in whole seconds, as the API server keeps it. */
  readonly startedS: number;
}

/** The actual state of the cluster, as kube-scheduler knows it: no reservations. */
export class Truth {
  readonly #columns = new ResourceColumns();
  readonly #table = new NodeTable(this.#columns);
  readonly #eligibility = new Eligibility(this.#table);
  readonly #load = new DefaultLoad();
  readonly search = new NodeSearch(this.#table, this.#eligibility, this.#load);
  readonly nominations = new Nominations();
  /** Rows where the room that is nominated changed. */
  readonly nominationLog = new ChangeLog();
  readonly #bound = new Map<string, BoundPod>();
  /** The bound pods of each row. */
  readonly #podsAt: BoundPod[][] = [];
  /** The number of bound pods by priority. */
  readonly #priorities = new Map<number, number>();
  #leastPriority = Infinity;

  constructor(nodes: readonly NodeInfo[]) {
    for (const node of nodes) this.addNode(node);
    this.nominations.onChanged = (node) => {
      const row = this.#table.rowOf(node);
      if (row !== undefined) this.nominationLog.push(row);
    };
  }

  get columns(): ResourceColumns {
    return this.#columns;
  }

  get table(): TableView {
    return this.#table;
  }

  addNode(node: NodeInfo): void {
    const { row, isNew } = this.#table.upsert(node);
    if (isNew) this.#podsAt[row] = [];
  }

  /** The node's pods stay bound until they are unbound. */
  removeNode(name: string): void {
    const row = this.#table.remove(name);
    if (row === undefined) return;
    this.#podsAt[row] = [];
    this.#load.clear(row);
  }

  /** @param pod its node is set; @param startMs when it starts there */
  bind(pod: SimPod, startMs: number): void {
    const { uid, priority, request } = pod.info;
    const bound = { pod, priority, vector: this.#columns.vector(request), startedS: Math.floor(startMs / 1000) };
    this.nominations.bound(uid);
    this.#bound.set(uid, bound);
    this.#countPriority(priority, 1);
    const row = this.#table.rowOf(pod.node);
    if (row === undefined) return;
    this.#table.take(row, bound.vector);
    this.#podsAt[row]?.push(bound);
    this.#load.change(row, request, 1);
  }

  /** @param pod bound; its node may be gone */
  unbind({ info, node }: SimPod): void {
    const bound = this.#bound.get(info.uid);
    if (!bound) return;
    this.#bound.delete(info.uid);
    this.#countPriority(info.priority, -1);
    const row = this.#table.rowOf(node);
    const at = row === undefined ? -1 : (this.#podsAt[row]?.indexOf(bound) ?? -1);
    // A node that came back is empty, whatever it held before.
    if (row === undefined || at < 0) return;
    this.#podsAt[row]?.splice(at, 1);
    this.#table.give(row, bound.vector);
    this.#load.change(row, info.request, -1);
  }

  requestVector({ request }: { readonly request: Resources }): Vector {
    return this.#columns.requestVector(request);
  }

  get boundPods(): ReadonlyMap<string, BoundPod> {
    return this.#bound;
  }

  podsAt(row: number): readonly BoundPod[] {
    return this.#podsAt[row] ?? [];
  }

  /** Whether the node's room is nominated to other pods, so that too little is left for this one. */
  isNominatedAway(info: PodInfo, place: number, request: Vector): boolean {
    const row = this.search.rowAt(place);
    const nominated = this.nominations.before(info, this.#table.nameAt(row));
    if (!nominated) return false;
    return request.some((amount, c) => amount > 0 && amount + (nominated[c] ?? 0) > this.#table.free[c]![row]!);
  }

  /** The lowest priority of a bound pod; Infinity: none is bound. */
  get leastPriority(): number {
    return this.#leastPriority;
  }

  #countPriority(priority: number, change: 1 | -1): void {
    const count = (this.#priorities.get(priority) ?? 0) + change;
    if (count > 0) this.#priorities.set(priority, count);
    else this.#priorities.delete(priority);
    if (count <= 1) this.#leastPriority = Math.min(...this.#priorities.keys());
  }

  /** Whether the node's bound pods request more than its allocatable. */
  isOvercommitted(node: string): boolean {
    const row = this.#table.rowOf(node);
    return row !== undefined && this.#table.free.some((column) => column[row]! < 0);
  }

  totalCpu(): number {
    return this.#table.allocatable[0]!.reduce((sum, cpu) => sum + cpu, 0);
  }
}

import { Cluster, type ClusterView } from '../cluster/cluster.ts';
import { nodeMatches, withLabels } from '../cluster/eligibility.ts';
import type { Gang } from '../gang/gang.ts';
import type { NodeInfo } from '../model.ts';
import type { Need, Room } from '../placement/need.ts';
import { Planner } from '../placement/planner.ts';
import type { Vector } from '../resources.ts';
import type { Slices } from '../work.ts';

const HOSTNAME = 'kubernetes.io/hostname';

/** What to place on the copy: rows and masks are those of the cluster; `added` are rows of new nodes. */
interface Question {
  readonly needs: readonly Need[];
  readonly siblings: readonly number[];
  readonly added: readonly number[];
}

/** So many nodes are copied in one slice. */
const SLICE = 500;

/** A copy of a cluster's nodes in the same rows, without pods. Nodes can be added to it, and gangs planned on them. */
export class ClusterCopy {
  readonly #cluster = new Cluster();
  readonly #planner = new Planner(this.#cluster);
  /** How many rows it has of the cluster. */
  #rows = 0;

  private constructor() {
    // Made by `of`.
  }

  /** A copy of the present moment. @param room what is free on it */
  static *of({ table, columns, leadersAt }: ClusterView, room: Room): Slices<ClusterCopy> {
    const out = new ClusterCopy();
    for (const name of columns.names) out.#cluster.columns.add(name);
    const nodes = Array.from({ length: table.rows }, (_, row) => table.nodeAt(row) ?? nothing(row));
    const free = room.map((column) => column.slice(0, table.rows));
    const leaders = leadersAt.slice(0, table.rows);
    out.#rows = table.rows;
    for (const [row, node] of nodes.entries()) {
      if (row % SLICE === SLICE - 1) yield;
      out.#put(node, amountsAt(free, row));
      for (let n = 0; n < leaders[row]!; n++) out.#cluster.countLeader(node.name, 1);
    }
    return out;
  }

  /** Adds nodes like this one. @returns their rows */
  *add(like: NodeInfo, free: Vector, count: number): Slices<number[]> {
    const rows: number[] = [];
    while (rows.length < count) {
      if (rows.length % SLICE === SLICE - 1) yield;
      const name = `${like.name} (${this.#cluster.table.rows})`;
      const labels = like.labels.has(HOSTNAME) ? new Map([...like.labels, [HOSTNAME, name]]) : like.labels;
      rows.push(this.#put({ ...like, name, labels, images: new Set() }, free));
    }
    return rows;
  }

  /** Whether the planner places the gang on the cluster with only these of the nodes that were added. */
  fits({ spec, policy }: Gang, { needs, siblings, added }: Question): boolean {
    const { table } = this.#cluster;
    const node = added[0] === undefined ? undefined : table.nodeAt(added[0]);
    const wider = needs.map((need) => {
      const eligible = new Uint32Array((table.rows + 31) >>> 5);
      eligible.set(need.eligible.subarray(0, (this.#rows + 31) >>> 5));
      const { constraints } = spec.roles.find(({ name }) => name === need.role)!;
      const mayUse = node && nodeMatches(withLabels(constraints, need.preference.requireLabels), node);
      if (mayUse) for (const row of added) eligible[row >>> 5]! |= 1 << (row & 31);
      return { ...need, eligible };
    });
    return this.#planner.plan({ needs: wider, policy, siblings }).kind === 'placed';
  }

  #put(node: NodeInfo, free: Vector): number {
    const { table } = this.#cluster;
    const row = this.#cluster.putNode(node);
    const taken = amountsAt(table.free, row);
    for (let c = 0; c < taken.length; c++) taken[c]! -= free[c] ?? 0;
    table.take(row, taken);
    return row;
  }
}

/** What the room has in a row. */
export function amountsAt(room: Room, row: number): Vector {
  const out = new Float64Array(room.length);
  for (let c = 0; c < out.length; c++) out[c] = room[c]![row]!;
  return out;
}

/** Holds the place of a row without a node. */
const nothing = (row: number): NodeInfo => ({
  name: `(row ${row})`,
  labels: new Map(),
  taints: [],
  unschedulable: true,
  allocatable: new Map(),
  images: new Set(),
});

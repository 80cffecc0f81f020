import { Cluster } from '../../src/core/cluster/cluster.ts';
import type { Tenancy } from '../../src/core/policy/tenancy.ts';
import { Shares, type Waiting } from '../../src/core/queue/shares.ts';
import { QueueTree } from '../../src/core/queue/tree.ts';
import { Usage } from '../../src/core/queue/usage.ts';
import type { Resources } from '../../src/core/resources.ts';
import { resources, type Amounts as NodeAmounts, node } from './builders.ts';
import { UNITS } from './tenancies.ts';

/** Queues that hold and want amounts on a cluster of one node; no pods. */
export class SharedCluster {
  readonly usage = new Usage();
  readonly cluster = new Cluster(this.usage);
  readonly tree: QueueTree;
  readonly shares = new Shares();
  nowMs = 0;
  #waiting: Waiting[] = [];
  #gangs = 0;

  constructor(tenancy: Tenancy, capacity: NodeAmounts) {
    this.cluster.putNode(node('n', capacity));
    this.tree = new QueueTree(tenancy);
    this.refresh();
  }

  /** A gang that holds so much. @returns its key */
  hold(path: string, amounts: Partial<NodeAmounts>, user = 'u'): string {
    const key = `jobs/held${this.#gangs++}`;
    this.usage.assign(key, { leaf: this.tree.leaf(path), user });
    this.usage.hold(key, this.#vector(amounts), 'n');
    return key;
  }

  /** A gang that waits for so much. */
  want(path: string, amounts: Partial<NodeAmounts>): void {
    this.#waiting.push({ queue: this.tree.leaf(path), ask: this.#vector(amounts) });
  }

  wantRaw(path: string, amounts: Resources): void {
    this.#waiting.push({ queue: this.tree.leaf(path), ask: this.cluster.requestVector(amounts) });
  }

  /** A quarter of a second later. */
  refresh(): void {
    this.nowMs += 250;
    this.shares.refresh(this, this.#waiting, this.nowMs);
  }

  /** What each queue is entitled to, in the unit's whole amounts, to a tenth. */
  entitled(
    unit: keyof typeof UNITS = 'cpu',
    what: 'entitled' | 'withheld' | 'demand' = 'entitled',
  ): Record<string, number> {
    const [name, size] = UNITS[unit];
    const c = this.cluster.columns.indexOf(name)!;
    const nodes = [...this.tree.nodes()].filter(({ path }) => path !== '');
    return Object.fromEntries(
      nodes.map((queue) => [queue.path, Math.round((this.shares.of(queue)[what][c]! / size) * 10) / 10]),
    );
  }

  #vector({ cpu = 0, ...rest }: Partial<NodeAmounts>) {
    return this.cluster.requestVector(resources({ cpu, ...rest }, 0));
  }
}

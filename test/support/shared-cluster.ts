import {
  NO_QUOTA,
  OPEN_TENANCY,
  plainQueue,
  type Quota,
  type QueueSpec,
  type Tenancy,
} from '../../src/core/policy/tenancy.ts';

import { Cluster } from '../../src/core/cluster/cluster.ts';
import { Shares, type Waiting } from '../../src/core/queue/shares.ts';
import { QueueTree } from '../../src/core/queue/tree.ts';
import { Usage } from '../../src/core/queue/usage.ts';
import type { Resources } from '../../src/core/resources.ts';
import { resources, type Amounts as NodeAmounts, node } from './builders.ts';

const UNITS = { cpu: ['cpu', 1000], memoryGib: ['memory', 2 ** 30], gpu: ['nvidia.com/gpu', 1] } as const;
type Unit = keyof typeof UNITS;

/** Cores, GiB of memory, GPUs, or parts of the cluster (`'40%'`). */
export type QuotaAmounts = Readonly<Partial<Record<'cpu' | 'memoryGib' | 'gpu', number | string>>>;

export function quota(amounts: QuotaAmounts): Quota {
  const out = { amounts: new Map<string, number>(), shares: new Map<string, number>() };
  for (const [key, value] of Object.entries(amounts)) {
    const [name, unit] = UNITS[key as keyof typeof UNITS];
    if (typeof value === 'number') out.amounts.set(name, Math.round(value * unit));
    else out.shares.set(name, parseFloat(value) / 100);
  }
  return out;
}

type Change = Partial<Omit<QueueSpec, 'guaranteed' | 'max' | 'lend' | 'queues'>> & {
  readonly guaranteed?: QuotaAmounts;
  readonly max?: QuotaAmounts;
  readonly lend?: QuotaAmounts;
  readonly queues?: readonly QueueSpec[];
};

/** A queue as the file says it; say in the test only what the test is about. */
export const queueSpec = (name: string, { guaranteed, max, lend, ...change }: Change = {}): QueueSpec => ({
  ...plainQueue(name),
  ...change,
  guaranteed: guaranteed ? quota(guaranteed) : NO_QUOTA,
  max: max ? quota(max) : NO_QUOTA,
  lend: lend ? quota(lend) : undefined,
});

/** A file that says these queues; priority counts within each of them alone. */
export const tenancyOf = (queues: readonly QueueSpec[], fairness: Partial<Tenancy['fairness']> = {}): Tenancy => ({
  ...OPEN_TENANCY,
  queues,
  fairness: { ...OPEN_TENANCY.fairness, priority: queues.length > 0 ? 'within' : 'first', ...fairness },
});

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
  entitled(unit: Unit = 'cpu', what: 'entitled' | 'withheld' | 'demand' = 'entitled'): Record<string, number> {
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

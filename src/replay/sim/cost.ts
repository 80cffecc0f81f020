import { PARTS, priceOf, weightOf } from '../../core/account/prices.ts';
import type { NodeInfo, PodInfo } from '../../core/model.ts';
import type { Price } from '../../core/policy/tenancy.ts';
import type { Resources } from '../../core/resources.ts';
import type { JobRecord } from '../job-record.ts';
import type { CostResult, CostRow } from '../result.ts';
import type { TraceJob } from '../trace/job.ts';

/** More rows than these become one. */
const MAX_ROWS = 20_000;
const OTHERS = '(others)';
const MS_PER_HOUR = 3_600_000;

/** What jobs pay: the price of each node, divided among its pods by what they request. */
export class CostBook {
  readonly #perUnit: ReadonlyMap<string, number>;
  readonly #perHour: number;
  readonly #isPriced: boolean;
  readonly #weighted = new WeakMap<Resources, number>();
  readonly #rows = new Map<string, MutableRow>();

  constructor(nodes: readonly NodeInfo[], prices: readonly Price[]) {
    const priced = nodes.map((node) => [node.name, priceOf(prices, node, this.#cores(node.allocatable))] as const);
    this.#perUnit = new Map(priced.map(([name, { perUnit }]) => [name, perUnit]));
    this.#perHour = priced.reduce((sum, [, { perHour }]) => sum + perHour, 0);
    this.#isPriced = prices.length > 0;
  }

  /** What all nodes cost in an hour. */
  get perHour(): number {
    return this.#perHour / PARTS;
  }

  /** What the pod costs in an hour at the node, in whole parts of 1 / PARTS. */
  rateOf({ request }: PodInfo, node: string): number {
    return Math.round(this.#cores(request) * (this.#perUnit.get(node) ?? 0));
  }

  add({ queue, user, namespace, work, cost }: JobRecord, { app = '', class: workClass = 'batch' }: TraceJob): void {
    const of = { queue, user, namespace, app };
    const row = this.#rowOf(workClass === 'batch' ? of : { ...of, class: workClass });
    row.jobs++;
    row.lostCoreHours += work.lostToEvictions / 3600;
    for (const kind of ['work', 'partial', 'starting', 'broken'] as const) row[kind] += cost?.[kind] ?? 0;
  }

  result(endMs: number): CostResult {
    const rows = [...this.#rows.values()].sort((a, b) => sumOf(b) - sumOf(a));
    const bill = this.perHour * (endMs / MS_PER_HOUR);
    const idle = bill - rows.reduce((sum, row) => sum + sumOf(row), 0);
    return { prices: this.#isPriced ? 'file' : 'default', bill, idle, rows };
  }

  #rowOf(of: Pick<CostRow, 'queue' | 'user' | 'namespace' | 'app' | 'class'>): MutableRow {
    const key = JSON.stringify([of.queue, of.user, of.namespace, of.app, of.class]);
    const known = this.#rows.get(key);
    if (known) return known;
    if (this.#rows.size >= MAX_ROWS && of.app !== OTHERS) return this.#rowOf({ ...ALL_OTHERS, app: OTHERS });
    const row = { ...of, jobs: 0, work: 0, partial: 0, starting: 0, broken: 0, lostCoreHours: 0 };
    this.#rows.set(key, row);
    return row;
  }

  /** The amounts, weighted. */
  #cores(amounts: Resources): number {
    let sum = this.#weighted.get(amounts);
    if (sum === undefined) {
      sum = 0;
      for (const [name, amount] of amounts) sum += weightOf(name) * amount;
      this.#weighted.set(amounts, sum);
    }
    return sum;
  }
}

const ALL_OTHERS = { queue: OTHERS, user: OTHERS, namespace: OTHERS };

type MutableRow = { -readonly [K in keyof CostRow]: CostRow[K] };

/** All that the jobs of the row paid. */
export const sumOf = ({ work, partial, starting, broken }: Omit<CostRow, 'jobs'>): number =>
  work + partial + starting + broken;

/** A rate x ms as cost. */
export const costOf = (partsMs: number): number => partsMs / MS_PER_HOUR / PARTS;

import { counted } from '../core/wording.ts';
import type { Goal } from '../replay/report/goal.ts';
import type { ReplayResult } from '../replay/result.ts';
import type { CellPool } from './cell-pool.ts';
import { progressOn } from './progress.ts';
import type { SizeRange, SizeSearch } from './size-search.ts';
import { labelOf, type Cell } from './sweep-cells.ts';
import type { PolicyChoice } from './sweep-grid.ts';

/** Where to look for the answer. */
export interface SizingBounds {
  readonly range: SizeRange;
  /** By seed, how many jobs are larger than even the largest cluster: no number of nodes would help them. */
  readonly larger: ReadonlyMap<number, number>;
  /** Whether the range begins where the caller wanted; else with fewer nodes more jobs are larger than the cluster. */
  readonly isLowest: boolean;
}

interface SizingInput extends SizingBounds {
  readonly pool: CellPool;
  /** File or preset. */
  readonly nodes: string;
  readonly policy: PolicyChoice;
  readonly goals: readonly Goal[];
}

/** How one seed went: a value for each goal, or why there is none. */
type Trial =
  | { readonly kind: 'measured'; readonly holds: boolean; readonly values: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string };

/** Tries numbers of nodes for one policy. */
export class Sizing {
  readonly #input: SizingInput;
  readonly #trials = new Map<number, readonly Trial[]>();
  readonly #progress = progressOn(process.stderr);

  constructor(input: SizingInput) {
    this.#input = input;
  }

  /** Runs every seed on that many nodes, and prints the figures. @throws MusterError as `CellPool.run` */
  async holds(count: number): Promise<boolean> {
    const seeds = [...this.#input.larger.keys()];
    const trials = await Promise.all(seeds.map((seed) => this.#try(count, seed)));
    this.#trials.set(count, trials);
    this.#progress.clear();
    const isEnough = trials.every((trial) => trial.kind === 'measured' && trial.holds);
    const { policy } = this.#input;
    process.stdout.write(`${policy.name}: ${this.#figures(count)}: ${isEnough ? 'enough' : 'too few'}\n`);
    return isEnough;
  }

  /** The answer in words, with the figures there and at one node less. */
  answer({ answer, dips }: SizeSearch): string {
    const { policy, goals, larger, range } = this.#input;
    const goal = goals.map(({ text }) => text).join(' and ');
    const runs = `${counted(this.#trials.size, 'number')} of nodes tried, ${counted(this.#trials.size * larger.size, 'run')}`;
    const left = Math.max(...larger.values());
    const notes = [
      ...(left === 0 ? [] : [`Left out: ${counted(left, 'job')} larger than even ${counted(range.high, 'node')}.`]),
      ...dips.map(
        (n) => `Chance is at work: ${n} nodes were too few, though fewer had been enough; the answer is above.`,
      ),
      `${runs}.`,
    ];
    const found =
      answer === undefined
        ? `even ${this.#figures(range.high)}: too few for ${goal}. Try more: --nodes-count ${range.high + 1}..${2 * range.high}.`
        : `${counted(answer, 'node')} for ${goal}, with ${larger.size === 1 ? 'the one seed' : `each of ${larger.size} seeds`}. ${this.#around(answer)}`;
    return [`${policy.name}: ${found}`, ...notes.map((note) => `  ${note}`)].join('\n');
  }

  #around(answer: number): string {
    const { range, isLowest } = this.#input;
    const least = isLowest ? 'Fewer were not tried' : 'With fewer, jobs are larger than the cluster';
    return `${this.#figures(answer)}. ${answer === range.low ? least : this.#figures(answer - 1)}.`;
  }

  async #try(count: number, seed: number): Promise<Trial> {
    const { pool, nodes, policy } = this.#input;
    const place = counted(count, 'node');
    const cell: Cell = { index: 0, policy, nodes, nodesCount: count, place, seed, day: undefined };
    const end = await pool.run(cell, (progress) => this.#progress.show({ ...progress, policy: labelOf(cell) }));
    return end.kind === 'lost' ? { kind: 'failed', why: `given up: ${end.why}` } : this.#judge(end.result, seed);
  }

  #judge({ policies: [result] }: ReplayResult, seed: number): Trial {
    const { goals, larger } = this.#input;
    if (!result) return { kind: 'failed', why: 'no result' };
    const tooLarge = result.outcomes.larger - (larger.get(seed) ?? 0);
    if (tooLarge > 0) return { kind: 'failed', why: `${counted(tooLarge, 'job')} larger than the cluster` };
    const values = goals.map((goal) => goal.valueText(result));
    return { kind: 'measured', holds: goals.every((goal) => goal.holds(result)), values };
  }

  /** `60 nodes: p95 wait 8m 3s, 9m 1s`: one value per seed. */
  #figures(count: number): string {
    const trials = this.#trials.get(count) ?? [];
    const measured = trials.filter((trial) => trial.kind === 'measured');
    const values = this.#input.goals.map(
      ({ figure }, i) => `${figure} ${measured.map((trial) => trial.values[i]).join(', ')}`,
    );
    const failures = new Set(trials.flatMap((trial) => (trial.kind === 'failed' ? [trial.why] : [])));
    return `${counted(count, 'node')}: ${[...(measured.length > 0 ? values : []), ...failures].join('; ')}`;
  }
}

import type { Tally } from './tally.ts';

interface Compared extends Partial<Record<'filters' | 'scores' | 'choices' | 'victims' | 'nodes', Tally>> {
  readonly attempts: number;
  /** How long an attempt took on average. */
  readonly cycleMs: number;
  /** Mean waits. */
  readonly realMs: number;
  readonly simulatedMs: number;
}

const HEADS = [
  'workload',
  'attempts',
  'ms each',
  'same nodes pass',
  'same scores',
  'bound to a best node',
  'same victims',
  'preempts on a best node',
  'mean wait, real',
  'simulated',
  'error',
];

/** The figures of a run, as a table in Markdown. */
export class FidelityTable {
  readonly #rows: string[] = [];

  add(name: string, { attempts, cycleMs, realMs, simulatedMs, ...tallies }: Compared): void {
    const { filters, scores, choices, victims, nodes } = tallies;
    const agreed = [filters, scores, choices, victims, nodes].map(shown);
    const error = `${(100 * (simulatedMs / realMs - 1)).toFixed(1)} %`;
    const cells = [name, attempts, cycleMs.toFixed(1), ...agreed, seconds(realMs), seconds(simulatedMs), error];
    this.#rows.push(`| ${cells.join(' | ')} |`);
  }

  toString(): string {
    const rule = HEADS.map(() => '---');
    return [`| ${HEADS.join(' | ')} |`, `| ${rule.join(' | ')} |`, ...this.#rows].join('\n');
  }
}

const shown = (tally: Tally | undefined) => (tally && tally.all > 0 ? `${tally.agreed} of ${tally.all}` : '');

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

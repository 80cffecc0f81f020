import { parseArgs } from 'node:util';
import { BENCHMARKS } from './names.ts';

const ROUNDS = 5;

export const PAIR_USAGE = `npm run bench:pair -- --against REV [--rounds N] [--limit RATIO] [--quick] NAME...
  Runs the benchmarks of revision REV (A) and of the working tree (B) in turn: A B, B A, A B ...
  NAME           which benchmarks: ${BENCHMARKS.join(', ')}
  --against REV  a commit, a branch or a tag
  --rounds N     how often each side runs; ${ROUNDS} unless said
  --limit RATIO  exit with 1 where the median ratio of a figure is worse than this, for instance 1.05
  --quick        short runs, to see that it works; their figures count for nothing`;

export interface PairOptions {
  readonly against: string;
  readonly rounds: number;
  readonly quick: boolean;
  /** Undefined: nothing is judged. */
  readonly limit: number | undefined;
  readonly names: readonly string[];
}

/** @returns undefined where help is wanted. @throws Error that says what is wrong */
export function pairOptions(args: readonly string[]): PairOptions | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { against: text, rounds: text, limit: text, quick: flag, help: { ...flag, short: 'h' } },
  });
  if (values.help) return undefined;
  if (values.against === undefined) throw new Error('--against is missing: name the revision to compare with.');
  const unknown = positionals.find((name) => !BENCHMARKS.includes(name));
  if (unknown !== undefined) throw new Error(`There is no benchmark "${unknown}".`);
  if (positionals.length === 0) throw new Error('No benchmark is named.');
  const rounds = values.rounds === undefined ? ROUNDS : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is 1 or more, not "${values.rounds}".`);
  const limit = values.limit === undefined ? undefined : Number(values.limit);
  if (limit !== undefined && !(limit >= 1)) throw new Error(`--limit is a ratio of 1 or more, not "${values.limit}".`);
  return { against: values.against, rounds, quick: values.quick ?? false, limit, names: [...new Set(positionals)] };
}

import type { Result } from './benchmark.ts';
import { median } from './statistics.ts';

export type Side = 'a' | 'b';

/** What both sides measured of one benchmark, one right after the other. */
export type Round = Readonly<Record<Side, readonly Result[]>>;

/** B / A, over the rounds. */
export interface Ratios {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** A figure that both sides have. */
export interface Pair {
  /** As B has it, in the last round. */
  readonly figure: Result;
  readonly medians: Ratios;
  /** Each side first divided by its own floor, which was measured in turn with it: what slows down both cancels out. */
  readonly overFloors: Ratios | undefined;
  /** Shown beside; a p99 is too restless to judge by. */
  readonly p99s: Ratios | undefined;
  /** Whether it is another figure's floor. */
  readonly isFloor: boolean;
}

export type Verdict = 'worse' | 'better' | 'within' | 'not judged';

/** Which way is better. A count, for instance a fitted exponent, may be 0 or less: its ratio says nothing. */
const BETTER: Readonly<Record<Result['unit'], 'lower' | 'higher' | 'unknown'>> = {
  ms: 'lower',
  µs: 'lower',
  s: 'lower',
  MB: 'lower',
  bytes: 'lower',
  // Times as fast as something else.
  x: 'higher',
  '1/s': 'higher',
  '%': 'unknown',
  count: 'unknown',
};

/** A B, B A, A B: what drifts, drifts against each side in turn. */
export const orderOf = (round: number): readonly Side[] => (round % 2 === 0 ? ['a', 'b'] : ['b', 'a']);

export function pairsOf(rounds: readonly Round[]): Pair[] {
  const figures = new Map(rounds.flatMap(({ b }) => b.map((figure) => [figure.name, figure])));
  const floors = new Set([...figures.values()].map(({ floor }) => floor));
  return [...figures.values()].flatMap((figure) => {
    const { name, floor } = figure;
    const medians = ratiosOf(rounds, (results) => named(results, name)?.median);
    if (!medians) return [];
    const overFloors = ratiosOf(rounds, (results) => {
      const [own, bare] = [named(results, name), named(results, floor)];
      return own && bare && own.median / bare.median;
    });
    const p99s = ratiosOf(rounds, (results) => named(results, name)?.p99);
    return [{ figure, medians, overFloors, p99s, isFloor: floors.has(name) }];
  });
}

/** Names of figures that this side has and the other has not. */
export function onlyIn(side: Side, rounds: readonly Round[]): string[] {
  const others = new Set(namesOf(rounds, side === 'a' ? 'b' : 'a'));
  return namesOf(rounds, side).filter((name) => !others.has(name));
}

/** What a pair is judged by. */
export const judgedBy = ({ medians, overFloors }: Pair): Ratios => overFloors ?? medians;

/** By the median of the ratios. @param limit how many times as bad as A B may be, 1 or more */
export function verdictOf(pair: Pair, limit: number): Verdict {
  const better = pair.isFloor ? 'unknown' : BETTER[pair.figure.unit];
  if (better === 'unknown') return 'not judged';
  const ratio = judgedBy(pair).median;
  const times = better === 'lower' ? ratio : 1 / ratio;
  // A ratio that is no number is no good one either.
  if (!(times <= limit)) return 'worse';
  return times < 1 / limit ? 'better' : 'within';
}

function namesOf(rounds: readonly Round[], side: Side): string[] {
  return [...new Set(rounds.flatMap((round) => round[side].map(({ name }) => name)))];
}

const named = (results: readonly Result[], name: string | undefined) => results.find((result) => result.name === name);

/** Of the rounds in which both sides have the value; undefined where there is none. */
function ratiosOf(
  rounds: readonly Round[],
  valueOf: (results: readonly Result[]) => number | undefined,
): Ratios | undefined {
  const ratios = rounds.flatMap(({ a, b }) => {
    const [was, now] = [valueOf(a), valueOf(b)];
    if (was === undefined || now === undefined) return [];
    // Nothing against nothing is no change.
    return was === now ? 1 : now / was;
  });
  if (ratios.length === 0) return undefined;
  return { min: Math.min(...ratios), median: median(ratios), max: Math.max(...ratios) };
}

import type { ReplayResult } from '../result.ts';
import { compare } from './compare.ts';
import { CRITERIA, type Criterion } from './criteria.ts';
import { percent } from './format.ts';
import { LEAST_PAIRS, meanOf } from './paired.ts';
import { columnsOf, commonInputs, perWorkload, type Column } from './runs.ts';

/** Single runs that differ by less than this share are called equal. */
const NEGLIGIBLE = 0.01;

/** A policy with its runs on the common inputs. */
interface Contender {
  readonly policy: string;
  readonly column: Column;
  readonly mean: number;
  readonly isAtLeast: boolean;
}

/** What can be said of one criterion. A win joins the others of its policy in one sentence; the rest stand alone. */
type Finding =
  | { readonly kind: 'win'; readonly by: string; readonly text: string }
  | { readonly kind: 'equal' | 'undecided' | 'shared'; readonly text: string };

/**
 * Says in words which policy is best at what, and by how much. With several runs per policy, only differences whose 95 %
 * interval (paired by input) excludes 0 count; with one run, the last sentence says how little that proves.
 */
export function verdict(results: readonly ReplayResult[]): readonly string[] {
  if (results.some(({ complete }) => !complete)) return ['Stopped early: there is no verdict on a part of a run.'];
  const columns = columnsOf(results);
  const inputs = commonInputs(columns);
  if (columns.length < 2) return ['One policy alone: there is nothing to compare it with.'];
  if (inputs.length === 0) return ['No input was replayed under every policy: there is nothing to compare.'];
  const compared = columns.map(({ policy, runs }): Column => {
    return { policy, runs: new Map([...runs].filter(([input]) => inputs.includes(input))) };
  });
  const findings = CRITERIA.flatMap((criterion) => {
    const contenders = compared.flatMap((column) => contender(column, criterion));
    return contenders.length < 2 ? [] : [findingOf(criterion, contenders)];
  });
  return [...sentencesOf(findings), caveat(inputs)];
}

/** None, if a figure is unknown. */
function contender(column: Column, { value, isLowerBound }: Criterion): Contender[] {
  const runs = [...column.runs.values()];
  const values = runs.map(value).filter((one) => one !== null);
  if (values.length < runs.length) return [];
  return [{ policy: column.policy, column, mean: meanOf(values), isAtLeast: runs.some(isLowerBound) }];
}

function findingOf(criterion: Criterion, contenders: readonly Contender[]): Finding {
  const { name, format, better } = criterion;
  const ranked = contenders.toSorted((a, b) => (better === 'less' ? a.mean - b.mean : b.mean - a.mean));
  const [best, next] = [ranked[0]!, ranked[1]!];
  const level = ranked.filter((one) => one === best || !isApart(criterion, best, one));
  const behind = ranked.filter((one) => !level.includes(one));
  const areZero = contenders.every(({ mean }) => mean === 0);
  if (!areZero && level.some(({ isAtLeast }) => isAtLeast)) return undecided(criterion, ranked);
  if (behind.length === 0) return { kind: 'equal', text: `${name} (${rangeOf(level, format)})` };
  if (level.length === 1)
    return { kind: 'win', by: best.policy, text: `${name} ${format(best.mean)} (${marginOf(best, next, criterion)})` };
  const figures = rangeOf(level, format);
  const names =
    level.length > behind.length && behind.length < 4
      ? `all but ${listed(behind.map((one) => `${one.policy} (${figureOf(one, format)})`))}`
      : `${listed(level.map(({ policy }) => policy))}; ${marginOf(best, behind[0]!, criterion)}`;
  const isOne = isSingle(best) || level.every(({ mean }) => mean === best.mean);
  const text = isOne ? `${figures} under ${names}` : `no difference shown (${figures}) between ${names}`;
  return { kind: 'shared', text: `${name}: ${text}` };
}

/** Where a lower bound is among the best, the true best is not known; that of the other policies is. */
function undecided(criterion: Criterion, ranked: readonly Contender[]): Finding {
  const { name, format } = criterion;
  const open = ranked.filter(({ isAtLeast }) => isAtLeast).map((one) => `${figureOf(one, format)} under ${one.policy}`);
  const known = ranked.filter(({ isAtLeast }) => !isAtLeast);
  const level = known.filter((one, _, [best]) => best && (one === best || !isApart(criterion, best, one)));
  const best = `${listed(level.map(({ policy }) => policy))} ${rangeOf(level, format)}`;
  const others = level.length < known.length ? `; best of the others: ${best}` : '';
  return { kind: 'undecided', text: `${name} (${listed(open)}${others})` };
}

const isSingle = ({ column }: Contender) => column.runs.size === 1;

/** Whether the two differ: clearly over several pairs, or by more than a negligible share in a single run. */
function isApart(criterion: Criterion, a: Contender, b: Contender): boolean {
  if (!isSingle(a)) return compare(criterion, a.column, b.column).isClear;
  return Math.abs(a.mean - b.mean) > NEGLIGIBLE * Math.max(Math.abs(a.mean), Math.abs(b.mean));
}

const figureOf = ({ isAtLeast, mean }: Contender, format: Criterion['format']) =>
  `${isAtLeast ? 'at least ' : ''}${format(mean)}`;

/** `next is fifo-gang: 18m, 50 % more`; with several runs, the interval of the difference. */
function marginOf(best: Contender, other: Contender, criterion: Criterion): string {
  const { format, better } = criterion;
  const start = `next is ${other.policy}: ${figureOf(other, format)}`;
  if (isSingle(best)) return start + (format === percent ? '' : ratioOf(best.mean, other.mean));
  const { low, high } = compare(criterion, best.column, other.column);
  const [least = 0, most = 0] = [low, high].map(Math.abs).sort((a, b) => a - b);
  // A difference that is clear may still be too small to read.
  const from = format(least) === format(0) ? 'up to' : `${format(least)} to`;
  const interval = Number.isFinite(most) ? `${from} ${format(most)}` : `at least ${format(least)}`;
  return `${start}, ${better === 'less' ? 'more' : 'less'} by ${interval}`;
}

/** `, 50 % more`; nothing where a percentage would say nothing. */
function ratioOf(best: number, other: number): string {
  if (best <= 0 || other <= 0) return '';
  const share = other / best - 1;
  if (share > 2) return `, ${(other / best).toFixed(1)} times as much`;
  return `, ${Math.round(100 * Math.abs(share))} % ${share > 0 ? 'more' : 'less'}`;
}

/** The figure of all, or the least and the largest. */
function rangeOf(contenders: readonly Contender[], format: Criterion['format']): string {
  const means = contenders.map(({ mean }) => mean);
  const [least, most] = [format(Math.min(...means)), format(Math.max(...means))];
  return least === most ? least : `${least} to ${most}`;
}

function sentencesOf(findings: readonly Finding[]): string[] {
  const texts = (kind: Finding['kind']) => findings.filter((one) => one.kind === kind).map(({ text }) => text);
  const together = (start: string, some: readonly string[]) => (some.length === 0 ? [] : [`${start}${listed(some)}.`]);
  const winsOf = (policy: string) => findings.filter((one) => one.kind === 'win' && one.by === policy);
  const apart = findings.flatMap((one) => {
    if (one.kind === 'shared') return [`${one.text.charAt(0).toUpperCase()}${one.text.slice(1)}.`];
    if (one.kind !== 'win') return [];
    const won = winsOf(one.by);
    return won[0] === one ? [`${one.by} wins on ${listed(won.map(({ text }) => text))}.`] : [];
  });
  return [
    ...apart,
    ...together('No difference shown in ', texts('equal')),
    ...together('Undecided, since jobs had not begun or were not over at the end: ', texts('undecided')),
  ];
}

function caveat(inputs: readonly string[]): string {
  const runs = inputs.length;
  if (runs === 1)
    return 'This is one run with one seed: it proves little, and the spread is not known. muster sweep repeats it with other seeds.';
  const pairs = perWorkload(
    inputs,
    inputs.map(() => 0),
  ).length;
  if (pairs < LEAST_PAIRS)
    return `There are ${pairs} pairs of runs: too few to show a difference. ${LEAST_PAIRS} are the least.`;
  return `Means over ${runs} runs of each policy on the same inputs; a difference counts if its 95 % interval (Student's t over ${pairs} pairs) excludes 0.`;
}

/** `a, b and c`; items that contain a comma are set apart by semicolons. */
function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2
    ? last
    : `${items.slice(0, -1).join(items.some((item) => item.includes(',')) ? '; ' : ', ')} and ${last}`;
}

import type { PolicyResult, ReplayResult } from '../result.ts';
import { CRITERIA, type Criterion } from './criteria.ts';
import { percent } from './format.ts';
import { meanOf, pairedDifference } from './paired.ts';
import { columnsOf, commonInputs } from './runs.ts';

/** Single runs that differ by less than this share are called equal. */
const NEGLIGIBLE = 0.01;

/** The figures of one policy on the common inputs, in their order. */
interface Contender {
  readonly policy: string;
  readonly mean: number;
  readonly values: readonly number[];
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
  const findings = CRITERIA.flatMap((criterion) => {
    const contenders = columns.map(({ policy, runs }) =>
      contender(
        policy,
        inputs.map((input) => runs.get(input)!),
        criterion,
      ),
    );
    const known = contenders.filter((one) => one !== undefined);
    return known.length < 2 ? [] : [compare(criterion, known)];
  });
  return [...sentencesOf(findings), caveat(inputs.length)];
}

function contender(policy: string, runs: readonly PolicyResult[], criterion: Criterion): Contender | undefined {
  const values = runs.map(criterion.value).filter((value) => value !== null);
  if (values.length < runs.length) return undefined;
  return { policy, values, mean: meanOf(values), isAtLeast: runs.some((run) => criterion.isLowerBound(run)) };
}

function compare(criterion: Criterion, contenders: readonly Contender[]): Finding {
  const { name, format, better } = criterion;
  const ranked = contenders.toSorted((a, b) => (better === 'less' ? a.mean - b.mean : b.mean - a.mean));
  const [best, next] = [ranked[0]!, ranked[1]!];
  const level = ranked.filter((one) => one === best || !isApart(best, one));
  const behind = ranked.filter((one) => !level.includes(one));
  if (level.some(({ isAtLeast }) => isAtLeast)) {
    const open = level
      .filter(({ isAtLeast }) => isAtLeast)
      .map((one) => `at least ${format(one.mean)} under ${one.policy}`);
    return { kind: 'undecided', text: `${name} (${listed(open)})` };
  }
  if (behind.length === 0) return { kind: 'equal', text: `${name} (${rangeOf(level, format)})` };
  if (level.length === 1)
    return { kind: 'win', by: best.policy, text: `${name} ${format(best.mean)} (${marginOf(best, next, criterion)})` };
  const figures = rangeOf(level, format);
  const names =
    level.length > behind.length && behind.length < 4
      ? `all but ${listed(behind.map((one) => `${one.policy} (${figureOf(one, format)})`))}`
      : `${listed(level.map(({ policy }) => policy))}; ${marginOf(best, behind[0]!, criterion)}`;
  const isOne = best.values.length === 1 || level.every(({ mean }) => mean === best.mean);
  const text = isOne ? `${figures} under ${names}` : `no difference shown (${figures}) between ${names}`;
  return { kind: 'shared', text: `${name}: ${text}` };
}

/** Whether the two differ: clearly over several pairs, or by more than a negligible share in a single run. */
function isApart(a: Contender, b: Contender): boolean {
  if (a.values.length > 1) return pairedDifference(a.values, b.values).isClear;
  return Math.abs(a.mean - b.mean) > NEGLIGIBLE * Math.max(Math.abs(a.mean), Math.abs(b.mean));
}

const figureOf = ({ isAtLeast, mean }: Contender, format: Criterion['format']) =>
  `${isAtLeast ? 'at least ' : ''}${format(mean)}`;

/** `next is fifo-gang: 18m, 50 % more`; with several runs, the interval of the difference. */
function marginOf(best: Contender, other: Contender, { format }: Criterion): string {
  const start = `next is ${other.policy}: ${figureOf(other, format)}`;
  if (best.values.length === 1) return start + (format === percent ? '' : ratioOf(best.mean, other.mean));
  const { low, high } = pairedDifference(best.values, other.values);
  const [least, most] = [Math.min(Math.abs(low), Math.abs(high)), Math.max(Math.abs(low), Math.abs(high))];
  return `${start}, ${low > 0 ? 'more' : 'less'} by ${format(least)} to ${format(most)}`;
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

function caveat(runs: number): string {
  if (runs === 1)
    return 'This is one run with one seed: it proves little, and the spread is not known. muster sweep repeats it with other seeds.';
  if (runs === 2) return 'Two runs of each policy: too few to show a difference. Three pairs are the least.';
  return `${runs} runs of each policy on the same inputs; a difference counts if its 95 % interval (Student's t, paired) excludes 0.`;
}

/** `a, b and c`; items that contain a comma are set apart by semicolons. */
function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2
    ? last
    : `${items.slice(0, -1).join(items.some((item) => item.includes(',')) ? '; ' : ', ')} and ${last}`;
}

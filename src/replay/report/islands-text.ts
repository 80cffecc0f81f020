import { counted } from '../../core/wording.ts';
import { faresAsWell, type Fare, type Island, type IslandsResult } from '../islands.ts';
import { percent, printable, span } from './format.ts';

const MS_PER_HOUR = 3_600_000;

/** The table of all islands, and what sharing saves, in words. */
export function islandsText(result: IslandsResult): string {
  const { trace, nodes, policy, seed, by, shared, islands } = result;
  const jobs = islands.reduce((sum, island) => sum + island.jobs, 0);
  const of = counted(islands.length, by);
  const head = `${trace}: ${counted(jobs, 'job')} of ${of}, on ${counted(shared.nodes, 'node')} (${nodes}), policy ${policy}, seed ${seed}`;
  return [head, '', ...table(result), '', ...verdict(result)].join('\n');
}

function table({ by, shared, islands }: IslandsResult): readonly string[] {
  const isFound = islands.some(({ alone }) => alone);
  const cells = (name: string, jobs: number, own: Pick<Fare, 'waitMs' | 'unfinished'>, more: readonly string[]) => [
    printable(name),
    String(jobs),
    wait(own),
    ...more,
  ];
  const rows = islands.map(({ name, jobs, shared: own, divided, alone }) =>
    cells(name, jobs, own, [
      ...[String(divided.nodes), wait(divided)],
      ...(isFound ? (alone ? [String(alone.nodes), wait(alone)] : ['?', '-']) : []),
    ]),
  );
  const sum = (of: (island: Island) => number) => String(islands.reduce((total, island) => total + of(island), 0));
  const total = cells(
    'all',
    islands.reduce((count, { jobs }) => count + jobs, 0),
    shared,
    [sum(({ divided }) => divided.nodes), '', ...(isFound ? [apartNodes(islands), ''] : [])],
  );
  const lines = [
    ['', '', 'shared', 'nodes', 'p95', ...(isFound ? ['nodes for', 'p95'] : [])],
    [by, 'jobs', 'p95 wait', 'divided', 'wait', ...(isFound ? ['such waits', 'wait'] : [])],
    ...rows,
    total,
  ];
  const widths = lines[0]!.map((_, c) => Math.max(...lines.map((line) => line[c]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('  ')
      .trimEnd(),
  );
}

const apartNodes = (islands: readonly Island[]): string => {
  const found = islands.reduce((sum, { alone }) => sum + (alone?.nodes ?? 0), 0);
  return islands.every(({ alone }) => alone) ? String(found) : `> ${found}`;
};

/** `8m 3s`, `>= 2h` and how many jobs were left; `-`: the cluster is too small for any of them. */
function wait({ waitMs, unfinished }: Pick<Fare, 'waitMs' | 'unfinished'>): string {
  const left = unfinished > 0 ? ` (${unfinished} left)` : '';
  if (waitMs.count === 0) return `-${left}`;
  const bound = waitMs.atLeast.includes('p95') ? '>= ' : '';
  return `${bound}${span(waitMs.p95)}${left}`;
}

function verdict({ by, shared, islands, apart, saved }: IslandsResult): readonly string[] {
  const isSearched = islands.some(({ alone }) => alone);
  const worse = islands.filter(({ shared: own, divided }) => !faresAsWell(divided, own)).length;
  const same = `With the same nodes divided, ${worse === 0 ? 'none' : worse} of ${counted(islands.length, by)} ${worse === 1 ? 'waits' : 'wait'} longer by more than a minute (p95), or ${worse === 1 ? 'leaves' : 'leave'} more jobs.`;
  if (!apart || saved === undefined)
    return isSearched
      ? [
          same,
          'What sharing saves is not known: for ? no number of nodes was found, or its shared wait is a lower bound.',
        ]
      : [same];
  const money = (value: number) => value.toFixed(2);
  const hours = shared.endMs / MS_PER_HOUR;
  const gain = apart.perHour - shared.perHour;
  return [
    same,
    `Shared: ${counted(shared.nodes, 'node')}, ${money(shared.perHour)} an hour. Islands with no longer waits: ${counted(apart.nodes, 'node')}, ${money(apart.perHour)} an hour.`,
    saved >= 0
      ? `Sharing saves ${percent(saved)}: ${money(gain * hours)} in the ${span(shared.endMs)} of the shared run.`
      : `Sharing costs ${percent(-saved)} more: ${money(-gain * hours)} in the ${span(shared.endMs)} of the shared run.`,
    'A simulation with one seed: repeat it with others.',
  ];
}

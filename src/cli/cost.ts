import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import { COST_KEYS, groupCosts, type CostGroup, type CostKey } from '../replay/report/cost-rows.ts';
import { printable } from '../replay/report/format.ts';
import type { CostResult } from '../replay/result.ts';
import { STANDARD } from './streams.ts';

interface CostFlags {
  readonly by: readonly CostKey[];
  readonly policy?: string;
  readonly csv?: true;
  readonly json?: true;
}

/** The fields of a result of `replay --json` that this reads. */
const Row = z.object({
  queue: z.string(),
  user: z.string(),
  namespace: z.string(),
  app: z.string(),
  class: z.enum(['shared', 'endless', 'interactive']).exactOptional(),
  jobs: z.number(),
  work: z.number(),
  partial: z.number(),
  starting: z.number(),
  broken: z.number(),
  lostCoreHours: z.number(),
});
const Cost = z.object({
  prices: z.enum(['file', 'default']),
  bill: z.number(),
  idle: z.number(),
  rows: z.array(Row),
});
const Result = z.object({ policies: z.array(z.object({ policy: z.string(), cost: Cost.optional() })) });

/**
 * `muster cost RESULT.json`: what each queue, user or app paid in a replay, and that all of it is the bill.
 * @returns the exit code
 * @throws MusterError MUSTER_FILE_UNREADABLE, MUSTER_RESULT_INVALID, MUSTER_USAGE
 */
export function costCommand(file: string, flags: CostFlags, write: (text: string) => void): number {
  if (flags.csv && flags.json) throw new MusterError('MUSTER_USAGE', 'Give --csv or --json, not both.');
  const found = costsIn(file, flags.policy);
  const groups = found.map(({ policy, cost }) => ({ policy, cost, groups: groupCosts(cost, flags.by) }));
  if (flags.json) write(`${JSON.stringify(groups.map(jsonOf(flags.by)), undefined, 1)}\n`);
  else if (flags.csv) write(csvOf(groups, flags.by));
  else write(`${groups.map((one) => textOf(one, flags.by)).join('\n\n')}\n`);
  return 0;
}

/** The value of --by. @throws MusterError MUSTER_USAGE */
function costKeys(text: string): readonly CostKey[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const wrong = names.find((name) => !COST_KEYS.includes(name as CostKey));
  if (wrong === undefined) return names as CostKey[];
  throw new MusterError('MUSTER_USAGE', `--by: expected some of ${COST_KEYS.join(', ')}, got "${wrong}".`);
}

/** @param run runs an action and exits with its code */
export function addCostCommand(program: Command, run: (action: () => number) => Promise<void>): void {
  program
    .command('cost <file>')
    .description(
      'tell what each queue, user, app or class of work paid in a replay, from the file that replay --json wrote',
    )
    .option('--by <keys>', 'some of queue, user, namespace, app, class, such as queue,user', 'queue')
    .option('--policy <name>', 'only under this policy')
    .option('--csv', 'print CSV')
    .option('--json', 'print JSON')
    .action((file: string, { by, ...flags }: Omit<CostFlags, 'by'> & { readonly by: string }) =>
      run(() => costCommand(file, { ...flags, by: costKeys(by) }, (text) => process.stdout.write(text))),
    );
}

interface Found {
  readonly policy: string;
  readonly cost: CostResult;
  readonly groups: readonly CostGroup[];
}

function costsIn(file: string, only: string | undefined): readonly Omit<Found, 'groups'>[] {
  const { policies } = resultIn(file);
  const chosen = policies.filter(({ policy }) => only === undefined || policy === only);
  if (chosen.length === 0)
    throw new MusterError(
      'MUSTER_USAGE',
      `${file} has no policy "${only ?? ''}"; it has ${policies.map(({ policy }) => policy).join(', ')}.`,
    );
  return chosen.map(({ policy, cost }) => {
    if (cost) return { policy, cost };
    const what = `${file}: policies: ${policy}: cost: is missing. Replay the trace again with this version of muster.`;
    throw new MusterError('MUSTER_RESULT_INVALID', what);
  });
}

function resultIn(file: string): z.output<typeof Result> {
  let text: string;
  try {
    text = readFileSync(file === STANDARD ? 0 : file, 'utf8');
  } catch (cause) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(cause as Error).message}.`, { cause });
  }
  try {
    return Result.parse(JSON.parse(text));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const what = issue ? `${issue.path.join('.')}: ${issue.message}` : (cause as Error).message;
    const expected = 'expected what muster replay --json wrote.';
    throw new MusterError('MUSTER_RESULT_INVALID', `${file}: ${what}; ${expected}`, { cause });
  }
}

const jsonOf =
  (by: readonly CostKey[]) =>
  ({ policy, cost: { prices, bill, idle }, groups }: Found) => ({
    policy,
    prices,
    rows: groups.map(({ names, ...rest }) => ({
      ...Object.fromEntries(by.map((key, i) => [key, names[i]])),
      ...rest,
    })),
    idle,
    bill,
  });

const FIGURES = ['jobs', 'total', 'work', 'starting', 'partial', 'broken', 'lostCoreHours'] as const;

function csvOf(found: readonly Found[], by: readonly CostKey[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = found.flatMap(({ policy, groups, cost: { idle, bill } }) => {
    const only = (what: string, total: number) =>
      [policy, what, ...by.slice(1).map(() => ''), '', total, ...FIGURES.slice(2).map(() => '')].join(',');
    return [
      ...groups.map((group) => [...[policy, ...group.names].map(cell), ...FIGURES.map((key) => group[key])].join(',')),
      only('(idle)', idle),
      only('(bill)', bill),
    ];
  });
  return `${['policy', ...by, ...FIGURES].join(',')}\n${lines.join('\n')}\n`;
}

const UNITS = { file: 'in the currency of the prices', default: 'a core 1, a GiB 0.125, a GPU 16 an hour' } as const;

/** Rows, their sum with what was idle, and the bill, which is the same. */
function textOf({ policy, cost, groups }: Found, by: readonly CostKey[]): string {
  const { prices, bill, idle } = cost;
  const money = (value: number) => value.toFixed(2);
  const part = (value: number) => (bill > 0 ? `${((100 * value) / bill).toFixed(1)} %` : '-');
  const sum = groups.reduce((total, group) => total + group.total, 0);
  const head = [...by, 'jobs', 'cost', 'of bill', 'work', 'starting', 'partial', 'broken', 'lost core-h'];
  const total = (name: string, value: number) => [name, ...by.slice(1).map(() => ''), '', money(value), part(value)];
  const lines = [
    head,
    ...groups.map(({ names, jobs, total: cost, work, starting, partial, broken, lostCoreHours }) => [
      ...names.map(printable),
      String(jobs),
      money(cost),
      part(cost),
      ...[work, starting, partial, broken, lostCoreHours].map(money),
    ]),
    total('idle', idle),
    total('sum', sum + idle),
    total('bill', bill),
  ];
  const widths = head.map((_, c) => Math.max(...lines.map((line) => line[c]?.length ?? 0)));
  const row = (line: readonly string[]) =>
    line
      .map((text, c) => (c < by.length ? text.padEnd(widths[c]!) : text.padStart(widths[c]!)))
      .join('  ')
      .trimEnd();
  return [`${printable(policy)}: ${UNITS[prices]}`, ...lines.map(row)].join('\n');
}

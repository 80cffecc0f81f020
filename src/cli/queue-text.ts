import type { z } from 'zod';
import type { QueueDetailView, QueueSummaryView } from '../server/api/queue-schemas.ts';
import { counted } from '../core/wording.ts';
import { bar, fullOf, LEGEND, type BarFigures } from './queue-bars.ts';
import { span } from '../replay/report/format.ts';

type Queue = z.output<typeof QueueSummaryView>;
type Detail = z.output<typeof QueueDetailView>;

export interface TableOptions {
  readonly resource: string;
  /** Indents names instead of printing whole paths. */
  readonly asTree: boolean;
}

/** The width of the lines into a pipe, and the least on a terminal. */
const COLUMNS = 80;
/** Longer bars say no more. */
const MOST_COLUMNS = 140;
const LONGEST_NAME = 24;
/** Queues that yield now; others are counted. */
const MOST_NAMED = 10;
/** Heading and width of the figures; all are right-aligned. */
const FIGURES = [
  ['held', 6],
  ['entitled', 8],
  ['guar.', 6],
  ['max', 6],
  ['waits', 5],
] as const;

/** One line for each queue, in the order given, with a bar. @param width columns that the lines may take */
export function queueTable(queues: readonly Queue[], { resource, asTree }: TableOptions, width = Infinity): string[] {
  const columns = Number.isFinite(width) ? Math.min(MOST_COLUMNS, Math.max(COLUMNS, width)) : COLUMNS;
  const top = Math.min(...queues.map(depth));
  const names = queues.map((queue) => nameOf(queue, asTree ? depth(queue) - top : undefined));
  const wide = Math.min(LONGEST_NAME, Math.max(5, ...names.map(({ length }) => length)));
  const figures = queues.map((queue) => figuresOf(queue, resource));
  const full = fullOf(figures);
  const before = wide + FIGURES.reduce((sum, [, width]) => sum + width + 1, 0) + 3;
  const line = (name: string, cells: readonly string[], state: string, rest: string) =>
    `${shortened(name, wide).padEnd(wide)} ${cells.map((cell, i) => cell.padStart(FIGURES[i]![1])).join(' ')} ${state} ${rest}`.trimEnd();
  const head = line(
    'queue',
    FIGURES.map(([name]) => name),
    ' ',
    `${short(resource, 0)} to ${short(resource, full)}`,
  );
  const rows = queues.map((queue, i) => {
    const one = figures[i]!;
    const cells = [one.held, one.entitled, one.guaranteed].map((amount) => short(resource, amount));
    const max = one.max === undefined ? '-' : short(resource, one.max);
    const state = queue.over.includes(resource) ? '!' : queue.under.includes(resource) ? '<' : ' ';
    return line(names[i]!, [...cells, max, String(queue.gangs.waiting)], state, bar(one, full, columns - before));
  });
  return [`${resource}, ${unitOf(resource)}`, head, ...rows, LEGEND, ...yieldLines(queues)];
}

/** Names the queues that yield at this hour; empty: there is none. */
function yieldLines(queues: readonly Queue[]): string[] {
  const now = queues.filter(({ yields }) => yields?.isNow);
  const lines = now
    .slice(0, MOST_NAMED)
    .map(({ path, yields }) => `  ${shortened(path, LONGEST_NAME)} ${yields!.hours}`);
  const more = now.length > MOST_NAMED ? [`  and ${now.length - MOST_NAMED} more`] : [];
  return now.length === 0 ? [] : ['yield to their siblings now:', ...lines, ...more];
}

/** What is told of one queue beside the table. @param now for how long gangs have waited */
export function detailLines(queue: Detail, now: Date): string[] {
  const { path, gangs, pods, oldest, dominant, weight, limits, reclaim, yields, users, usersInAll } = queue;
  const { waiting, starting, running, degraded } = gangs;
  const broken = degraded > 0 ? `, ${degraded} degraded` : '';
  const most = dominant ? `, ${percent(dominant.share)} of the cluster's ${dominant.resource}` : '';
  return [
    `Queue ${path}: gangs: ${waiting} waiting, ${starting} starting, ${running} running${broken}; ${counted(pods, 'pod')}${most}`,
    ...(oldest ? [`  longest wait: ${oldest.gang}, ${span(now.getTime() - Date.parse(oldest.since))}`] : []),
    `  weight ${weight}; ${limitsText(limits)}`,
    `  reclaim: ${reclaimText(reclaim)}`,
    ...(yields ? [`  yields to its siblings ${yields.hours}: ${yields.isNow ? 'now' : 'not now'}`] : []),
    ...(users.length > 0 ? ['', ...usersLines(users, usersInAll)] : []),
    '',
  ];
}

const MOST_USERS = 10;

function usersLines(users: Detail['users'], all: number): string[] {
  const shown = users.slice(0, MOST_USERS);
  const wide = Math.min(LONGEST_NAME, Math.max(4, ...shown.map(({ user }) => user.length)));
  const rows = shown.map(({ user, held, gangs, share }) => {
    const amounts = Object.entries(held).filter(([resource, amount]) => resource !== 'pods' && amount > 0);
    const what = amounts.map(([resource, amount]) => `${short(resource, amount)} ${nameOfUnit(resource)}`).join(', ');
    return `  ${shortened(user, wide).padEnd(wide)} ${percent(share).padStart(5)}  ${counted(gangs, 'gang')}; ${what}`;
  });
  const more = all > shown.length ? [`  and ${counted(all - shown.length, 'user')} more`] : [];
  return ['users, by the largest part of the cluster that they hold here:', ...rows, ...more];
}

function limitsText({ gangs, pods, podsPerNamespace, gangsPerUser }: Detail['limits']): string {
  const told = [
    gangs === undefined ? [] : [counted(gangs, 'gang')],
    pods === undefined ? [] : [counted(pods, 'pod')],
    podsPerNamespace === undefined ? [] : [`${counted(podsPerNamespace, 'pod')} of a namespace`],
    gangsPerUser === undefined ? [] : [`${counted(gangsPerUser, 'gang')} of a user`],
  ].flat();
  return told.length === 0 ? 'any number of gangs and pods' : `at most ${told.join(', ')}`;
}

function reclaimText({ mode, to, afterSeconds, from }: Detail['reclaim']): string {
  if (mode === 'off') return 'off';
  const where = from.length > 0 ? `, from ${from.join(', ')}` : '';
  return `${mode}, up to its ${to === 'share' ? 'entitlement' : 'guarantee'}, after ${afterSeconds} s${where}`;
}

const depth = ({ path }: Queue) => (path === 'root' ? 0 : path.split('.').length);

const nameOf = ({ path }: Queue, indent: number | undefined) =>
  indent === undefined ? path : `${'  '.repeat(indent)}${path.slice(path.lastIndexOf('.') + 1)}`;

/** The end of a path says most. Names come from tenants: what would move the cursor is not printed. */
function shortened(name: string, wide: number): string {
  const plain = name.replaceAll(/\p{C}/gu, '?');
  return plain.length <= wide ? plain : `~${plain.slice(1 - wide)}`;
}

const figuresOf = ({ held, entitled, guaranteed, max }: Queue, resource: string): BarFigures => ({
  held: held[resource] ?? 0,
  entitled: entitled[resource] ?? 0,
  guaranteed: guaranteed[resource] ?? 0,
  max: max[resource],
});

const isBytes = (resource: string) => resource === 'memory' || resource.endsWith('storage');

const unitOf = (resource: string) => (isBytes(resource) ? 'GiB' : resource === 'cpu' ? 'cores' : 'in its own unit');

const nameOfUnit = (resource: string) =>
  isBytes(resource) ? `GiB of ${resource}` : resource === 'cpu' ? 'cores' : resource;

/** At most six characters. @param amount as the API has it: cores, bytes, or the plain number */
function short(resource: string, amount: number): string {
  const value = isBytes(resource) ? amount / 2 ** 30 : amount;
  if (value >= 999_950) return `${round(value / 1e6)}M`;
  if (value >= 99_950) return `${round(value / 1000)}k`;
  return round(value);
}

const round = (value: number) => String(value >= 1000 ? Math.round(value) : Math.round(value * 10) / 10);

const percent = (share: number) => `${Math.round(share * 1000) / 10}%`;

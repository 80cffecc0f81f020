import type { z } from 'zod';
import { counted } from '../../core/wording.ts';
import type { AboutView, TickView } from '../../server/api/board-schemas.ts';
import type { QueueSummaryView } from '../../server/api/queue-schemas.ts';
import { tame } from '../columns.ts';
import { decisionLine, type Decision } from '../decisions.ts';
import { gangLines, type GangRow } from '../gang-text.ts';
import { queueTable } from '../queue-text.ts';
import { COLOURS, type View } from '../view.ts';

/** What `muster top` shows. */
export interface TopState {
  readonly server: string;
  readonly about: z.output<typeof AboutView> | undefined;
  readonly counts: z.output<typeof TickView>['counts'] | undefined;
  readonly isStale: boolean;
  readonly queues: readonly z.output<typeof QueueSummaryView>[];
  readonly resource: string;
  readonly gangs: readonly GangRow[];
  /** How many gangs wait in all. */
  readonly waiting: number;
  /** How many of them are above the first that is shown. */
  readonly offset: number;
  /** The newest first. */
  readonly decisions: readonly Decision[];
  /** Why the picture is old. */
  readonly problem: string | undefined;
}

/** How many lines each part gets: queues a third, decisions a quarter, and the gangs the rest. */
export interface Parts {
  readonly queues: number;
  readonly gangs: number;
  readonly decisions: number;
}

/** Into a pipe. */
const PLAIN_PARTS: Parts = { queues: 50, gangs: 50, decisions: 20 };
/** Head and foot of the screen, headings and empty lines between the parts. */
const FRAME_LINES = 11;

/** @param queues how many lines the queues could fill @param height lines of the screen */
export function partsOf(queues: number, height: number): Parts {
  if (!Number.isFinite(height)) return PLAIN_PARTS;
  const room = Math.max(3, height - FRAME_LINES);
  const forQueues = Math.max(1, Math.min(queues, Math.floor(room * 0.35)));
  const forDecisions = Math.max(1, Math.floor(room * 0.25));
  return { queues: forQueues, decisions: forDecisions, gangs: Math.max(1, room - forQueues - forDecisions) };
}

/** The lines of the screen, at most as many as it has. */
export function frameLines(state: TopState, view: View): string[] {
  const parts = partsOf(state.queues.length, view.height);
  const lines = [
    ...headLines(state, view),
    '',
    ...queueLines(state, parts.queues, view),
    '',
    ...waitingLines(state, parts.gangs, view),
    '',
    view.paint('head', 'latest decisions'),
    ...state.decisions.slice(0, parts.decisions).map((one) => decisionLine(one, view)),
    ...(state.decisions.length === 0 ? ['none yet'] : []),
  ];
  if (!view.isTerminal) return lines;
  const foot = view.paint('dim', 'q end   up/down, page up/down: gangs   left/right: resource');
  const most = view.height - 1;
  const shown = lines.slice(0, most).map((line) => clipped(line, view.width));
  return [...shown, ...Array.from({ length: Math.max(0, most - shown.length) }, () => ''), clipped(foot, view.width)];
}

function headLines({ server, about, counts, isStale, problem }: TopState, view: View): string[] {
  const what = about ? `muster ${about.version}, ${about.cluster}` : 'muster';
  const parts = counts
    ? [
        view.paint('waits', `${counts.waiting} waiting`),
        `${counts.starting} starting`,
        view.paint('good', `${counts.running} running`),
        ...(counts.degraded > 0 ? [view.paint('bad', `${counts.degraded} degraded`)] : []),
        counted(counts.nodes, 'node'),
      ]
    : [];
  const follows = about?.isDeciding === false ? ['This replica follows: another decides.'] : [];
  const stale = isStale ? ['The API server does not answer muster: no gang is admitted.'] : [];
  const warnings = [...follows, ...stale, ...(problem === undefined ? [] : [problem])];
  return [
    [`${view.paint('head', tame(what))} at ${server}`, parts.join(', ')].filter((part) => part !== '').join(': '),
    ...warnings.map((line) => view.paint('bad', line)),
  ];
}

function queueLines({ queues, resource }: TopState, most: number, view: View): string[] {
  if (queues.length === 0) return ['no queues'];
  // Where not all fit: those in which something happens.
  const busy = queues.filter(({ gangs, pods }) => pods > 0 || gangs.waiting > 0);
  const shown = (queues.length <= most ? queues : busy).slice(0, most);
  if (shown.length === 0) return [`${counted(queues.length, 'queue')}, all empty`];
  const more = queues.length > shown.length ? [`and ${counted(queues.length - shown.length, 'more queue')}`] : [];
  return [...queueTable(shown, { resource, asTree: false }, view.width), ...more];
}

function waitingLines({ gangs, waiting, offset }: TopState, most: number, view: View): string[] {
  if (waiting === 0) return ['No gang waits.'];
  const shown = gangs.slice(0, most);
  const to = offset + shown.length;
  return [
    view.paint('head', `waiting, ${Math.min(offset + 1, to)} to ${to} of ${waiting}`),
    ...gangLines(shown, false, view, view.isTerminal),
  ];
}

/** At most so many columns; colours take none. */
function clipped(line: string, width: number): string {
  let room = width;
  let out = '';
  let from = 0;
  const add = (text: string) => {
    out += text.slice(0, room);
    room = Math.max(0, room - text.length);
  };
  for (const { 0: colour, index } of line.matchAll(COLOURS)) {
    add(line.slice(from, index));
    out += colour;
    from = index + colour.length;
  }
  add(line.slice(from));
  return out;
}

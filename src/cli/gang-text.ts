import type { z } from 'zod';
import type { GangRowView } from '../server/api/board-schemas.ts';
import { ago, until } from './ago.ts';
import { columnLines, type Cell, type Column } from './columns.ts';
import type { Tone, View } from './view.ts';

export type GangRow = z.output<typeof GangRowView>;

const TONES: Readonly<Record<GangRow['phase'], Tone>> = {
  waiting: 'waits',
  starting: 'good',
  running: 'good',
  degraded: 'bad',
};

const USUAL: readonly Column[] = [
  { head: 'pos', isRight: true },
  { head: 'gang', least: 12, keepsEnd: true },
  { head: 'queue', least: 8, keepsEnd: true },
  { head: 'phase' },
  { head: 'members', isRight: true },
  { head: 'since' },
  { head: 'starts' },
  { head: 'reason', least: 10 },
];

const WIDE: readonly Column[] = [
  ...USUAL.slice(0, -1),
  { head: 'user', least: 6 },
  { head: 'priority', isRight: true },
  { head: 'policy', least: 6 },
  { head: 'leader', least: 8, keepsEnd: true },
  { head: 'latest' },
  { head: 'waits for' },
  USUAL.at(-1)!,
];

/**
 * The list of gangs as a table: one line a gang.
 * @param isOnePhase all have the same phase, as was asked for: it takes no column
 */
export function gangLines(rows: readonly GangRow[], isWide: boolean, view: View, isOnePhase = false): string[] {
  const columns = isWide ? WIDE : USUAL;
  const cells = rows.map((row) => (isWide ? wideCells(row, view) : usualCells(row, view)));
  if (!isOnePhase) return columnLines(columns, cells, view);
  const isShown = (_of: unknown, i: number) => columns[i]!.head !== 'phase';
  return columnLines(
    columns.filter(isShown),
    cells.map((row) => row.filter(isShown)),
    view,
  );
}

function usualCells(row: GangRow, view: View): Cell[] {
  const { position, gang, queue, phase, members, bound, since } = row;
  return [
    position === undefined ? '-' : String(position),
    gang,
    queue || '-',
    { text: phase, tone: TONES[phase] },
    `${bound}/${members}`,
    ago(since, view),
    startOf(row, view),
    reasonOf(row, view),
  ];
}

/** Columns are narrow: `in ~40m`. */
const soon = (iso: string | undefined, view: View) => until(iso, view).replace('about ', '~');

function startOf({ phase, startsAbout, isStartSought }: GangRow, view: View): string {
  if (phase !== 'waiting') return '-';
  return isStartSought && view.isTerminal ? 'looking' : soon(startsAbout, view);
}

function wideCells(row: GangRow, view: View): Cell[] {
  const usual = usualCells(row, view);
  const { user, priority, policy, leader, waitsFor } = row;
  const latest = row.phase === 'waiting' ? soon(row.startsLatest, view) : '-';
  const more = [user || '-', String(priority), policy || '-', leader || '-', latest, waitsFor ?? '-'];
  return [...usual.slice(0, -1), ...more, usual.at(-1)!];
}

/** Of a gang that has started: when it ends. The first words of a reason are the same for all that wait. */
function reasonOf({ phase, reason, lacks, waitsFor, endsAbout }: GangRow, view: View): string {
  if (phase === 'waiting')
    return (lacks ?? reason ?? waitsFor ?? '-').replace(/^gang waits (for|until)? ?/, (_, word) =>
      word === 'until' ? 'until ' : '',
    );
  return endsAbout === undefined ? '-' : view.isTerminal ? `ends ${soon(endsAbout, view)}` : `ends ${endsAbout}`;
}

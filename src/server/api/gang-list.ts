import type { z } from 'zod';
import type { GangPhase } from '../../core/decision.ts';
import type { GangRow } from '../../core/board/gang-rows.ts';
import type { Slices } from '../../core/work.ts';
import type { GANG_SORTS, GangRowQuery } from './board-schemas.ts';
import type { Viewer } from './viewer.ts';

/** A row of the core, with what others know of the gang. Times in ms. */
export interface BoardRow extends GangRow {
  readonly startsAboutMs?: number | undefined;
  readonly startsLatestMs?: number | undefined;
  /** Its start time is being worked out. */
  readonly isStartSought?: boolean | undefined;
  readonly reservedMs?: number | undefined;
}

type Query = z.output<typeof GangRowQuery>;
type Sort = (typeof GANG_SORTS)[number];

/**
 * Equal rows stay in the order of the list, so that windows neither overlap nor miss a gang. Names decide no tie: a reader
 * may not see them.
 */
const COMPARE: { readonly [sort in Exclude<Sort, 'position'>]: (a: BoardRow, b: BoardRow) => number } = {
  since: (a, b) => a.sinceMs - b.sinceMs,
  gang: (a, b) => (a.gang < b.gang ? -1 : 1),
  priority: (a, b) => b.priority - a.priority,
  members: (a, b) => b.members - a.members,
  queue: (a, b) => (a.queue === b.queue ? 0 : a.queue < b.queue ? -1 : 1),
};

export interface Window {
  readonly total: number;
  readonly waiting: number;
  readonly rows: readonly BoardRow[];
}

/** The list of gangs at one moment, with its orders and what is searched, each made when it is first needed. */
export class GangList {
  /** Those that wait in their order, then the others, oldest first. */
  readonly rows: readonly BoardRow[];
  readonly counts: Readonly<Record<GangPhase, number>>;
  readonly #orders = new Map<Sort, readonly BoardRow[]>();
  readonly #texts = new WeakMap<BoardRow, string>();
  #byKey: Map<string, BoardRow> | undefined;

  /** @param rows in the order of the core */
  constructor(rows: readonly BoardRow[]) {
    const placed = rows.filter(({ position }) => position !== undefined);
    const others = rows.filter(({ position }) => position === undefined);
    others.sort(COMPARE.since);
    this.rows = [...placed, ...others];
    const counts = { waiting: 0, starting: 0, running: 0, degraded: 0 };
    for (const { phase } of rows) counts[phase]++;
    this.counts = counts;
  }

  get(key: string): BoardRow | undefined {
    this.#byKey ??= new Map(this.rows.map((row) => [row.gang, row]));
    return this.#byKey.get(key);
  }

  /** The matching gangs from `offset` on. What the viewer may not see, it cannot find either. O(gangs). */
  window({ offset, limit, sort, order, ...query }: Query, viewer: Viewer): Window {
    const isMatch = this.#test(query, viewer);
    let matching = this.#inOrder(sort).filter(isMatch);
    if (order === 'desc') matching.reverse();
    // Between names, the place of a hidden one would tell it.
    if (!viewer.seesAll && sort === 'gang') {
      const isHidden = (row: BoardRow) => !isSeen(row, viewer);
      matching = [
        ...matching.filter((row) => !isHidden(row)),
        ...this.rows.filter((row) => isHidden(row) && isMatch(row)),
      ];
    }
    const waiting = matching.reduce((count, { phase }) => (phase === 'waiting' ? count + 1 : count), 0);
    return { total: matching.length, waiting, rows: matching.slice(offset, offset + limit) };
  }

  #inOrder(sort: Sort): readonly BoardRow[] {
    if (sort === 'position') return this.rows;
    let order = this.#orders.get(sort);
    if (!order) this.#orders.set(sort, (order = [...this.rows].sort(COMPARE[sort])));
    return order;
  }

  #test(
    { namespace, queue, phase, user, waitsFor, search }: Omit<Query, 'offset' | 'limit' | 'sort' | 'order'>,
    viewer: Viewer,
  ): (row: BoardRow) => boolean {
    const wanted = search?.toLowerCase();
    return (row) => {
      if (phase !== undefined && row.phase !== phase) return false;
      if (waitsFor !== undefined && row.waitsFor !== waitsFor) return false;
      if (queue !== undefined && row.queue !== queue && !row.queue.startsWith(`${queue}.`)) return false;
      if (namespace !== undefined && row.namespace !== namespace) return false;
      if (user !== undefined && row.user !== user) return false;
      const isByName = namespace !== undefined || user !== undefined;
      if (isByName && !isSeen(row, viewer)) return false;
      if (wanted === undefined) return true;
      const text = isSeen(row, viewer) ? this.#textOf(row) : row.queue.toLowerCase();
      return text.includes(wanted);
    };
  }

  #textOf(row: BoardRow): string {
    let text = this.#texts.get(row);
    if (text === undefined) {
      text = [row.gang, row.leader, row.queue, row.user].join('\n').toLowerCase();
      this.#texts.set(row, text);
    }
    return text;
  }
}

export const isSeen = ({ namespace }: GangRow, viewer: Viewer): boolean => viewer.seesAll || viewer.sees(namespace);

/** Rows compared in one slice. */
export const ROWS_A_SLICE = 500;

/** The list of these rows, or the one before if it has the same. */
export function* listOf(rows: readonly BoardRow[], before: GangList | undefined): Slices<GangList> {
  const list = new GangList(rows);
  if (before?.rows.length !== list.rows.length) return list;
  for (const [i, row] of list.rows.entries()) {
    if (!isSame(row, before.rows[i]!)) return list;
    if (i % ROWS_A_SLICE === 0) yield undefined;
  }
  return before;
}

/** Ends and starts that moved by less are the same to people, in ms. */
const SAME_MS = 5000;

const FIELDS = [
  'gang',
  'phase',
  'position',
  'bound',
  'waitsFor',
  'reason',
  'lacks',
  'priority',
  'queue',
  'sinceMs',
  'members',
  'leader',
  'user',
  'policy',
  'namespace',
  'completeMs',
  'reservedMs',
  'isStartSought',
] as const satisfies readonly (keyof BoardRow)[];
const TIMES = ['endsAboutMs', 'startsAboutMs', 'startsLatestMs'] as const satisfies readonly (keyof BoardRow)[];

/** Every field is in one of the two lists. */
type Missing = Exclude<keyof BoardRow, (typeof FIELDS)[number] | (typeof TIMES)[number]>;
const NONE_IS_MISSING: Missing extends never ? true : never = true;

function isSame(a: BoardRow, b: BoardRow): boolean {
  for (const field of FIELDS) if (a[field] !== b[field]) return false;
  for (const field of TIMES) {
    const [x, y] = [a[field], b[field]];
    if (x !== y && (x === undefined || y === undefined || Math.abs(x - y) >= SAME_MS)) return false;
  }
  return NONE_IS_MISSING;
}

import type { GangRow, GangRows } from '../api/contract.ts';
import { ask } from '../api/client.ts';
import { LiveRead } from './live.ts';

/** Rows of a list from `offset` on. */
export interface RowWindow {
  readonly offset: number;
  readonly rows: readonly GangRow[];
  readonly total: number;
  readonly waiting: number;
}

/** How many rows are read at a time. */
const WINDOW = 100;
/** If less than this is left at an edge of what was read, the next rows are read. */
const MARGIN = 15;

/** The rows of the list of gangs that are in view, and some around them. The page never has the whole list. */
export class GangWindow {
  readonly read: LiveRead<RowWindow>;
  #first = 0;

  /** @param query of /v1/board/gangs, without offset and limit */
  constructor(query: Readonly<Record<string, string>>) {
    const load = async (stop: AbortSignal): Promise<RowWindow> => {
      const offset = this.#first;
      const { items, total, waiting } = await ask<GangRows>(
        'v1/board/gangs',
        { ...query, offset, limit: WINDOW },
        stop,
      );
      return { offset, rows: items, total, waiting };
    };
    this.read = new LiveRead({ version: 'gangs', load });
  }

  /** Rows `first` to `last` are in view: reads them unless they are there. */
  show(first: number, last: number): void {
    const now = this.read.data.peek();
    if (!now) return;
    const end = now.offset + now.rows.length;
    const isAbove = now.offset > 0 && first < now.offset + MARGIN;
    const isBelow = end < now.total && last > end - MARGIN;
    const middle = Math.max(0, Math.floor((first + last) / 2 - WINDOW / 2));
    if ((!isAbove && !isBelow) || middle === this.#first) return;
    this.#first = middle;
    this.read.again();
  }

  end(): void {
    this.read.end();
  }
}

import { RoomTime } from './room-time.ts';
import { ROOM_STATES, type RoomState } from './states.ts';

/** What one queue has had in use, by state. The rest are marks: they count what is in a state already, or idle. */
export interface QueueRow {
  readonly path: string;
  readonly states: Readonly<Record<RoomState, RoomTime>>;
  /** Mark: room of gangs that evictions for this queue have broken, whosever they are. */
  readonly caused: RoomTime;
  /** Mark: idle room that the queue is guaranteed and does not lend. */
  readonly unlent: RoomTime;
  /** Mark: work that evictions for this queue threw away, in core-seconds. */
  lost: number;
}

/** More rows than these are folded. */
const MAX_ROWS = 4000;
/** What queues have spent that are gone; no queue can have the name. */
const GONE = '(gone)';

/** One row per queue, by path: a queue that is configured anew goes on where it was. */
export class QueueRows {
  readonly #rows = new Map<string, QueueRow>();

  of(path: string): QueueRow {
    let row = this.#rows.get(path);
    if (!row) {
      const states = Object.fromEntries(ROOM_STATES.map((state) => [state, new RoomTime()]));
      const marks = { caused: new RoomTime(), unlent: new RoomTime(), lost: 0 };
      row = { path, states: states as Record<RoomState, RoomTime>, ...marks };
      this.#rows.set(path, row);
    }
    return row;
  }

  all(): Iterable<QueueRow> {
    return this.#rows.values();
  }

  fold(nowMs: number, isThere: (path: string) => boolean): void {
    if (this.#rows.size <= MAX_ROWS) return;
    const gone = this.of(GONE);
    for (const row of this.#rows.values()) {
      if (row === gone || isThere(row.path) || !isEmpty(row)) continue;
      for (const state of ROOM_STATES) gone.states[state].absorb(nowMs, row.states[state]);
      gone.caused.absorb(nowMs, row.caused);
      gone.unlent.absorb(nowMs, row.unlent);
      gone.lost += row.lost;
      this.#rows.delete(row.path);
    }
  }
}

function isEmpty({ states, caused, unlent }: QueueRow): boolean {
  const all = [...Object.values(states), caused, unlent];
  return all.every(({ level, rate }) => rate === 0 && level.every((amount) => amount === 0));
}

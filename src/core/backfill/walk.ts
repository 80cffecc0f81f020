import type { ClusterView } from '../cluster/cluster.ts';
import type { Gang } from '../gang/gang.ts';
import type { FreedRoom, Room } from '../placement/need.ts';
import { heldBy, type Ending } from './endings.ts';

/** Room that changes at a time: given back, or taken by a gang that starts then. */
export interface RoomAt {
  readonly atMs: number;
  readonly sign: 1 | -1;
  readonly room: readonly FreedRoom[];
}

/**
 * The free room as time goes on, if the forecasts hold: every step is the next end, or the start or the end of a gang
 * that has its place in time already. Works on a copy of the room.
 */
export class Walk {
  readonly room: Float64Array[];
  atMs: number;
  readonly #cluster: ClusterView;
  readonly #endings: readonly Ending[];
  #next = 0;
  #absent: ReadonlySet<Gang> = new Set();
  /** The starts and ends of gangs placed in time, in order. */
  readonly #placed: RoomAt[] = [];

  constructor(cluster: ClusterView, endings: readonly Ending[], nowMs: number, room: Room = cluster.table.free) {
    this.#cluster = cluster;
    this.#endings = endings;
    this.atMs = nowMs;
    this.room = room.map((column) => column.slice());
  }

  /** The same walk, which goes on by itself. */
  copy(): Walk {
    const walk = new Walk(this.#cluster, this.#endings, this.atMs, this.room);
    walk.#next = this.#next;
    walk.#placed.push(...this.#placed);
    return walk;
  }

  /** The same walk as if these gangs, as far as they have not ended yet, had never started. */
  without(gangs: ReadonlySet<Gang>): Walk {
    const walk = this.copy();
    const over = new Set(this.#endings.slice(0, this.#next).map(({ gang }) => gang));
    walk.#absent = gangs;
    for (const gang of gangs)
      if (!over.has(gang)) for (const { row, vector } of heldBy(this.#cluster, gang)) addTo(walk.room, row, vector, 1);
    return walk;
  }

  /** Goes on to the next change of room. @returns the change, which is in `room` now; undefined: nothing more is known */
  step(): RoomAt | undefined {
    for (let next = this.#endings[this.#next]; next && this.#absent.has(next.gang);) next = this.#endings[++this.#next];
    const ending = this.#endings[this.#next];
    const placed = this.#placed[0];
    if (!ending && !placed) return undefined;
    if (placed && (!ending || placed.atMs <= ending.atMs)) {
      this.#placed.shift();
      return this.#go(placed);
    }
    this.#next++;
    const { gang, atMs } = ending!;
    return this.#go({ atMs, sign: 1, room: heldBy(this.#cluster, gang) });
  }

  /** A gang takes this room from `fromMs` to `untilMs`. `fromMs` is not before the present of the walk. */
  place(room: readonly FreedRoom[], fromMs: number, untilMs: number): void {
    const start: RoomAt = { atMs: fromMs, sign: -1, room };
    if (fromMs <= this.atMs) this.#go(start);
    else this.#insert(start);
    if (untilMs < Infinity) this.#insert({ atMs: untilMs, sign: 1, room });
  }

  #insert(change: RoomAt): void {
    const at = this.#placed.findIndex(({ atMs }) => atMs > change.atMs);
    this.#placed.splice(at < 0 ? this.#placed.length : at, 0, change);
  }

  #go(change: RoomAt): RoomAt {
    this.atMs = Math.max(this.atMs, change.atMs);
    for (const { row, vector } of change.room) addTo(this.room, row, vector, change.sign);
    return change;
  }
}

export function addTo(room: Room, row: number, vector: FreedRoom['vector'], sign: 1 | -1): void {
  for (let c = 0; c < vector.length; c++) if (vector[c] !== 0) room[c]![row]! += sign * vector[c]!;
}

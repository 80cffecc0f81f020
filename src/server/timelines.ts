import type { GangRow } from '../core/board/gang-rows.ts';

/** One thing that befell a gang; the time in ms. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly what: string;
  readonly text: string;
  /** The text for those who may see this gang and no other; absent: the same. */
  readonly own?: string;
}

interface Timeline {
  readonly entries: TimelineEntry[];
  /** The gang as it was last seen; undefined: it never was. */
  row: GangRow | undefined;
  reservedMs: number | undefined;
  /** kube-scheduler has asked about it in this run. */
  isAsked: boolean;
  /** When it was over; undefined: it is not, as far as is known. */
  endedMs: number | undefined;
}

/** So many gangs are remembered, the ones that something befell last, and so much of each. */
const MOST_GANGS = 20_000;
const MOST_ENTRIES = 50;
/** So much of all gangs together: some 50 MB. */
export const MOST_IN_ALL = 200_000;

/** What befell gangs, as far as this muster saw it. Bounded, in memory alone; a gang that is over is kept for a while. */
export class Timelines {
  readonly #byGang = new Map<string, Timeline>();
  readonly #rowOf: (gang: string) => GangRow | undefined;
  #changes = 0;
  #entries = 0;

  /** @param rowOf the gang as it is now */
  constructor(rowOf: (gang: string) => GangRow | undefined) {
    this.#rowOf = rowOf;
  }

  /** Grows when a gang was reserved places for. */
  get changes(): number {
    return this.#changes;
  }

  /** kube-scheduler asked about a pod of the gang. O(1) but for the first time. */
  asked(gang: string, nowMs: number): void {
    const known = this.#byGang.get(gang);
    if (known?.isAsked && known.endedMs === undefined) return;
    const timeline = this.#of(gang);
    timeline.isAsked = true;
    const { entries } = timeline;
    // What was decided then is known already.
    const at = entries.findLastIndex(({ what }) => what === 'submitted') + 1;
    this.#add(entries, at, { atMs: nowMs, what: 'asked', text: 'kube-scheduler asked about it for the first time.' });
  }

  note(gang: string, entry: TimelineEntry): void {
    const timeline = this.#of(gang);
    this.#add(timeline.entries, timeline.entries.length, entry);
  }

  /** Its places were reserved. */
  reserved(gang: string, nowMs: number): void {
    const timeline = this.#of(gang);
    timeline.reservedMs = nowMs;
    timeline.row = this.#rowOf(gang) ?? timeline.row;
    this.#changes++;
  }

  /** It waits again. */
  unreserved(gang: string): void {
    const timeline = this.#byGang.get(gang);
    if (!timeline) return;
    timeline.reservedMs = undefined;
    this.#changes++;
  }

  /** It has changed: what is remembered of it when it is over. */
  seen(gang: string): void {
    const timeline = this.#byGang.get(gang);
    if (timeline) timeline.row = this.#rowOf(gang) ?? timeline.row;
  }

  ended(gang: string, nowMs: number): void {
    const timeline = this.#byGang.get(gang);
    if (timeline) timeline.endedMs = nowMs;
  }

  of(gang: string): Readonly<Timeline> | undefined {
    return this.#byGang.get(gang);
  }

  get size(): number {
    return this.#byGang.size;
  }

  /** The timeline of the gang, which becomes the youngest; a new run of the same name goes on with it. */
  #of(gang: string): Timeline {
    const known = this.#byGang.get(gang);
    const isOver = known?.endedMs !== undefined;
    const timeline = known ?? {
      entries: [],
      row: undefined,
      reservedMs: undefined,
      isAsked: false,
      endedMs: undefined,
    };
    this.#byGang.delete(gang);
    this.#byGang.set(gang, timeline);
    if (!known || isOver) this.#begin(gang, timeline);
    if (this.#byGang.size > MOST_GANGS) this.#dropOldest();
    return timeline;
  }

  /** The first entry says when the gang was submitted: the one after it makes room. */
  #add(entries: TimelineEntry[], at: number, entry: TimelineEntry): void {
    entries.splice(at, 0, entry);
    if (entries.length > MOST_ENTRIES) entries.splice(1, 1);
    else this.#entries++;
    if (this.#entries > MOST_IN_ALL) this.#dropOldest();
  }

  #dropOldest(): void {
    const [[gang, { entries }]] = this.#byGang as unknown as [[string, Timeline]];
    this.#byGang.delete(gang);
    this.#entries -= entries.length;
  }

  #begin(gang: string, timeline: Timeline): void {
    const row = this.#rowOf(gang);
    if (!row) return;
    timeline.endedMs = timeline.reservedMs = undefined;
    timeline.isAsked = false;
    timeline.row = row;
    const { entries } = timeline;
    this.#add(entries, entries.length, { atMs: row.sinceMs, what: 'submitted', text: 'Its leader was created.' });
  }
}

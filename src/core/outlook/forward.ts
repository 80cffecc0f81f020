import { PASS_SHARE } from '../backfill/start-plans.ts';
import { addTo } from '../backfill/walk.ts';
import { isPassable } from '../gang/blocking.ts';
import type { FreedRoom, Plan, PlanRequest } from '../placement/need.ts';
import type { Vector } from '../resources.ts';
import { allAtOnce, Work, type Slices } from '../work.ts';
import { becauseOf, type End } from './because-of.ts';
import { isEnough, lackOf, placesAt, type Lack } from './lack.ts';
import type { Scene, Waiting } from './scene.ts';

/** When the last of the line starts in one future. */
export interface Foretold {
  /** Infinity: never, as far as it is known who ends. */
  readonly atMs: number;
  /** Whose ends make its room, the last first, at most three. */
  readonly becauseOf: readonly string[];
  /** The work became too much: it starts then or later. */
  readonly isAtLeast: boolean;
}

export interface ForwardDeps {
  readonly plan: (request: PlanRequest) => Plan;
  /** How long a run takes in this future, in ms, if it has run for `ranMs`. */
  readonly lasts: (run: Pick<Waiting, 'forecast'> & { readonly key: string }, ranMs: number) => number;
}

/** Ends, and plans, in one future. At 5,000 nodes a plan takes some 50 µs. */
const MOST_ENDS = 2000;
export const MOST_PLANS = 1500;
/** Rows per unit of work: a plan looks at all of them, in passes over columns. */
const ROWS_PER_UNIT = 50;
/** What changes on one row, and lacks that are counted again there, per unit of work. */
const PARTS_PER_UNIT = 2;
const LACKS_PER_UNIT = 5;

type Planned =
  | { readonly rows: readonly Int32Array[]; readonly lack?: undefined }
  | { readonly rows?: undefined; readonly lack: Lack };

/** The first of the line that does not fit: nobody behind it takes what it needs at its time. */
interface First {
  readonly waiting: Waiting;
  readonly atMs: number;
  /** The room at that time, without what the first itself takes. */
  readonly room: Float64Array[];
  /** Where its members would go then. */
  readonly rows: readonly Int32Array[];
}

/**
 * One future of a scene: runs end when `lasts` says, and at each end the line is walked. Every gang that fits starts,
 * but the first that does not fit and has lost its patience keeps its place in time: those behind it must end before,
 * or leave it room. Gangs behind the first may overtake each other, and a gang whose start cannot be told holds up no
 * other. In a queue without backfill no gang passes.
 */
export class Forward {
  readonly #deps: ForwardDeps;
  /** undefined: all of the line are asked about. */
  readonly #asked: Waiting | undefined;
  readonly #room: Float64Array[];
  /** What the first leaves at its time, and the room now as far as it leaves it. Current while there is a first. */
  #spare: Float64Array[] = [];
  readonly #beside: Float64Array[];
  /** Ascending; those before #next are over. */
  readonly #ends: End[];
  #next = 0;
  #nowMs: number;
  readonly #beginMs: number;
  #waiting: readonly Waiting[];
  /** `isBeside`: there is room, but not beside the first: when that has started, there may be. */
  readonly #lacks = new Map<Waiting, Lack & { readonly isBeside: boolean }>();
  readonly #never = new Set<Waiting>();
  #first: First | undefined;
  /** When those of the line started that have, in ms. */
  readonly #started = new Map<string, number>();
  #plans = 0;
  /** Since the last pause was thought of. */
  #work = 0;
  #clock = new Work();

  /** @param forAll all of the line are asked about (`runAll`), not its last alone */
  constructor(scene: Scene, deps: ForwardDeps, forAll = false) {
    this.#deps = deps;
    this.#room = scene.free.map((column) => column.slice());
    this.#beside = scene.free.map(({ length }) => new Float64Array(length));
    this.#beginMs = this.#nowMs = scene.nowMs;
    this.#waiting = scene.line;
    this.#asked = forAll ? undefined : scene.line.at(-1)!;
    this.#ends = [
      ...scene.leaving.map(({ atMs, part }) => ({ atMs: this.#coarse(atMs), gang: '', parts: [part] })),
      ...scene.running.flatMap(({ gang, sinceMs, forecast, parts }): End[] => {
        const atMs = sinceMs + deps.lasts({ key: gang, forecast }, scene.nowMs - sinceMs);
        return atMs === Infinity ? [] : [{ atMs: this.#coarse(atMs), gang, parts }];
      }),
    ].sort((a, b) => a.atMs - b.atMs);
  }

  /** Pauses when a slice of the work is over. The nodes must be the same when it goes on. */
  *run(work: Work): Slices<Foretold> {
    this.#clock = work;
    for (;;) {
      const rows = yield* this.#walk();
      if (rows) return this.#told(this.#nowMs, this.#next, rows);
      // Whatever happens until then, it was counted with.
      if (this.#first && this.#first.waiting === this.#asked) return this.#toldOf(this.#first);
      if (this.#plans > MOST_PLANS || this.#next > MOST_ENDS)
        return { atMs: this.#nowMs, becauseOf: [], isAtLeast: true };
      if (this.#next === this.#ends.length) return { atMs: Infinity, becauseOf: [], isAtLeast: false };
      yield* this.#advance();
    }
  }

  /**
   * When each gang of the line starts, in ms, by key; one that is missing starts never or later than is looked at. Pauses
   * as `run` does. Made `forAll`.
   */
  *runAll(work: Work): Slices<ReadonlyMap<string, number>> {
    this.#clock = work;
    while (this.#waiting.length > 0 && this.#plans <= MOST_PLANS && this.#next <= MOST_ENDS) {
      yield* this.#walk();
      if (this.#next === this.#ends.length) break;
      yield* this.#advance();
    }
    if (this.#first) this.#started.set(this.#first.waiting.gang.key, this.#first.atMs);
    return this.#started;
  }

  /** Whether such a gang would start now, if it stood in line in place of the one that is asked about. */
  startsNow(): (instead: Waiting) => boolean {
    const barred = new Set<string>();
    for (const waiting of this.#waiting) if (waiting !== this.#asked) allAtOnce(this.#look(waiting, barred));
    return (instead) => !barred.has(instead.gang.queue.path) && this.#placesFor(instead) !== undefined;
  }

  /** Starts all that may start now. @returns the rows of the gang that was asked about, if it is one of them */
  *#walk(): Slices<readonly Int32Array[] | undefined> {
    const barred = new Set<string>();
    for (const waiting of this.#waiting) {
      const rows = yield* this.#look(waiting, barred);
      if (rows) return rows;
      yield* this.#pause();
    }
    return undefined;
  }

  /** Starts the gang if it may. @returns its rows if it is the one that was asked about */
  *#look(waiting: Waiting, barred: Set<string>): Slices<readonly Int32Array[] | undefined> {
    const queue = waiting.gang.queue.path;
    if (barred.has(queue)) return undefined;
    const rows = this.#placesFor(waiting);
    if (rows && waiting === this.#asked) return rows;
    if (rows) this.#start(waiting, rows);
    else {
      if (!this.#first) this.#toFirst(yield* this.#timeFor(waiting));
      if (this.#letsNobodyPass(waiting)) barred.add(queue);
    }
    return undefined;
  }

  #letsNobodyPass({ gang }: Waiting): boolean {
    return !isPassable(gang) && this.#nowMs - gang.firstAskMs >= gang.patienceMs;
  }

  #placesFor(waiting: Waiting): readonly Int32Array[] | undefined {
    const first = this.#first;
    if (first?.waiting === waiting) return first.atMs <= this.#nowMs ? this.#placesForFirst(waiting) : undefined;
    if (!this.#mayFit(waiting)) return undefined;
    const rows = this.#planIn(waiting, this.#room);
    const isOver = first && this.#nowMs + waiting.forecast.endsWithin(PASS_SHARE, 0) <= first.atMs;
    if (!rows || !first || isOver || this.#rowsBeside(first, partsOf(waiting, rows))) return rows;
    return this.#planIn(waiting, this.#beside, true);
  }

  /** Where the first would go if these places were taken for longer; undefined: they would delay it. */
  #rowsBeside({ waiting, room }: First, places: readonly FreedRoom[]): readonly Int32Array[] | undefined {
    for (const { row, vector } of places) addTo(room, row, vector, -1);
    const { rows } = this.#plan(waiting, room);
    for (const { row, vector } of places) addTo(room, row, vector, 1);
    return rows;
  }

  /** It does not fit at its time where one that passed it lasts longer than was to be expected. */
  #placesForFirst(waiting: Waiting): readonly Int32Array[] | undefined {
    const rows = this.#planIn(waiting, this.#room);
    if (!rows) this.#noFirst();
    return rows;
  }

  #mayFit(waiting: Waiting): boolean {
    const lack = this.#lacks.get(waiting);
    return !lack || isEnough(lack);
  }

  #planIn(waiting: Waiting, room: readonly Float64Array[], isBeside = false): readonly Int32Array[] | undefined {
    const { rows, lack } = this.#plan(waiting, room);
    if (lack) this.#lacks.set(waiting, { ...lack, isBeside });
    return rows;
  }

  #plan({ request }: Waiting, room: readonly Float64Array[]): Planned {
    this.#plans++;
    this.#work += this.#room[0]!.length / ROWS_PER_UNIT;
    const plan = this.#deps.plan({ ...request, room });
    if (plan.kind === 'placed') return { rows: plan.rows };
    return { lack: lackOf(plan, request.needs) };
  }

  #toFirst(first: First | undefined): void {
    this.#first = first;
    if (!first) return;
    const spare = first.room.map((column) => column.slice());
    for (const { row, vector } of partsOf(first.waiting, first.rows)) addTo(spare, row, vector, -1);
    for (const [c, column] of this.#beside.entries()) {
      const [now, then] = [this.#room[c]!, spare[c]!];
      for (let row = 0; row < column.length; row++) column[row] = Math.min(now[row]!, then[row]!);
    }
    this.#spare = spare;
  }

  /** When the gang fits if nobody takes room before: room only grows until then. undefined: nobody knows. */
  *#timeFor(waiting: Waiting): Slices<First | undefined> {
    const { firstAskMs, patienceMs } = waiting.gang;
    if (this.#never.has(waiting) || this.#nowMs - firstAskMs < patienceMs) return undefined;
    const room = this.#room.map((column) => column.slice());
    let lack: Lack | undefined = this.#lacks.get(waiting);
    if (lack) lack = { ...lack };
    for (let i = this.#next; i < this.#ends.length; i++) {
      const { atMs, parts } = this.#ends[i]!;
      for (const { row, vector } of parts) {
        if (lack) lack.places -= placesAt(room, row, lack);
        addTo(room, row, vector, 1);
        if (lack) lack.places += placesAt(room, row, lack);
      }
      this.#work += parts.length / PARTS_PER_UNIT;
      yield* this.#pause();
      if (this.#ends[i + 1]?.atMs === atMs || (lack && !isEnough(lack))) continue;
      const planned = this.#plan(waiting, room);
      if (planned.rows) return { waiting, atMs, room, rows: planned.rows };
      if (this.#plans > MOST_PLANS) return undefined;
      lack = planned.lack;
    }
    this.#never.add(waiting);
    return undefined;
  }

  #start(waiting: Waiting, rows: readonly Int32Array[]): void {
    const atMs = this.#endOf(waiting);
    const { key } = waiting.gang;
    this.#started.set(key, this.#nowMs);
    const taken = partsOf(waiting, rows);
    for (const { row, vector } of taken) this.#change(row, vector, -1);
    const first = this.#first;
    if (first?.waiting === waiting) this.#noFirst();
    else if (first && atMs > first.atMs) this.#takeBeside(first, taken);
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    if (atMs < Infinity) this.#insert({ atMs, gang: key, parts: [...waiting.parts, ...taken] });
  }

  #noFirst(): void {
    this.#first = undefined;
    for (const [other, { isBeside }] of this.#lacks) if (isBeside) this.#lacks.delete(other);
  }

  /** These places will be taken when the first starts. */
  #takeBeside(first: First, places: readonly FreedRoom[]): void {
    const rows = this.#rowsBeside(first, places);
    for (const { row, vector } of places) addTo(first.room, row, vector, -1);
    if (rows) this.#toFirst({ ...first, rows });
    else this.#noFirst();
  }

  #insert(end: End): void {
    let at = this.#ends.length;
    while (at > this.#next && this.#ends[at - 1]!.atMs > end.atMs) at--;
    this.#ends.splice(at, 0, end);
  }

  /** The end of a run that begins now. */
  #endOf({ gang: { key }, forecast }: Waiting): number {
    return this.#coarse(this.#nowMs + this.#deps.lasts({ key, forecast }, 0));
  }

  /** Goes on to the next end, and gives back what ends then. */
  *#advance(): Slices<void> {
    this.#nowMs = this.#ends[this.#next]!.atMs;
    for (let end = this.#ends[this.#next]; end?.atMs === this.#nowMs; end = this.#ends[++this.#next]) {
      for (const { row, vector } of end.parts) {
        this.#change(row, vector, 1);
        yield* this.#pause();
      }
    }
  }

  /** Pauses when a slice of the work is over. */
  *#pause(): Slices<void> {
    this.#clock.pass(this.#work);
    this.#work = 0;
    if (this.#clock.isPauseDue()) yield undefined;
  }

  #change(row: number, vector: Vector, sign: 1 | -1): void {
    this.#countLacks(row, -1);
    addTo(this.#room, row, vector, sign);
    if (this.#first)
      for (let c = 0; c < this.#beside.length; c++)
        this.#beside[c]![row] = Math.min(this.#room[c]![row]!, this.#spare[c]![row]!);
    this.#countLacks(row, 1);
  }

  #countLacks(row: number, sign: 1 | -1): void {
    this.#work += (1 + this.#lacks.size) / LACKS_PER_UNIT;
    for (const lack of this.#lacks.values())
      lack.places += sign * placesAt(lack.isBeside ? this.#beside : this.#room, row, lack);
  }

  #toldOf({ atMs, rows }: First): Foretold {
    let until = this.#next;
    while (until < this.#ends.length && this.#ends[until]!.atMs <= atMs) until++;
    return this.#told(atMs, until, rows);
  }

  /** @param until the number of ends until then */
  #told(atMs: number, until: number, rows: readonly Int32Array[]): Foretold {
    return { atMs, becauseOf: becauseOf(partsOf(this.#asked!, rows), this.#ends.slice(0, until)), isAtLeast: false };
  }

  /** Later by 2 % of the time until then at most, so that there are some hundred different times. */
  #coarse(atMs: number): number {
    const away = (atMs - this.#beginMs) / 1000;
    return away <= 1 || away === Infinity ? atMs : this.#beginMs + 1000 * STEP ** Math.ceil(Math.log(away) / LOG_STEP);
  }
}

const STEP = 1.02;
const LOG_STEP = Math.log(STEP);

const partsOf = ({ request: { needs } }: Waiting, rows: readonly Int32Array[]): FreedRoom[] =>
  needs.flatMap(({ vector }, i) => Array.from(rows[i] ?? [], (row) => ({ row, vector })));

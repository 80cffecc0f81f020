import type { BackfillContext } from '../backfill/context.ts';
import type { StartDelay, StartTime } from '../effects.ts';
import { isHead, lineOf } from '../gang/blocking.ts';
import { isAdmitted, refOf, type Gang } from '../gang/gang.ts';
import type { Slices } from '../work.ts';
import { outlookOf, type Outlook } from './outlook.ts';
import { PromiseRecord } from './promise-record.ts';

/** A start time is looked at again after so long, or after a quarter of what is left until then, in ms. */
const AGAIN_MS = 600_000;
/** It is told again where it has moved by more than this share of what was left. */
const MOVED = 0.25;
/** Slices of one tick, some ms in all. With one, many gangs would have started before their time is found. */
export const SLICES_A_TICK = 5;
/** The latest time leaves this for pods to be bound and to start, in ms, and so much of the wait for what nobody foresees. */
const MARGIN_MS = 60_000;
const MARGIN = 0.1;
/** While too many start times come late, the margin is so much of the wait. */
const CAREFUL_MARGIN = 0.5;

interface Told {
  readonly gang: Gang;
  readonly atMs: number;
  /** The latest time that it was told first. */
  readonly promisedMs: number;
  /** How much the empty cluster had lost by then. */
  readonly shrunk: number;
  /** What it was told last. */
  last: StartTime;
}

/**
 * The start times that gangs have been told, and how they turned out. Only the first of a queue and priority that has lost
 * its patience is told one: all but gangs of higher priority must mind it from then on. Kept in memory alone: after a
 * restart start times are told anew.
 */
export class StartPromises {
  readonly #told = new Map<string, Told>();
  readonly #record = new PromiseRecord();
  /** When the start time of a gang is looked at again, whether it was told one or not. */
  readonly #againMs = new WeakMap<Gang, number>();
  #look: { readonly gang: Gang; readonly slices: Slices<Outlook | undefined> } | undefined;

  /** The latest time that the gang was told first, in ms; undefined: it was told none. */
  promisedTo(gang: string): number | undefined {
    return this.#told.get(gang)?.promisedMs;
  }

  get size(): number {
    return this.#told.size;
  }

  /** Settles what has started, and goes on looking for the start time of one gang, a few slices at a time. */
  tick(ctx: BackfillContext, nowMs: number): void {
    for (const told of this.#told.values()) this.#settle(ctx, told, nowMs);
    ctx.startPlans.isCareful = this.#record.isCareful;
    this.#look ??= this.#next(ctx, nowMs);
    if (!this.#look) return;
    const { gang, slices } = this.#look;
    let step = slices.next();
    for (let i = 1; i < SLICES_A_TICK && !step.done; i++) step = slices.next();
    if (!step.done) return;
    const { value } = step;
    this.#look = undefined;
    if (value && ctx.gangs.get(gang.key) === gang && isHead(gang, nowMs)) this.#tell(ctx, gang, value, nowMs);
  }

  /** The first gang in admission order whose start time is to be looked at. */
  #next(ctx: BackfillContext, nowMs: number) {
    for (const gang of firstHeads(ctx, nowMs)) {
      if (nowMs < (this.#againMs.get(gang) ?? -Infinity)) continue;
      const place = () => {
        const isHere = ctx.gangs.get(gang.key) === gang;
        return isHere ? { gang, ahead: ctx.queues.aheadInAllQueues(gang) } : undefined;
      };
      this.#againMs.set(gang, nowMs + AGAIN_MS);
      return { gang, slices: outlookOf(ctx, place, nowMs) };
    }
    return undefined;
  }

  #tell(ctx: BackfillContext, gang: Gang, outlook: Outlook, nowMs: number): void {
    const start = withMargin(outlook, this.#record.isCareful ? CAREFUL_MARGIN : MARGIN, nowMs);
    const known = this.#told.get(gang.key);
    if (start.aboutMs < Infinity) this.#againMs.set(gang, nowMs + Math.max(AGAIN_MS, (start.aboutMs - nowMs) / 4));
    // What nobody knows is no promise, and neither is the earliest time of a long line.
    if (start.latestMs === Infinity || outlook.isAtLeast || (known && !hasMoved(known.last, start, nowMs))) return;
    const { earliestMs, aboutMs, latestMs, becauseOf } = start;
    const last = { earliestMs, aboutMs, latestMs, becauseOf };
    const { shrunk } = ctx.cluster.table;
    if (known) known.last = last;
    else this.#told.set(gang.key, { gang, atMs: nowMs, promisedMs: latestMs, shrunk, last });
    ctx.emit({ kind: 'start-foretold', gang: gang.key, leader: refOf(gang.leader), ...last });
  }

  #settle(ctx: BackfillContext, told: Told, nowMs: number): void {
    const { gang, promisedMs } = told;
    const isHere = ctx.gangs.get(gang.key) === gang;
    if (isHere && !isAdmitted(gang)) return;
    this.#told.delete(gang.key);
    if (!isHere) return;
    const lateMs = nowMs - promisedMs;
    const because = lateMs > 0 ? delayOf(ctx, told) : undefined;
    // That more important gangs come, or nodes go, is nothing that a forecast could know.
    if (because === undefined || because === 'forecast') this.#record.add(lateMs > 0);
    if (because === undefined) ctx.emit({ kind: 'start-kept', gang: gang.key, promisedMs, lateMs });
    else ctx.emit({ kind: 'start-late', gang: gang.key, promisedMs, lateMs, because });
  }
}

/** The first of each queue and priority that has lost its patience: all others of that priority there must mind it. */
function* firstHeads({ queues }: BackfillContext, nowMs: number): Generator<Gang> {
  const seen = new Set<string>();
  for (const gang of queues.inAdmissionOrder()) {
    const line = lineOf(gang);
    if (seen.has(line) || !isHead(gang, nowMs)) continue;
    seen.add(line);
    yield gang;
  }
}

const withMargin = (outlook: Outlook, share: number, nowMs: number): Outlook => ({
  ...outlook,
  latestMs: outlook.latestMs + MARGIN_MS + share * (outlook.latestMs - nowMs),
});

function hasMoved(before: StartTime, now: StartTime, nowMs: number): boolean {
  const left = Math.max(AGAIN_MS, before.aboutMs - nowMs);
  return Math.abs(now.aboutMs - before.aboutMs) > MOVED * left;
}

/** Why a gang came late, as far as it can still be seen. */
function delayOf(ctx: BackfillContext, { gang, atMs, shrunk }: Told): StartDelay {
  if (ctx.cluster.table.shrunk !== shrunk) return 'room';
  for (const other of ctx.gangs.values())
    if (other.priority > gang.priority && other.firstAskMs > atMs && isAdmitted(other)) return 'overtaken';
  return 'forecast';
}

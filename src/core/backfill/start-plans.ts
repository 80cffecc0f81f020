import { isBlocking, isHead, lineOf } from '../gang/blocking.ts';
import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import type { FreedRoom, Room } from '../placement/need.ts';
import { orderings } from '../queue/orderings/registry.ts';
import type { Vector } from '../resources.ts';
import { endingsOf, type Ending } from './endings.ts';
import { endOfHead, headAt, type Head } from './head.ts';
import { Walk } from './walk.ts';

/** Start plans are made anew at most this often, in ms. */
const REPLAN_MS = 250;
/** As many heads get a start time of their own; whoever would run past the last of them waits. */
const MAX_HEADS = 32;
/** So many heads are looked for through all of time without a start; those after them have no plan. */
const MAX_UNKNOWN = 4;
/** How many of the runs that hold room now end before it is counted on. */
const END_SHARE = 0.9;
/** A gang counts as over, for those that it passes, when so many of such runs are. */
export const PASS_SHARE = 0.75;
/** The same, while start times come late too often. */
const CAREFUL_SHARE = 0.9;

/**
 * The places in time of the gangs that have lost their patience, and with them the answer to whether another gang may
 * start before them. Nothing is held for a head: its start time is a calculation, made anew as the cluster changes.
 *
 * A gang must not delay (a) any head of strictly higher priority, of whatever queue, and (b) the first head of its own
 * priority in its queue. Heads of kind (a) are planned one after the other, each beside those before it; a head of kind
 * (b) is planned beside the heads of higher priority.
 */
export class StartPlans {
  /** Changes whenever plans are made anew. */
  version = 0;
  /** Start times came late too often: others pass only if they are more surely over by then. */
  isCareful = false;
  #madeMs = -Infinity;
  /** What the cluster had come through then, in the table's rowLog. */
  #position = -1;
  /** The lowest priority of a waiting gang then. */
  #lowest = Infinity;
  #endings: readonly Ending[] = [];
  /** Heads of higher priority than some waiting gang, in admission order. */
  #trunk: readonly Head[] = [];
  /** Whether there are more of them than have a plan. */
  #isCut = false;
  /** The first head of each queue and priority. */
  readonly #firstGangs = new Map<string, Gang>();
  /** The same with plans, which are made when asked for. */
  readonly #firsts = new Map<string, Head | undefined>();
  #heads: readonly Gang[] = [];
  /** Who passed each head. */
  readonly #passers = new WeakMap<Gang, Set<Gang>>();

  /** As how many of such runs a gang counts that passes others. */
  get passShare(): number {
    return this.isCareful ? CAREFUL_SHARE : PASS_SHARE;
  }

  /** Whether there was any head when the plans were made. */
  get hasHeads(): boolean {
    return this.#heads.length > 0;
  }

  /** The heads that this gang must not delay, with present plans. */
  headsBefore(ctx: GangContextView, gang: Gang, nowMs: number): readonly Head[] {
    this.#refresh(ctx, nowMs, gang.priority);
    const higher = this.#trunk.filter(
      (head) => head.gang.priority > gang.priority && isHead(head.gang, nowMs) && reaches(head, gang),
    );
    const first = this.#firstOf(ctx, gang, nowMs);
    return first ? [...higher, first] : higher;
  }

  /** All heads with a plan that start while the gang still runs, whether it must mind them or not. */
  outlastedBy(gang: Gang, endMs: number): readonly Head[] {
    const all = [...this.#trunk, ...this.#firsts.values()].filter((head) => head !== undefined);
    return all.filter((head) => head.gang !== gang && isPassed(head, endMs));
  }

  /** The gang starts before these heads. */
  passes(gang: Gang, heads: readonly Head[]): void {
    for (const head of heads) {
      const passers = this.#passers.get(head.gang);
      if (passers) passers.add(gang);
      else this.#passers.set(head.gang, new Set([gang]));
    }
  }

  /** The first gangs that would be heads before this one, without a plan. @param most how many */
  gangsBefore(ctx: GangContextView, gang: Gang, nowMs: number, most: number): readonly Gang[] {
    this.#refresh(ctx, nowMs);
    const out: Gang[] = [];
    const first = this.#firstGangs.get(lineOf(gang));
    if (first && first !== gang && isHead(first, nowMs)) out.push(first);
    // In admission order, so that those of higher priority come first.
    for (const head of this.#heads) {
      if (head.priority <= gang.priority || out.length >= most) break;
      if (isHead(head, nowMs)) out.push(head);
    }
    return out;
  }

  /** Whether the plans of that version are the present ones. */
  stillCount(ctx: GangContextView, version: number, nowMs: number): boolean {
    this.#refresh(ctx, nowMs);
    return version === this.version;
  }

  /** @param priority a gang of it must find the plans of all heads above it */
  #refresh(ctx: GangContextView, nowMs: number, priority = Infinity): void {
    if (nowMs - this.#madeMs < REPLAN_MS && priority >= this.#lowest) return;
    const waiting = ctx.queues.inAdmissionOrder();
    const heads = waiting.filter((gang) => isHead(gang, nowMs));
    const lowest = Math.min(priority, waiting.at(-1)?.priority ?? Infinity);
    const { position } = ctx.cluster.table.rowLog;
    this.#madeMs = nowMs;
    const isSame = heads.length === this.#heads.length && heads.every((gang, i) => gang === this.#heads[i]);
    if (isSame && lowest === this.#lowest && position === this.#position && !this.#isPast(nowMs)) return;
    this.version++;
    this.#heads = heads;
    this.#lowest = lowest;
    this.#position = position;
    this.#firsts.clear();
    this.#firstGangs.clear();
    for (const head of heads) if (!this.#firstGangs.has(lineOf(head))) this.#firstGangs.set(lineOf(head), head);
    this.#trunk = [];
    if (heads.length > 0) this.#plan(ctx, nowMs);
  }

  #isPast(nowMs: number): boolean {
    return [...this.#trunk, ...this.#firsts.values()].some((head) => head && head.startMs <= nowMs);
  }

  #plan(ctx: GangContextView, nowMs: number): void {
    this.#endings = endingsOf(ctx, END_SHARE, nowMs);
    const higher = this.#heads.filter(({ priority }) => priority > this.#lowest);
    this.#isCut = higher.length > MAX_HEADS;
    let walk = new Walk(ctx.cluster, this.#endings, nowMs);
    const trunk: Head[] = [];
    let unknown = 0;
    for (const gang of higher.slice(0, MAX_HEADS)) {
      const onwards = walk.copy();
      const head = this.#planned(ctx, gang, onwards);
      trunk.push(head);
      if (head.startMs === Infinity) {
        if (++unknown === MAX_UNKNOWN) break;
        continue;
      }
      onwards.place(head.places, head.startMs, endOfHead(ctx, head, END_SHARE));
      walk = onwards;
    }
    this.#trunk = trunk;
  }

  #firstOf(ctx: GangContextView, gang: Gang, nowMs: number): Head | undefined {
    const key = lineOf(gang);
    if (!this.#firsts.has(key)) {
      const first = this.#firstGangs.get(key);
      this.#firsts.set(key, first && this.#planFirst(ctx, first, nowMs));
    }
    const head = this.#firsts.get(key);
    if (!head || head.gang === gang || !isHead(head.gang, nowMs)) return undefined;
    // A gang that lets nobody pass stands in the way of those behind it: each would wait for the other.
    return isBlocking(gang, nowMs) && orderings.priority(gang, head.gang) < 0 ? undefined : head;
  }

  #planFirst(ctx: GangContextView, gang: Gang, nowMs: number): Head {
    const walk = new Walk(ctx.cluster, this.#endings, nowMs);
    for (const head of this.#trunk) {
      if (head.gang.priority <= gang.priority) break;
      if (head.startMs === Infinity) continue;
      while (walk.atMs < head.startMs && walk.step());
      walk.place(head.places, head.startMs, endOfHead(ctx, head, END_SHARE));
    }
    return this.#planned(ctx, gang, walk);
  }

  #planned(ctx: GangContextView, gang: Gang, walk: Walk): Head {
    const passers = this.#passers.get(gang);
    for (const passer of passers ?? []) if (ctx.gangs.get(passer.key) !== passer) passers?.delete(passer);
    const undelayed = passers && passers.size > 0 ? walk.without(passers) : undefined;
    const head = headAt(ctx, walk, gang);
    return undelayed ? { ...head, dueMs: Math.min(head.startMs, headAt(ctx, undelayed, gang).startMs) } : head;
  }

  /** The last head that has a plan, if others of higher priority than the gang's have none; else undefined. */
  lastPlannedBefore(gang: Gang): Head | undefined {
    const isCut = this.#isCut && (this.#heads[MAX_HEADS]?.priority ?? -Infinity) > gang.priority;
    return isCut ? this.#trunk.at(-1) : undefined;
  }
}

/** A head whose start nobody can foretell stops its own queue and no other: it may never start. */
const reaches = (head: Head, gang: Gang) => head.startMs < Infinity || head.gang.queue === gang.queue;

/** The heads that a gang would delay that takes these places until `endMs`. */
export function delayed(heads: readonly Head[], places: readonly FreedRoom[], endMs: number): readonly Head[] {
  return heads.filter((head) => isPassed(head, endMs) && !leavesRoom(head, places));
}

/** Whether a gang that runs until `endMs` is still there when the head starts, or the head's start is unknown. */
export const isPassed = ({ startMs, dueMs }: Head, endMs: number): boolean => dueMs < endMs || startMs === Infinity;

function leavesRoom(head: Head, places: readonly FreedRoom[]): boolean {
  if (head.startMs === Infinity) return !places.some(({ row }) => head.fit.isEligible(row));
  if (!head.fit.isExact) return head.fit.holds(head.places, places);
  take(head, places);
  const isFine = head.fit.missing === 0;
  for (const { row, vector } of places) head.fit.give(row, vector);
  return isFine;
}

/** The places are taken for longer than until the head starts. */
export function take(head: Head, places: readonly FreedRoom[]): void {
  for (const { row, vector } of places) head.fit.take(row, vector);
}

/**
 * What may be taken beyond the start of these heads: at each row the least that is free now and then.
 * @param leave what stays free at each row
 */
export function spareRoom(free: Room, heads: readonly Head[], leave: Vector | undefined): Room {
  const spare = free.map((column, c) => column.map((amount) => amount - (leave?.[c] ?? 0)));
  for (const head of heads) head.fit.cap(spare, head.startMs === Infinity ? undefined : head.places);
  return spare;
}

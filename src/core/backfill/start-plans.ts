import { isBlocking, isHead, lineOf } from '../gang/blocking.ts';
import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import type { FreedRoom, Room } from '../placement/need.ts';
import { orderings } from '../queue/orderings/registry.ts';
import type { QueueNode } from '../queue/tree.ts';
import type { Vector } from '../resources.ts';
import { endingsOf, type Ending } from './endings.ts';
import { endOfHead, headAt, type Head } from './head.ts';
import { headsNow, isCovered, NO_HEADS, type Heads } from './heads.ts';
import { minds, type Asking } from './minding.ts';
import { Walk } from './walk.ts';

/** Start plans are made anew at most this often, in ms. */
const REPLAN_MS = 250;
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
 * A gang must not delay (a) heads that go before it whatever their line is (`minding.ts`), and (b) the first head of its
 * own priority in its queue. Heads of kind (a) are planned one after the other, each beside those before it; a head of
 * kind (b) is planned beside those that it must mind itself.
 */
export class StartPlans {
  /** Changes whenever plans are made anew. */
  version = 0;
  /** Start times came late too often: others pass only if they are more surely over by then. */
  isCareful = false;
  #madeMs = -Infinity;
  /** What the cluster had come through then, in the table's rowLog. */
  #position = -1;
  /** What queues were entitled to then. */
  #shares = -1;
  #endings: readonly Ending[] = [];
  /** Those that others than those of their line may have to mind, in admission order. */
  #trunk: readonly Head[] = [];
  /** The first head of each queue and priority, planned when it is asked for. */
  readonly #firsts = new Map<string, Head | undefined>();
  /** What each queue holds less by the start of a head. */
  readonly #less = new Map<Head, Map<QueueNode, Vector>>();
  #heads: Heads = NO_HEADS;
  /** Who passed each head. */
  readonly #passers = new WeakMap<Gang, Set<Gang>>();

  /** As how many of such runs a gang counts that passes others. */
  get passShare(): number {
    return this.isCareful ? CAREFUL_SHARE : PASS_SHARE;
  }

  /** Whether there was any head when the plans were made. */
  get hasHeads(): boolean {
    return this.#heads.all.length > 0;
  }

  /** The heads that this gang must not delay, with present plans. @param ask what it asks for now, by column */
  headsBefore(ctx: GangContextView, gang: Gang, nowMs: number, ask = gang.ask): readonly Head[] {
    this.#refresh(ctx, nowMs, gang);
    const before = this.#trunk.filter(
      (head) =>
        head.gang !== gang && isHead(head.gang, nowMs) && reaches(head, gang) && this.#minds(ctx, { gang, ask }, head),
    );
    const first = this.#firstOf(ctx, gang, nowMs);
    return first ? [...before, first] : before;
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
    const { firsts, ofQueue, planned } = this.#heads;
    const out: Gang[] = [];
    const first = firsts.get(lineOf(gang));
    if (first && first !== gang && isHead(first, nowMs)) out.push(first);
    for (const head of ofQueue.get(gang.queue) ?? []) {
      if (head.priority <= gang.priority || out.length >= most) break;
      if (isHead(head, nowMs)) out.push(head);
    }
    for (const head of planned) {
      if (out.length >= most) break;
      if (head.queue === gang.queue || !isHead(head, nowMs)) continue;
      if (minds(ctx, this.#heads, { gang, ask: gang.ask }, { gang: head, less: () => undefined })) out.push(head);
    }
    return out;
  }

  /** Whether the plans of that version are the present ones. */
  stillCount(ctx: GangContextView, version: number, nowMs: number): boolean {
    this.#refresh(ctx, nowMs);
    return version === this.version;
  }

  /** @param asked a gang that must find the plans of all heads that it has to mind */
  #refresh(ctx: GangContextView, nowMs: number, asked?: Gang): void {
    if (nowMs - this.#madeMs < REPLAN_MS && (!asked || isCovered(this.#heads, asked))) return;
    const heads = headsNow(ctx, asked, nowMs);
    const { position } = ctx.cluster.table.rowLog;
    // What queues are entitled to counts where there are several.
    const shares = ctx.tree.size > 2 ? ctx.shares.version : 0;
    this.#madeMs = nowMs;
    const isSame = isSameLine(heads, this.#heads) && position === this.#position && shares === this.#shares;
    if (isSame && !this.#isPast(nowMs)) {
      // The same plans serve more gangs than before.
      this.#heads = { ...this.#heads, lowest: heads.lowest };
      return;
    }
    this.version++;
    this.#heads = heads;
    this.#position = position;
    this.#shares = shares;
    this.#firsts.clear();
    this.#less.clear();
    this.#trunk = [];
    if (heads.all.length > 0) this.#plan(ctx, nowMs);
  }

  #isPast(nowMs: number): boolean {
    return [...this.#trunk, ...this.#firsts.values()].some((head) => head && head.startMs <= nowMs);
  }

  #plan(ctx: GangContextView, nowMs: number): void {
    this.#endings = endingsOf(ctx, END_SHARE, nowMs);
    let walk = new Walk(ctx.cluster, this.#endings, nowMs);
    const trunk: Head[] = [];
    let unknown = 0;
    for (const gang of this.#heads.planned) {
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
      const first = this.#heads.firsts.get(key);
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
      if (head.startMs === Infinity || head.gang === gang) continue;
      if (!this.#minds(ctx, { gang, ask: gang.ask }, head)) continue;
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

  /** The last head that has a plan, if others that the gang must mind have none; else undefined. */
  lastPlannedBefore(ctx: GangContextView, gang: Gang): Head | undefined {
    const less = () => undefined;
    const asking = { gang, ask: gang.ask };
    const isCut = this.#heads.unplanned.some((one) => minds(ctx, this.#heads, asking, { gang: one, less }));
    return isCut ? this.#trunk.at(-1) : undefined;
  }

  #minds(ctx: GangContextView, asking: Asking, head: Head): boolean {
    return minds(ctx, this.#heads, asking, {
      gang: head.gang,
      less: (queue) => this.#lessBy(ctx, head, queue),
    });
  }

  /** What the queue holds less when the head starts: what gangs hold that end before. Negative, by column. */
  #lessBy({ usage, cluster }: GangContextView, head: Head, queue: QueueNode): Vector {
    let known = this.#less.get(head);
    if (!known) this.#less.set(head, (known = new Map<QueueNode, Vector>()));
    let less = known.get(queue);
    if (less) return less;
    known.set(queue, (less = new Float64Array(cluster.columns.size)));
    for (const { gang, atMs } of this.#endings) {
      if (atMs > head.startMs) break;
      const holds = queue.hasBelow(gang.queue) ? usage.ofGang(gang.key) : undefined;
      holds?.vector.forEach((amount, c) => (less[c]! -= amount - (holds.leaving[c] ?? 0)));
    }
    return less;
  }
}

/** Whether the same gangs wait for their start, in the same order, and the same others must mind them. */
const isSameLine = (a: Heads, b: Heads): boolean =>
  a.lowest.ofAll === b.lowest.ofAll && isSameList(a.all, b.all) && isSameList(a.planned, b.planned);

const isSameList = (a: readonly Gang[], b: readonly Gang[]): boolean =>
  a.length === b.length && a.every((gang, i) => gang === b[i]);

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

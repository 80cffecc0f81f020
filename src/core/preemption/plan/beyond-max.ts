import type { BoundPod } from '../../cluster/cluster.ts';
import type { PlannedVictim } from '../../effects.ts';
import { refOf } from '../../gang/gang.ts';
import { DEFAULT_POLICY } from '../../policy/policy.ts';
import type { QueueNode } from '../../queue/tree.ts';
import type { Vector } from '../../resources.ts';
import { allAtOnce, Work } from '../../work.ts';
import { Budgets } from '../candidates/budgets.ts';
import { candidatesAt } from '../candidates/candidate-census.ts';
import { podsOf } from '../candidates/candidate.ts';
import type { PreemptionContext } from '../candidates/context.ts';
import { USUAL_GRACE_MS } from '../candidates/judged-pod.ts';
import { leafOf } from '../candidates/share-rules.ts';
import { chooseVictims } from '../search/choose-victims.ts';
import { MOST_WORK } from '../search/find-victims.ts';
import { VictimSet, type RoomSought } from '../search/victim-set.ts';

/** Here a limit stands against the queue's own gangs, whoever they are: whole gangs may go. */
const RULES = { ...DEFAULT_POLICY.preemption, wholeGangs: true };
/** After a search that found no victims, in ms. */
const SEARCH_AGAIN_MS = 60_000;
/** The least part of the excess for which victims are searched: budgets may not allow all of them at once. */
const LEAST_PART = 1 / 128;

/** For which part of the excess victims are searched next, and when at the earliest, in ms. */
interface NextSearch {
  readonly part: number;
  readonly atMs: number;
}

/** How long queues have held more than a max that was lowered, and which of their pods go for it. Forgotten at a restart. */
export class BeyondMax {
  readonly #sinceMs = new Map<QueueNode, number>();
  /** Of queues for which a search has found no victims. */
  readonly #next = new Map<QueueNode, NextSearch>();
  /** Until when each victim should be gone, in ms, by UID. */
  readonly #going = new Map<string, number>();

  /** Evicts what queues hold beyond their max where the file says after how long. O(queues), and a search where it is due. */
  enforce(ctx: PreemptionContext, nowMs: number): void {
    // Another replica decides, and looks after its own times.
    if (ctx.isFollowing) this.#sinceMs.clear();
    if (ctx.hold !== undefined || ctx.isFollowing || !ctx.tree.isConfigured) return;
    for (const [uid, untilMs] of this.#going)
      if (untilMs < nowMs || !ctx.cluster.boundPod(uid)) this.#going.delete(uid);
    for (const known of [this.#sinceMs, this.#next])
      for (const queue of known.keys()) if (ctx.tree.find(queue.path) !== queue) known.delete(queue);
    for (const queue of ctx.tree.nodes()) {
      const { mode, maxAfterMs } = queue.reclaim;
      if (mode !== 'enforce' || maxAfterMs === Infinity) continue;
      const beyond = beyondMax(ctx, queue);
      if (!beyond) this.#sinceMs.delete(queue);
      else if (!this.#sinceMs.has(queue)) this.#sinceMs.set(queue, nowMs);
      else if (nowMs - this.#sinceMs.get(queue)! >= maxAfterMs && nowMs >= (this.#next.get(queue)?.atMs ?? -Infinity))
        this.#evict(ctx, queue, beyond, nowMs);
    }
  }

  #evict(ctx: PreemptionContext, queue: QueueNode, beyond: Float64Array, nowMs: number): void {
    const pods = new Set<string>();
    for (const [uid, bound] of ctx.cluster.boundPods) {
      if (bound.isLeaving || !isBelow(ctx, queue, bound)) continue;
      if (!bound.pod.deleting && !this.#going.has(uid)) pods.add(uid);
      else for (let c = 0; c < beyond.length; c++) beyond[c]! -= bound.vector[c] ?? 0;
    }
    if (new Excess(beyond).missing === 0) return;
    const part = this.#next.get(queue)?.part ?? 1;
    const excess = beyond.map((amount) => amount * part);
    const victims = victimsFor(ctx, pods, excess, nowMs);
    if (victims) {
      this.#next.delete(queue);
      return this.#tell(ctx, queue, victims, nowMs);
    }
    const isLast = part <= LEAST_PART;
    this.#next.set(queue, isLast ? { part: 1, atMs: nowMs + SEARCH_AGAIN_MS } : { part: part / 2, atMs: nowMs });
  }

  #tell(ctx: PreemptionContext, queue: QueueNode, victims: VictimSet, nowMs: number): void {
    const told = victims.account().flatMap(({ candidate, cost }) => {
      const { bound, gang, role, kind } = candidate;
      if (!bound) return [];
      const of: Pick<PlannedVictim, 'gang' | 'role'> = gang ? { gang: gang.gang.key, role } : {};
      const coreSeconds = Math.round(cost);
      return [
        {
          pod: refOf(bound.pod),
          node: bound.node,
          coreSeconds,
          isLeader: kind === 'gang',
          because: 'max' as const,
          ...of,
        },
      ];
    });
    for (const { pod } of podsOf([...victims.selected]))
      this.#going.set(pod.uid, nowMs + (pod.evictionTraits?.graceMs ?? USUAL_GRACE_MS) + RULES.leaveWithinMs);
    for (const { gang } of told) ctx.evictions.note(gang === undefined ? undefined : ctx.gangs.get(gang), nowMs);
    for (const gang of new Set(told.map((one) => one.gang ?? ''))) {
      const of = told.filter((one) => (one.gang ?? '') === gang);
      ctx.emit({ kind: 'max-enforced', gang, queue: queue.path, victims: of });
    }
  }
}

/** Some of the pods, as much as the excess by column; undefined: rules or budgets keep too many of them. */
function victimsFor(
  ctx: PreemptionContext,
  pods: ReadonlySet<string>,
  excess: Vector,
  nowMs: number,
): VictimSet | undefined {
  const input = { ctx, rules: RULES, priority: Infinity, lender: undefined, ownGang: undefined, nowMs };
  const open = candidatesAt({ ...input, isUseful: () => true, among: { pods, reservations: false } });
  const { cluster, reportedWork } = ctx;
  const victims = new VictimSet(new Excess(excess), {
    budgets: new Budgets({ rules: RULES, ctx, nowMs }),
    costs: { cluster, reportedWork, weights: RULES.cost, nowMs },
    work: new Work(MOST_WORK),
  });
  const goal = { fits: () => true, margin: 0, widen: () => undefined };
  return allAtOnce(chooseVictims(victims, open, goal)) ? victims : undefined;
}

/** By column, how much the queue holds beyond its max; undefined: nothing. */
function beyondMax({ shares }: PreemptionContext, queue: QueueNode): Float64Array | undefined {
  const { max } = shares.of(queue);
  const beyond = Float64Array.from(max, (most, c) => Math.max(0, shares.usedOf(queue, c) - most));
  return beyond.some((amount) => amount > 0) ? beyond : undefined;
}

const isBelow = (ctx: PreemptionContext, queue: QueueNode, { pod }: BoundPod): boolean => {
  const leaf = leafOf(ctx, pod, ctx.gangs.get(pod.membership?.gang ?? ''));
  return leaf !== undefined && queue.hasBelow(leaf);
};

/** What must go, in thousandths of it by column. */
class Excess implements RoomSought {
  readonly #all: Vector;
  readonly #left: Float64Array;

  constructor(beyond: Vector) {
    this.#all = beyond;
    this.#left = Float64Array.from(beyond);
  }

  get missing(): number {
    return this.#left.reduce((sum, left, c) => sum + (left > 0 ? Math.ceil((1000 * left) / this.#all[c]!) : 0), 0);
  }

  give(_row: number, vector: Vector): void {
    for (let c = 0; c < this.#left.length; c++) this.#left[c]! -= vector[c] ?? 0;
  }

  take(_row: number, vector: Vector): void {
    for (let c = 0; c < this.#left.length; c++) this.#left[c]! += vector[c] ?? 0;
  }
}

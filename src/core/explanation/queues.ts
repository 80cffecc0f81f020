import type { GangPhase } from '../decision.ts';
import type { ExplanationContext } from './context.ts';
import { phaseOf, type Gang } from '../gang/gang.ts';
import type { ReclaimRules, YieldHours } from '../policy/tenancy.ts';
import type { QueueNode } from '../queue/tree.ts';
import type { Resources } from '../resources.ts';
import { amountsOf, dominantOf, sharedOf, standingOf, type QueueAmounts } from './queue-amounts.ts';

/** One queue of the tree, with what it holds and what it should have. */
export interface QueueSummary extends QueueAmounts {
  /** Names with dots; '' for the root, which holds the whole cluster. */
  readonly path: string;
  /** The path of the queue above it; undefined for the root. */
  readonly parent: string | undefined;
  /** Gangs wait and hold room in leaves only. */
  readonly isLeaf: boolean;
  /** It was made when it was first needed, and goes when it is empty. */
  readonly isMade: boolean;
  readonly weight: number;
  /** Of the queue and all below it. */
  readonly gangs: Readonly<Record<GangPhase, number>>;
  /** Bound pods, and places held for pods. */
  readonly pods: number;
  /** The waiting gang that came first. */
  readonly oldest: { readonly gang: string; readonly sinceMs: number } | undefined;
  /** The largest part of any resource of the cluster that it holds, 0..1, and the resource. */
  readonly dominant: { readonly resource: string; readonly share: number } | undefined;
  /** The resources of which it holds more than it is entitled to. */
  readonly over: readonly string[];
  /** The resources of which it needs more than it holds, and is entitled to more. */
  readonly under: readonly string[];
  readonly reclaim: ReclaimRules;
  /** The hours in which it yields to its siblings, and whether these are such; undefined: it never does. */
  readonly yields: { readonly hours: YieldHours; readonly isNow: boolean } | undefined;
  /** For how long a leaf has been treated unfairly since muster started, in ms; see queue/unfairness.ts. */
  readonly unfairMs: number;
}

/** One queue with its users and the rules that count in it. */
export interface QueueDetail extends QueueSummary {
  /** Those with the largest dominant share first, of the queue and all below it, at most MOST_USERS. */
  readonly users: readonly QueueUser[];
  /** How many users hold something. */
  readonly usersInAll: number;
  readonly limits: QueueLimits;
  /** The paths of the queues directly below it. */
  readonly children: readonly string[];
}

interface QueueUser {
  readonly user: string;
  readonly held: Resources;
  /** Admitted gangs that hold something. */
  readonly gangs: number;
  /** The largest part of any resource of the cluster that the user holds in this queue, 0..1. */
  readonly share: number;
}

/** Infinity: there is no such limit. */
export interface QueueLimits {
  readonly gangs: number;
  readonly pods: number;
  readonly podsPerNamespace: number;
  readonly gangsPerUser: number;
}

/** A detail lists no more users. */
const MOST_USERS = 100;

/** All queues, parents before their children and siblings by name, the root first. O(queues x resources + gangs). */
export function queueSummaries(ctx: ExplanationContext): readonly QueueSummary[] {
  const counts = countGangs(ctx);
  const shared = sharedOf(ctx);
  const out: QueueSummary[] = [];
  const visit = (node: QueueNode): void => {
    out.push(summaryOf(ctx, node, { shared, gangs: counts.get(node) }));
    for (const child of inOrder(node.children)) visit(child);
  };
  visit(ctx.tree.root);
  return out;
}

/** @returns undefined if there is no queue of that path; '' or `root` is the whole cluster. O(gangs + users below it) */
export function queueDetail(ctx: ExplanationContext, path: string): QueueDetail | undefined {
  const node = ctx.tree.find(path) ?? (path === 'root' ? ctx.tree.root : undefined);
  if (!node) return undefined;
  const { running, users } = node.spec;
  const all = usersOf(ctx, node);
  return {
    ...summaryOf(ctx, node, { shared: sharedOf(ctx), gangs: countGangs(ctx).get(node) }),
    users: all.slice(0, MOST_USERS),
    usersInAll: all.length,
    limits: { ...running, gangsPerUser: users.gangs },
    children: inOrder(node.children).map((child) => child.path),
  };
}

interface Counts {
  readonly phases: Record<GangPhase, number>;
  oldest: Gang | undefined;
}

const NO_GANGS: Record<GangPhase, number> = { waiting: 0, starting: 0, running: 0, degraded: 0 };

/** Of every queue that has gangs, or has some below it. */
function countGangs({ gangs }: ExplanationContext): ReadonlyMap<QueueNode, Counts> {
  const counts = new Map<QueueNode, Counts>();
  for (const gang of gangs.values()) {
    const phase = phaseOf(gang);
    for (let node: QueueNode | undefined = gang.queue; node; node = node.parent) {
      let one = counts.get(node);
      if (!one) counts.set(node, (one = { phases: { ...NO_GANGS }, oldest: undefined }));
      one.phases[phase]++;
      if (phase === 'waiting' && isOlder(gang, one.oldest)) one.oldest = gang;
    }
  }
  return counts;
}

const isOlder = (gang: Gang, other: Gang | undefined): boolean =>
  !other || gang.firstAskMs < other.firstAskMs || (gang.firstAskMs === other.firstAskMs && gang.key < other.key);

interface Known {
  readonly shared: readonly number[];
  /** undefined: it has none. */
  readonly gangs: Counts | undefined;
}

function summaryOf(ctx: ExplanationContext, node: QueueNode, { shared, gangs }: Known): QueueSummary {
  const { path, parent, isLeaf, isMade, spec, holds } = node;
  const oldest = gangs?.oldest;
  // The cluster takes nothing from itself, and without queues in the file nobody takes anything.
  const isReclaiming = parent !== undefined && ctx.tree.isConfigured;
  return {
    path,
    parent: parent?.path,
    isLeaf,
    isMade,
    weight: spec.weight,
    ...amountsOf(ctx, node, shared),
    gangs: gangs?.phases ?? NO_GANGS,
    pods: holds.parts,
    oldest: oldest && { gang: oldest.key, sinceMs: oldest.firstAskMs },
    dominant: dominantOf(ctx, holds, shared),
    ...standingOf(ctx, node, shared),
    reclaim: isReclaiming ? node.reclaim : { ...node.reclaim, mode: 'off' },
    yields: spec.yields && { hours: spec.yields, isNow: ctx.shares.isYielding(node) },
    unfairMs: ctx.unfairness.ofQueue(node),
  };
}

function usersOf(ctx: ExplanationContext, node: QueueNode): QueueUser[] {
  const { columns } = ctx.cluster;
  const shared = sharedOf(ctx);
  const byName = new Map<string, { vector: Float64Array; gangs: number }>();
  for (const { users, isLeaf } of ctx.tree.nodes(node))
    // A queue above counts its users once more if it limits them.
    for (const [user, { vector, gangs }] of isLeaf ? users : []) {
      let one = byName.get(user);
      if (!one) byName.set(user, (one = { vector: new Float64Array(columns.size), gangs: 0 }));
      vector.forEach((amount, c) => (one.vector[c]! += amount));
      one.gangs += gangs;
    }
  const all = [...byName].map(([user, { vector, gangs }]): QueueUser => {
    const share = dominantOf(ctx, { vector }, shared)?.share ?? 0;
    return { user, held: columns.amounts(vector), gangs, share };
  });
  return all.sort((a, b) => b.share - a.share || (a.user < b.user ? -1 : 1));
}

const inOrder = (nodes: Iterable<QueueNode>): QueueNode[] =>
  [...nodes].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));

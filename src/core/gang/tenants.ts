import type { PodInfo } from '../model.ts';
import { routeOf, routeOfSingle, type Applicant, type Route } from '../queue/route.ts';
import type { Waiting } from '../queue/shares.ts';
import type { QueueNode, QueueTree } from '../queue/tree.ts';
import type { Account } from '../queue/usage.ts';
import { isAskedAbout } from './blocking.ts';
import type { GangContext, GangContextView } from './context.ts';
import { isAdmitted, isForRoom, refusalOf, type Gang } from './gang.ts';
import { noteWithheld } from './metering.ts';

/** Brings the queues' shares up to date, unless that was done a moment ago. */
export function refreshShares(ctx: GangContext, nowMs: number): void {
  if (!ctx.shares.isDue(ctx, nowMs)) return;
  ctx.shares.refresh(ctx, demanding(ctx, nowMs), nowMs);
  noteWithheld(ctx);
}

/**
 * The waiting gangs that could start if their queue had room (others would hold a share that nobody uses), and places
 * that running gangs have lost.
 */
function* demanding(ctx: GangContextView, nowMs: number): Generator<Waiting> {
  for (const gang of ctx.queues.waiting()) if (isDemand(gang, nowMs)) yield gang;
  for (const [key, roles] of ctx.ledger.unplaced) {
    const gang = ctx.gangs.get(key);
    if (!gang || !isAdmitted(gang)) continue;
    for (const { slots } of roles.values()) for (const { vector } of slots) yield { queue: gang.queue, ask: vector };
  }
}

/**
 * Limits of the queue itself bound its demand already; all others make a gang one that cannot start. A gang for which
 * muster knows no room is demand however long ago it was asked about: kube-scheduler asks about no pod for which no node
 * is left, as in a full cluster.
 */
function isDemand(gang: Gang, nowMs: number): boolean {
  const refusal = refusalOf(gang);
  if (gang.state.kind !== 'waiting' || refusal?.kind === 'unschedulable' || refusal?.kind === 'incomplete')
    return false;
  if (refusal?.kind === 'quota' && (refusal.limit !== 'max' || refusal.isNever)) return false;
  return isForRoom(gang) || isAskedAbout(gang, nowMs);
}

/** Who answers for a gang, and what its owner should know of that. */
export interface GangAccount extends Account {
  /** A sentence: why it is not in the queue that it names; undefined: it is, or names none. */
  readonly note: string | undefined;
}

type Tenants = Pick<GangContextView, 'tree'>;

/** Which queue and which user a leader's gang belongs to. @param named the queue that its declaration names */
export function accountOf({ tree }: Tenants, pod: PodInfo, named: string): GangAccount {
  const { path, ignored } = rememberedRoute(tree, pod, named);
  const leaf = tree.leaf(path, pod.namespace);
  const isThere = leaf.path === path || leaf.path.startsWith(`${path}.`);
  const problem = ignored ?? (isThere ? undefined : `There are too many queues to make ${path}`);
  return { leaf, user: userOf(pod), note: problem && `${problem}; queue ${leaf.path} is used.` };
}

/** Which queue counts a bound pod of no gang: the one that a rule says, unless it stays with its node. */
export function accountOfSingle({ tree }: Tenants, pod: PodInfo): Account | undefined {
  if (pod.evictionTraits?.isPinned || tree.tenancy.rules.length === 0) return undefined;
  const path = routeOfSingle(tree, applicantOf(pod, undefined));
  if (path === undefined) return undefined;
  const leaf = tree.leaf(path, pod.namespace);
  return singlesIn(leaf) === 'ignore' ? undefined : { leaf, user: userOf(pod) };
}

/** What happens to pods of no gang in the queue: what it says, or else the first queue above that says something. */
export function singlesIn(leaf: QueueNode): QueueNode['spec']['singles'] {
  for (let node: QueueNode | undefined = leaf; node; node = node.parent)
    if (node.spec.singles !== 'count') return node.spec.singles;
  return 'count';
}

const userOf = ({ recurrence, namespace }: PodInfo): string => recurrence?.user ?? namespace;

const applicantOf = (pod: PodInfo, dialect: string | undefined): Applicant => ({
  namespace: pod.namespace,
  labels: pod.labels,
  user: userOf(pod),
  dialect,
});

interface Remembered {
  readonly tree: QueueTree;
  readonly named: string;
  readonly route: Route;
}

/** A leader is routed at every question about it, and it is the same object until it changes. */
const remembered = new WeakMap<PodInfo, Remembered>();

function rememberedRoute(tree: QueueTree, pod: PodInfo, named: string): Route {
  const last = remembered.get(pod);
  if (last?.tree === tree && last.named === named) return last.route;
  const route = routeOf(tree, applicantOf(pod, pod.membership?.dialect), named);
  remembered.set(pod, { tree, named, route });
  return route;
}

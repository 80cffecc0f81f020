import { accountOf } from '../gang/tenants.ts';
import { isAdmitted, missingLeaders, type Gang } from '../gang/gang.ts';
import { leaderNeeds, siblingRows } from '../gang/needs.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import type { QueueNode } from '../queue/tree.ts';
import type { Slices } from '../work.ts';
import { inNoNewQueue } from './no-new-queue.ts';
import { isLimited, startsNowTest } from './starts-now.ts';

/** So many queues are looked at, those first in which the gang would be furthest below the entitlement. */
const MOST_LOOKED_AT = 50;
/** In so many of them it is tried, which plans for those ahead. */
const MOST_TRIED = 3;

/**
 * The queues of the file that are open to a waiting gang and in which it would start now if it were submitted there.
 * Plans for at most MOST_TRIED lines, with a pause after each.
 */
export function* otherQueues(ctx: PreemptionContextView, gang: Gang, nowMs: number): Slices<readonly string[]> {
  const out: string[] = [];
  if (!ctx.tree.isConfigured || isAdmitted(gang) || missingLeaders(gang) > 0 || ctx.hold !== undefined) return out;
  if (!hasRoom(ctx, gang)) return out;
  let tried = 0;
  for (const queue of nearest(ctx, gang)) {
    if (tried === MOST_TRIED) break;
    const there = { ...gang, queue };
    if (isLimited(ctx, there) || !isOpen(ctx, gang, queue)) continue;
    tried++;
    if (startsNowTest(ctx, there, nowMs)(there)) out.push(queue.path);
    yield undefined;
  }
  return out;
}

function hasRoom({ cluster, planner }: PreemptionContextView, gang: Gang): boolean {
  const needs = leaderNeeds(cluster, gang);
  return planner.plan({ needs, policy: gang.policy, siblings: siblingRows(cluster, gang) }).kind === 'placed';
}

/** Leaves that the file names, other than the gang's own. */
function nearest({ tree, shares }: PreemptionContextView, { queue: own, ask }: Gang): QueueNode[] {
  const leaves = [...tree.nodes()].filter((node) => node.isLeaf && !node.isMade && node !== own);
  const ranked = leaves.map((node) => ({ node, saturation: shares.saturationAt(node, ask) }));
  ranked.sort((a, b) => a.saturation - b.saturation || (a.node.path < b.node.path ? -1 : 1));
  return ranked.slice(0, MOST_LOOKED_AT).map(({ node }) => node);
}

/** Whether the gang would be in that queue if it named it. */
const isOpen = (ctx: PreemptionContextView, { leader }: Gang, queue: QueueNode): boolean =>
  inNoNewQueue(
    ctx,
    () => accountOf(ctx, leader, queue.path),
    ({ leaf }) => leaf,
  ).leaf === queue;

/** The queues in a sentence. */
export const otherQueuesText = (paths: readonly string[]): string[] =>
  paths.length === 0 ? [] : [`In queue ${paths.join(' or ')} it would start now.`];

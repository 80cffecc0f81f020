import type { ClusterView } from '../cluster/cluster.ts';
import { blockerOf } from '../gang/blocking.ts';
import type { GangContext } from '../gang/context.ts';
import { missingResource, type Obstacle } from '../gang/feasibility.ts';
import type { Gang, Refusal } from '../gang/gang.ts';
import { limitOn } from '../gang/limits.ts';
import { countRunning, leaderNeeds } from '../gang/needs.ts';
import { foundPossible, refuse } from '../gang/transitions.ts';
import type { Need } from '../placement/need.ts';

/** How many gangs ahead may still be examined, in one question or in one round of admission. */
export interface Examinations {
  left: number;
}

/** With more impossible gangs in a row than this, the next question goes on where this one ended. */
export const EXAMINATIONS = 4;

/**
 * The first gang ahead of this one in its queue that blocks those behind it. A gang that would block is examined first
 * if it is not known that the empty cluster could hold it, or a limit is in its way: then it is told so and blocks nobody.
 */
export function findBlocker(ctx: GangContext, gang: Gang, nowMs: number, examinations: Examinations): Gang | undefined {
  for (;;) {
    const blocker = blockerOf(ctx.queues, gang, nowMs);
    if (!blocker || isKnownToBlock(ctx, blocker) || examinations.left === 0) return blocker;
    examinations.left--;
    examine(ctx, blocker);
  }
}

/** Whether a gang that would block could start if there were room, as far as is known without a new examination. */
export const isKnownToBlock = (ctx: GangContext, blocker: Gang): boolean =>
  isKnownPossible(ctx.cluster, blocker) && limitOn(ctx, blocker) === undefined;

/** Whether the empty cluster could hold the gang, as it stands and without a new examination. */
export const isKnownPossible = (cluster: ClusterView, { key, possible }: Gang): boolean =>
  possible?.shrunk === cluster.table.shrunk && possible.members === cluster.boundMembers(key).size;

function examine(ctx: GangContext, gang: Gang): void {
  // A limit may have been reached since it was refused for want of room.
  const limit = limitOn(ctx, gang);
  if (limit) return void refuse(ctx, gang, limit);
  const needs = leaderNeeds(ctx.cluster, gang);
  const obstacle = ctx.feasibility.obstacle(gang, needs);
  if (obstacle) refuse(ctx, gang, unschedulable(ctx.cluster, gang, needs, obstacle));
  else foundPossible(ctx, gang);
}

/** The refusal of a gang that the empty cluster could not hold. The reason has no figures: it must not change by itself. */
export function unschedulable(
  cluster: ClusterView,
  gang: Gang,
  needs: readonly Need[],
  obstacle: Obstacle,
): Extract<Refusal, { kind: 'unschedulable' }> {
  const reason = `cannot start on this cluster: ${because(cluster, gang, needs, obstacle)}`;
  const { table } = cluster;
  return {
    kind: 'unschedulable',
    reason,
    roomPosition: table.roomLog.position,
    growthPosition: table.growthLog.position,
    running: countRunning(cluster, gang),
  };
}

function because(cluster: ClusterView, gang: Gang, needs: readonly Need[], obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'no node':
      return `no node meets the constraints of role ${needs[obstacle.need]!.role}`;
    case 'role': {
      const need = needs[obstacle.need]!;
      const missing = missingResource(cluster, gang, need);
      return missing === undefined
        ? `even the empty cluster has too little room for role ${need.role}`
        : `no node for role ${need.role} has resource ${missing}`;
    }
    case 'topology':
      return `even empty, no single ${gang.policy.topology.keys.join(' or ')} has room for the whole gang`;
    case 'together':
      return 'even the empty cluster has too little room for all its members together';
  }
}

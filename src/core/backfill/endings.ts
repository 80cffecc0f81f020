import { staysWithNode, type ClusterView } from '../cluster/cluster.ts';
import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { forecastOf } from '../gang/run-identity.ts';
import type { FreedRoom } from '../placement/need.ts';

/** When a gang that holds room is expected to give it back, in ms; Infinity: nobody knows. */
export interface Ending {
  readonly gang: Gang;
  readonly atMs: number;
}

/** The ends of all gangs that hold room, the earliest first. @param share how many of such runs end before */
export function endingsOf(ctx: GangContextView, share: number, nowMs: number): readonly Ending[] {
  const endings: Ending[] = [];
  for (const gang of ctx.gangs.values()) {
    if (gang.slots.length === 0 && ctx.cluster.boundMembers(gang.key).size === 0) continue;
    const atMs = endOf(ctx, gang, share, nowMs);
    if (atMs < Infinity) endings.push({ gang, atMs });
  }
  return endings.sort((a, b) => a.atMs - b.atMs || (a.gang.key < b.gang.key ? -1 : 1));
}

/** Since when the gang that holds room runs, in ms; one that is about to: from now on. */
export const ranSince = ({ ranSinceMs, startedMs }: Gang, nowMs: number): number =>
  Math.min(nowMs, ranSinceMs ?? startedMs ?? nowMs);

/** When this share of such runs has ended, of those that take as long as the gang has run already, in ms. */
export function endOf(ctx: GangContextView, gang: Gang, share: number, nowMs: number): number {
  const sinceMs = ranSince(gang, nowMs);
  return sinceMs + forecastOf(ctx, gang).endsWithin(share, nowMs - sinceMs);
}

/** The room that the gang gives back when it ends: that of its members and of its slots. */
export function heldBy(cluster: ClusterView, { key, slots }: Gang): readonly FreedRoom[] {
  const held: FreedRoom[] = [];
  // Of a large cluster all pods are looked at: a callback costs half of what a generator does.
  cluster.boundMembers(key).forEach((bound) => {
    if (bound.row >= 0 && !bound.isLeaving && !staysWithNode(bound)) held.push(bound);
  });
  for (const { state, node, vector } of slots) {
    if (state !== 'reserved' && state !== 'assumed') continue;
    const row = cluster.table.rowOf(node);
    if (row !== undefined) held.push({ row, vector });
  }
  return held;
}

import type { GangPhase, SchedulerStats } from './decision.ts';
import type { GangContext } from './gang/context.ts';
import { phaseOf } from './gang/gang.ts';
import type { Resources } from './resources.ts';

/** What is held for members that are not bound. */
export function reservedOf({ cluster: { columns }, ledger, gangs }: GangContext): Resources {
  const reserved = new Float64Array(columns.size);
  for (const gang of gangs.values()) {
    for (const { state, vector } of gang.slots) {
      if (state === 'reserved' || state === 'assumed') vector.forEach((amount, c) => (reserved[c]! += amount));
    }
  }
  for (const { vector } of ledger.elasticHolds.values()) vector.forEach((amount, c) => (reserved[c]! += amount));
  return columns.amounts(reserved);
}

/** Counts everything anew: for a metrics scrape, not for every decision. */
export function statsOf(ctx: GangContext, synced: boolean, lastEventMs: number | undefined): SchedulerStats {
  const { cluster, gangs: known, evictions } = ctx;
  const { table, columns } = cluster;
  const gangs: Record<GangPhase, number> = { waiting: 0, starting: 0, running: 0, degraded: 0 };
  for (const gang of known.values()) gangs[phaseOf(gang)]++;
  const sum = (column: Float64Array) => column.reduce((total, amount) => total + amount, 0);
  return {
    synced,
    nodes: table.size,
    pods: cluster.boundPods.size,
    gangs,
    victims: evictions.beneficiary.size,
    reserved: reservedOf(ctx),
    free: columns.amounts(Float64Array.from(table.free, sum)),
    allocatable: columns.amounts(Float64Array.from(table.allocatable, sum)),
    lastEventMs,
  };
}

/** Pending leaders, and pods to which a place was answered. */
export function claimantsOf({ cluster, gangOfLeader, gangs, ledger, problems }: GangContext): readonly string[] {
  const uids = new Set([...gangOfLeader.keys(), ...ledger.elasticHolds.keys(), ...problems.keys()]);
  for (const { slots } of gangs.values())
    for (const { state, podUid } of slots) if (state === 'assumed') uids.add(podUid);
  return [...uids].filter((uid) => cluster.boundPod(uid) === undefined);
}

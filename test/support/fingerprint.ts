import type { ChangeLog } from '../../src/core/cluster/change-log.ts';
import type { StateView } from '../../src/core/state.ts';

/** How much of each change log is compared: all that it remembers is more than any test writes. */
const LOG_ENTRIES = 4096;

function logOf(log: ChangeLog): readonly number[] {
  const from = Math.max(0, log.position - LOG_ENTRIES);
  return [log.position, ...Array.from({ length: log.position - from }, (_, i) => log.at(from + i))];
}

/** Everything that the scheduler knows, the change logs included, as a text: equal texts are equal states. */
export function fingerprintOf(state: StateView, nowMs: number): string {
  const { cluster, ledger, evictions, nominated, gangs, queues } = state;
  const { table, columns } = cluster;
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  const nodes = rows.map((row) => ({
    node: table.nodeAt(row),
    free: table.free.map((column) => column[row]),
    empty: table.empty.map((column) => column[row]),
    allocatable: table.allocatable.map((column) => column[row]),
    holds: cluster.holdsAt(row),
    leaders: cluster.leadersAt[row],
    slots: [...ledger.slotsAt(table.nameAt(row))],
  }));
  const whole = {
    columns: columns.names,
    nodes,
    logs: [table.shapeLog, table.roomLog, table.rowLog, table.growthLog].map(logOf),
    shrunk: table.shrunk,
    bound: [...cluster.boundPods.values()],
    held: [...cluster.heldRows],
    elastic: [...ledger.podHolds.values()],
    unplaced: [...ledger.unplaced],
    gangs: [...gangs.values()].map((gang) => ({ ...gang, policy: gang.policy.name })),
    leaders: [...state.gangOfLeader].map(([uid, { key }]) => [uid, key]),
    queues: queues.inAdmissionOrder().map(({ key }) => key),
    usage: [...state.tree.nodes()].map(({ path, holds }) => [
      path,
      holds.parts,
      holds.gangs,
      [...holds.vector],
      [...holds.leaving],
    ]),
    inFlight: [state.inFlight.total, [...state.inFlight.pods], state.inFlight.holds],
    nominated: nominated.holds,
    planned: [...evictions.planned].map(({ key }) => key),
    beneficiaries: [...evictions.beneficiary].map(([uid, { key }]) => [uid, key]),
    recent: evictions.lately(nowMs),
    losses: [...gangs.keys()].map((key) => evictions.lastLossMs(key)),
    overclaims: [...gangs.values()].map(({ spec }) => state.overclaims.at(spec.namespace, nowMs)),
    returned: [...gangs.keys()].map((key) => state.loans.hasReturned(key)),
    reclaimed: [...gangs.keys()].map((key) => state.reclaims.pausesUntil('needed', key)),
    problems: [...state.problems],
    classes: [...state.classes],
    early: [...state.early.keys()],
    written: [...state.writtenPlans.keys()],
    awaited: state.outcomes.size,
    flags: [state.hold, state.isFollowing, state.isSynced, state.lastEventMs],
  };
  return JSON.stringify(whole, (_key, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...value] : value,
  );
}

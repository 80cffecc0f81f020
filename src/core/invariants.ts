import { staysWithNode, type ClusterView } from './cluster/cluster.ts';
import { MusterError } from './errors.ts';
import { isAdmitted, isFreeing, planOf, type Gang } from './gang/gang.ts';
import type { Slot } from './gang/slot.ts';
import { checkMeter } from './invariants-meter.ts';
import { Recounted } from './queue/recount.ts';
import { Tally } from './queue/tally.ts';
import type { StateView } from './state.ts';

/**
 * What must hold after every event and every answer:
 *  1. `free` and `empty` equal a recount from scratch, and so do the holds per row;
 *  2. nothing that muster holds and can still move (reserved slots) stands where there is not room for it;
 *  3. each slot is in one gang and one state, with the pod and the node that the state says; those without a place are
 *     listed, and no others; no pod has two slots, and none takes room twice: bound, in an assumed slot, in a hold of its
 *     own, or in flight;
 *  4. a gang has a leader; it stands in its queue unless it is admitted, and neither holds anything nor runs while it
 *     waits;
 *  5. every pod that leaves makes room for one gang, which waits for it, or for one single pod;
 *  6. everything that is in use is metered once, with the queue that answers for it;
 *  7. what each queue, user, namespace and group of namespaces holds equals a recount of bound pods, slots and pod holds,
 *     and so does what nobody answers for and what all slots and pod holds hold together; a gang counts in its own queue;
 *  8. whose pods are on which node, and how many addresses they have, equals a recount.
 * @throws MusterError MUSTER_INVARIANT_BROKEN
 */
export function checkInvariants(ctx: StateView): void {
  const { cluster, ledger, gangs, inFlight } = ctx;
  const expected = recount(cluster);
  const byPod = new Map<string, Slot>();
  for (const gang of gangs.values()) {
    checkGang(gang, ctx);
    for (const slot of gang.slots) {
      checkSlot(slot, ctx);
      if (slot.podUid !== '') {
        if (byPod.has(slot.podUid)) broken(`pod ${slot.podUid} has two slots of ${slot.gang}.`);
        byPod.set(slot.podUid, slot);
      }
      if (slot.state === 'reserved' || slot.state === 'assumed') expected.take(slot.node, slot.vector);
    }
  }
  for (const gang of gangs.values())
    for (const { node, vector } of planOf(gang)?.withheld ?? []) expected.take(node, vector);
  for (const { node, vector } of [...ctx.nominated.holds, ...inFlight.holds]) expected.take(node, vector);
  for (const { podUid, node, vector } of ledger.podHolds.values()) {
    if (byPod.has(podUid)) broken(`pod ${podUid} has a slot and a hold.`);
    if (cluster.boundPod(podUid)) broken(`pod ${podUid} is bound and has a hold.`);
    expected.take(node, vector);
  }
  for (const uid of inFlight.pods) {
    if (byPod.has(uid) || ledger.podHoldOf(uid) || cluster.boundPod(uid)) broken(`pod ${uid} is placed and in flight.`);
  }
  checkUnplaced(ctx);
  checkVictims(ctx);
  checkUsage(ctx);
  checkMeter(ctx);
  const row = cluster.occupancy.mistakenRow;
  if (row !== undefined) broken(`node ${cluster.table.nameAt(row)} is occupied by others than was counted.`);
  expected.compare();
}

function checkUnplaced({ ledger, gangs }: StateView): void {
  let listed = 0;
  for (const roles of ledger.unplaced.values()) for (const { slots } of roles.values()) listed += slots.size;
  for (const { slots } of gangs.values()) {
    for (const slot of slots) {
      if (slot.state !== 'unplaced') continue;
      listed--;
      const known = ledger.unplaced.get(slot.gang)?.get(slot.role);
      if (!known?.slots.has(slot)) broken(`a slot of ${slot.gang} for ${slot.role} is unplaced and not listed.`);
      if (known.least.some((amount, c) => amount > (slot.vector[c] ?? 0)))
        broken(`a slot of ${slot.gang} for ${slot.role} asks less than is listed for its role.`);
    }
  }
  if (listed !== 0) broken(`${listed} slots are listed as unplaced and are not.`);
}

function checkVictims({ cluster, nominated, evictions: { beneficiary, planned } }: StateView): void {
  for (const { pod, isLeaving } of cluster.boundPods.values()) {
    if (isLeaving !== (beneficiary.has(pod.uid) !== nominated.isVictim(pod.uid)))
      broken(`pod ${pod.uid} leaves for nobody, or stays for somebody.`);
  }
  for (const [uid, gang] of beneficiary) {
    if (!isFreeing(gang) || !gang.state.plan.left.has(uid) || !planned.has(gang))
      broken(`gang ${gang.key} does not wait for ${uid}.`);
    if (!cluster.boundPod(uid)) broken(`gang ${gang.key} waits for ${uid}, which is gone.`);
  }
}

function broken(what: string): never {
  throw new MusterError('MUSTER_INVARIANT_BROKEN', what);
}

function checkGang(gang: Gang, { queues, gangOfLeader, evictions }: StateView): void {
  const { key, state } = gang;
  if (gang.leaderUids.size === 0) broken(`gang ${key} has no leader and is not over.`);
  for (const uid of gang.leaderUids) if (gangOfLeader.get(uid) !== gang) broken(`leader ${uid} is not indexed.`);
  if (state.kind === 'waiting' && gang.slots.length > 0)
    broken(`gang ${key} waits and holds ${gang.slots.length} slots.`);
  if (isAdmitted(gang) === (queues.get(key) === gang)) broken(`gang ${key} is ${state.kind} and its queue disagrees.`);
  if (gang.ranSinceMs !== undefined && !isAdmitted(gang)) broken(`gang ${key} waits and runs.`);
  if (isFreeing(gang) && !evictions.planned.has(gang)) broken(`gang ${key} has a plan that is not indexed.`);
}

/** What the cluster and the ledger told the usage, against what they have. */
function checkUsage(ctx: StateView): void {
  const { cluster, ledger, gangs, tree, usage } = ctx;
  const expected = new Recounted(ctx, broken);
  for (const { pod, vector, isLeaving } of cluster.boundPods.values()) {
    const gang = pod.membership?.gang;
    if (gang === undefined) expected.single(pod, vector, isLeaving);
    else expected.gangPart(gang, { vector, isLeaving });
  }
  const holds = [...ledger.podHolds.values()];
  for (const { slots } of gangs.values())
    holds.push(...slots.filter(({ state }) => state === 'reserved' || state === 'assumed'));
  const all = new Tally();
  for (const { gang, vector } of holds) {
    all.hold(vector, 1);
    expected.gangPart(gang, { vector, isHeld: true });
  }
  cluster.columns.names.forEach((column, c) => {
    const [counted, recounted] = [ledger.held[c] ?? 0, all.vector[c] ?? 0];
    if (counted !== recounted) broken(`all slots hold ${counted} ${column}; a recount gives ${recounted}.`);
  });
  for (const node of tree.nodes()) {
    expected.compare(`queue ${node.path}`, node.holds);
    for (const [user, tally] of node.users) expected.compare(`user ${user} of queue ${node.path}`, tally);
  }
  for (const [namespace, tally] of usage.namespaces) expected.compare(`namespace ${namespace}`, tally);
  for (const [group, tally] of usage.groups) expected.compare(`group ${group}`, tally);
  expected.compare('nobody', usage.uncounted);
  const [missing] = expected.left;
  if (missing !== undefined) broken(`${missing} holds something and has no count.`);
  for (const gang of gangs.values()) {
    const owner = usage.ownerOf(gang.key);
    if (owner?.leaf !== gang.queue || owner.user !== gang.user)
      broken(`gang ${gang.key} is in queue ${gang.queue.path} and counts in ${owner?.leaf.path}.`);
  }
}

function checkSlot(slot: Slot, { cluster, ledger }: StateView): void {
  const where = `a slot of ${slot.gang} for ${slot.role}`;
  const hasPod = slot.state === 'assumed' || slot.state === 'bound';
  if (hasPod !== (slot.podUid !== '')) broken(`${where} is ${slot.state} and has pod "${slot.podUid}".`);
  if (hasPod && ledger.slotOf(slot.podUid) !== slot) broken(`${where} is not indexed by its pod ${slot.podUid}.`);
  if ((slot.state === 'unplaced') !== (slot.node === '')) broken(`${where} is ${slot.state} and at "${slot.node}".`);
  if (slot.node !== '' && !ledger.slotsAt(slot.node).has(slot))
    broken(`${where} is not indexed by its node ${slot.node}.`);
  if (slot.state === 'assumed' && cluster.boundPod(slot.podUid)) broken(`${where} waits for a pod that is bound.`);
  if (slot.state === 'bound' && cluster.boundPod(slot.podUid)?.node !== slot.node) {
    broken(`${where} is bound at ${slot.node}, and its pod ${slot.podUid} is not.`);
  }
  if (slot.state !== 'reserved') return;
  const row = cluster.table.rowOf(slot.node);
  if (row === undefined) broken(`${where} is reserved at ${slot.node}, which is gone.`);
  slot.vector.forEach((amount, c) => {
    if (amount > 0 && cluster.table.free[c]![row]! < 0)
      broken(`${where} is reserved at ${slot.node}, which is over its ${cluster.columns.names[c]}.`);
  });
}

interface Recount {
  take(node: string, vector: Float64Array): void;
  compare(): void;
}

/** `free` and `empty` from allocatable and bound pods; then, after all holds were taken, the comparison with the table. */
function recount(cluster: ClusterView): Recount {
  const { table, columns } = cluster;
  const copy = () => columns.names.map((_, c) => table.allocatable[c]!.slice());
  const [free, empty] = [copy(), copy()];
  const holds = new Int32Array(table.rows);
  const subtract = (node: string, vector: Float64Array): number | undefined => {
    const row = table.rowOf(node);
    if (row !== undefined) vector.forEach((amount, c) => (free[c]![row]! -= amount));
    return row;
  };
  for (const bound of cluster.boundPods.values()) {
    const { pod, node, row, vector, isLeaving } = bound;
    if (staysWithNode(bound)) vector.forEach((amount, c) => (empty[c]![row]! -= amount));
    if (row !== (table.rowOf(node) ?? -1))
      broken(`pod ${pod.uid} is booked in row ${row}, which is not that of ${node}.`);
    if (!isLeaving) subtract(node, vector);
  }
  return {
    take(node, vector) {
      const row = subtract(node, vector);
      if (row === undefined) broken(`room is held at ${node}, which is gone.`);
      holds[row]!++;
    },
    compare() {
      for (let row = 0; row < table.rows; row++) {
        if (!table.nodeAt(row)) continue;
        const name = table.nameAt(row);
        if (holds[row] !== cluster.holdsAt(row))
          broken(`${name} counts ${cluster.holdsAt(row)} holds; there are ${holds[row]}.`);
        columns.names.forEach((column, c) => {
          if (free[c]![row] !== table.free[c]![row])
            broken(`${name} counts ${table.free[c]![row]} free ${column}; a recount gives ${free[c]![row]}.`);
          if (empty[c]![row] !== table.empty[c]![row])
            broken(`${name} counts ${table.empty[c]![row]} ${column} when empty; a recount gives ${empty[c]![row]}.`);
        });
      }
    },
  };
}

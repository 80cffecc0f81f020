import { PARTS } from './account/prices.ts';
import { ROOM_STATES } from './account/states.ts';
import { MusterError } from './errors.ts';
import type { StateView } from './state.ts';

type Levels = Map<string, Float64Array>;

/**
 * The levels of the meter against a recount: bound pods that do not leave, slots and pod holds, at nodes that are there.
 * @throws MusterError MUSTER_INVARIANT_BROKEN
 */
export function checkMeter(ctx: StateView): void {
  const { cluster, ledger, gangs, meter } = ctx;
  const expected: Levels = new Map();
  const size = cluster.columns.size;
  const add = (key: string, vector: Float64Array, node: string) => {
    if (!meter.nodes.get(node)) return;
    const sum = expected.get(key) ?? new Float64Array(size);
    vector.forEach((amount, c) => (sum[c]! += amount));
    expected.set(key, sum);
  };
  const hold = (key: string, vector: Float64Array, node: string) => {
    const gang = gangs.get(key);
    // What is left of a gang that is over stays with a queue that only the meter knows.
    if (gang) add(`${gang.queue.path} held`, vector, node);
  };
  for (const { pod, node, vector, isLeaving } of cluster.boundPods.values()) {
    const gang = gangs.get(pod.membership?.gang ?? '');
    if (gang && !isLeaving) add(`${gang.queue.path} ${meter.stateOf(gang.key)}`, vector, node);
  }
  for (const { gang, node, vector } of ledger.podHolds.values()) hold(gang, vector, node);
  for (const { slots } of gangs.values())
    for (const { gang, state, node, vector } of slots)
      if (state === 'reserved' || state === 'assumed') hold(gang, vector, node);
  compare(ctx, expected);
  checkNodes(ctx);
}

/** A queue has at least what its gangs have: what is left of gangs that are over, and pods of no gang, come to that. */
function compare({ cluster, meter }: StateView, expected: Levels): void {
  for (const { path, states } of meter.rows) {
    for (const state of ROOM_STATES) {
      const vector = expected.get(`${path} ${state}`);
      for (const [c, name] of cluster.columns.names.entries()) {
        const [counted, recounted] = [states[state].level[c] ?? 0, vector?.[c] ?? 0];
        if (counted < recounted)
          broken(`queue ${path} meters ${counted} ${name} ${state}; a recount gives ${recounted}.`);
      }
      expected.delete(`${path} ${state}`);
    }
  }
  const [missing] = expected.keys();
  if (missing !== undefined) broken(`the meter does not know of ${missing}.`);
}

/** All that is in use on nodes is in a state of a queue, or overhead; the price of every node counts once. */
function checkNodes({ cluster, ledger, meter }: StateView): void {
  const { columns, table, boundPods } = cluster;
  const used = new Float64Array(columns.size);
  const metered = new Float64Array(columns.size);
  for (const { node, vector, isLeaving } of boundPods.values())
    if (!isLeaving && table.rowOf(node) !== undefined) vector.forEach((amount, c) => (used[c]! += amount));
  ledger.held.forEach((amount, c) => (used[c]! += amount));
  const rooms = [meter.overhead, ...[...meter.rows].flatMap(({ states }) => ROOM_STATES.map((state) => states[state]))];
  for (const { level } of rooms) level.forEach((amount, c) => (metered[c]! += amount));
  columns.names.forEach((name, c) => {
    if (used[c] !== metered[c]) broken(`${metered[c]} ${name} are metered; ${used[c]} are in use.`);
  });
  const rate = rooms.reduce((sum, room) => sum + room.rate, 0);
  let [ofNodes, bill, stranded] = [0, 0, 0];
  for (let row = 0; row < table.rows; row++) {
    const room = meter.nodes.get(table.nameAt(row));
    ofNodes += room?.rate ?? 0;
    bill += room?.price.perHour ?? 0;
    stranded += room?.stranded ?? 0;
  }
  if (rate !== ofNodes) broken(`queues pay ${rate / PARTS} an hour; on nodes ${ofNodes / PARTS} are in use.`);
  if (bill !== meter.nodes.capacity.rate) broken(`the bill is ${meter.nodes.capacity.rate}; nodes cost ${bill}.`);
  if (stranded !== meter.nodes.stranded.rate)
    broken(`the meter strands ${meter.nodes.stranded.rate}, not ${stranded}.`);
}

function broken(what: string): never {
  throw new MusterError('MUSTER_INVARIANT_BROKEN', what);
}

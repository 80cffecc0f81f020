import type { BackfillContext } from '../backfill/context.ts';
import type { FilterAnswer } from '../decision.ts';
import type { GangContext } from '../gang/context.ts';
import { refOf, type Gang } from '../gang/gang.ts';
import { rowFor } from '../gang/healing.ts';
import { needOf, siblingRows } from '../gang/needs.ts';
import type { Slot } from '../gang/slot.ts';
import type { ClusterView } from '../cluster/cluster.ts';
import type { Candidates, GangPod } from '../model.ts';
import type { Need, RowTest } from '../placement/need.ts';
import { offeredRows } from '../placement/sample.ts';
import type { Policy } from '../policy/policy.ts';
import type { Vector } from '../resources.ts';

/** Whether the need's strategy fills nodes: few in all, and few of them with pods of one gang, which end together. */
export const packs = ({ preference: { strategy } }: Need): boolean =>
  strategy === 'pack' || strategy === 'least-fragmentation';

const TOLERANCES = { pack: 1e-9, 'least-fragmentation': 1e-9, spread: 0.05, weighted: 0.01 } as const;

/** How much less than its own node a strategy may like one that is as good: a fill, or a weighted score. */
export const toleranceOf = ({ preference: { strategy } }: Need): number => TOLERANCES[strategy];

/** Whether pods are on the node that go before it does, or room is held there. */
export const isUsed = ({ table, columns: { pods } }: ClusterView, row: number): boolean =>
  table.free[pods]![row]! < table.empty[pods]![row]!;

/**
 * Brings a slot whose node is not in the sample to one that is, where nothing is lost by that: it changes places with an
 * open slot of its role, or moves. @returns whether it did
 */
export function bringIntoSample(ctx: BackfillContext, gang: Gang, slot: Slot, { vector, candidates }: Asked): boolean {
  if (holdsSame(slot, vector) && trade(ctx, gang, slot, candidates)) return true;
  return moveWithoutLoss(ctx, gang, slot, { vector, candidates });
}

/** Why a member is refused that is nominated. */
export const AWAITS_ITS_NODE = 'member waits to be offered its node';

/** Refuses a pod whose room is held on a node outside the sample, and has that node nominated for it. */
export function awaitOffer({ nominees, emit }: GangContext, pod: GangPod, node: string, nowMs: number): FilterAnswer {
  if (nominees.refused(pod, node, nowMs)) emit({ kind: 'nominate', gang: pod.membership.gang, pod: refOf(pod), node });
  return { kind: 'none', reason: AWAITS_ITS_NODE };
}

/** Changes places with an open slot of the same role that is on an offered node. */
function trade(ctx: BackfillContext, gang: Gang, slot: Slot, candidates: Candidates): boolean {
  const isMate = ({ role, state, vector, node }: Slot) =>
    role === slot.role && state === 'reserved' && holdsSame(slot, vector) && candidates.has(node);
  const mate = gang.slots.find(isMate);
  if (mate) ctx.ledger.trade(slot, mate);
  return mate !== undefined;
}

function holdsSame({ vector }: Slot, other: Vector): boolean {
  if (vector === other) return true;
  for (let c = 0; c < Math.max(vector.length, other.length); c++)
    if ((vector[c] ?? 0) !== (other[c] ?? 0)) return false;
  return true;
}

const needFor = (cluster: ClusterView, gang: Gang, { role, vector }: Slot): Need =>
  needOf(cluster, gang, { role, count: 1, vector });

interface Asked {
  readonly vector: Vector;
  readonly candidates: Candidates;
}

function moveWithoutLoss(ctx: BackfillContext, gang: Gang, slot: Slot, { vector, candidates }: Asked): boolean {
  const { cluster, ledger } = ctx;
  const within = { from: cluster.table.rowOf(slot.node)!, offered: offeredRows(cluster, candidates), vector };
  const row = betterRow(ctx, gang, slot, within);
  if (row === undefined) return false;
  ledger.move(slot, { row, vector, deadlineMs: slot.deadlineMs });
  return true;
}

interface Within {
  /** Where the slot is. */
  readonly from: number;
  readonly offered: RowTest;
  /** What it is to hold there. */
  readonly vector: Vector;
}

/** An offered row that is as good for the slot as its own; undefined: there is none. */
function betterRow(ctx: BackfillContext, gang: Gang, slot: Slot, within: Within): number | undefined {
  const { from, offered, vector } = within;
  const { cluster } = ctx;
  const isNear = inSameDomains(cluster, gang.policy, slot.isLeader, from);
  const limits = ctx.addresses.limits(cluster);
  const isOpen: RowTest = (row) =>
    isNear(row) &&
    limits.every(({ of, left }) => of[row] === of[from] || of[row]! < 0 || left[of[row]!]! > 0) &&
    offered(row);
  const find = (test: RowTest) => {
    const row = rowFor(ctx, gang, { ...slot, vector }, { offered: (one) => test(one) && isOpen(one) });
    return row !== undefined && likes(ctx, gang, slot, { from, to: row }) ? row : undefined;
  };
  if (!packs(needFor(cluster, gang, slot))) return find(() => true);
  const siblings = new Set(siblingRows(cluster, gang, slot));
  if (siblings.has(from)) return find((row) => siblings.has(row));
  // The strategy may like an empty node more than a larger one that is in use.
  const inUse = find((row) => isUsed(cluster, row));
  return inUse ?? (isUsedByOthers(cluster, from, slot) ? undefined : find(() => true));
}

const isUsedByOthers = ({ table, columns: { pods } }: ClusterView, row: number, { vector }: Slot): boolean =>
  table.free[pods]![row]! + vector[pods]! < table.empty[pods]![row]!;

/** The rows in the same domain of every topology key: all where the policy asks for none. */
export function inSameDomains(cluster: ClusterView, { topology }: Policy, isLeader: boolean, from: number): RowTest {
  if (topology.mode === 'none' || (isLeader && !topology.leader)) return () => true;
  const domains = topology.keys.map((key) => cluster.domains.indexFor(key).of);
  return (row) => domains.every((of) => of[row] === of[from]);
}

interface Move {
  readonly from: number;
  readonly to: number;
}

/** Whether the slot's strategy likes the other row as much as its own. */
function likes({ cluster, planner }: GangContext, gang: Gang, slot: Slot, { from, to }: Move): boolean {
  const need = needFor(cluster, gang, slot);
  const siblings = siblingRows(cluster, gang, slot);
  const freed = [{ row: from, vector: slot.vector }];
  const [here, there] = planner.liking({ need, policy: gang.policy, siblings, freed }, [from, to]);
  return there! >= here! - toleranceOf(need);
}

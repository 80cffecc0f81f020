import type { GangPhase } from '../decision.ts';
import type { GangSpec, PodInfo, PodRef } from '../model.ts';
import type { Policy } from '../policy/policy.ts';
import type { Vector } from '../resources.ts';
import type { Slot } from './slot.ts';

/** Why a gang was refused last, and how long that answer stands without another look. */
export type Refusal =
  /**
   * Nothing freed since `roomPosition` of the table's roomLog could help. `short`: the role whose members do not even fit
   * alone, so that room for others is no help; absent: only all together do not.
   */
  | { readonly kind: 'room'; readonly reason: string; readonly short?: string; roomPosition: number }
  /** As `room`, but not even the empty cluster would do; it holds up nobody. */
  | { readonly kind: 'unschedulable'; readonly reason: string; roomPosition: number }
  /** As long as this gang stands ahead and blocks. */
  | { readonly kind: 'turn'; readonly reason: string; readonly behind: string }
  /** Must be looked at again each time (it depends on the candidates offered). */
  | { readonly kind: 'open'; readonly reason: string }
  /** Nobody is admitted until the hold is over, or until it is known where other pods went. Looked at each time. */
  | { readonly kind: 'held'; readonly reason: string }
  /** Victims make room for it. */
  | { readonly kind: 'freeing'; readonly reason: string };

/** A gang that muster knows: it waits, or it holds slots. Mutable, owned by the scheduler. */
export interface Gang {
  readonly key: string;
  spec: GangSpec;
  /** The pod as it declared the gang last; its images and annotations count. */
  leader: PodInfo;
  policy: Policy;
  /** By class, annotation, policy, queue and deadline: gang/priority.ts. */
  priority: number;
  /** When its leader began to run, as far as is known. */
  startedMs: number | undefined;
  /** UIDs of pods of the first role that have been seen and are not over. The gang ends with the last of them. */
  readonly leaderUids: Set<string>;
  readonly slots: Slot[];
  /** Whether it holds (or lost and wants back) slots; else it waits in its queue. */
  admitted: boolean;
  readonly firstAskMs: number;
  lastAskMs: number;
  refusal: Refusal | undefined;
  /** Its leader is pending behind muster's gate. */
  isGated: boolean;
  /** kube-scheduler has not asked about its leader, which it crowded out by itself. */
  isUnasked: boolean;
  /** The leader's annotation as it was last taken over, or as it stood when the gang was adopted. */
  followed: string | undefined;
  /** Others are being evicted for it: it holds slots and is not admitted yet. */
  eviction: EvictionPlan | undefined;
  /** When and how often members of it were chosen as victims. */
  readonly losses: number[];
  /** No search for victims before this, unless something changed that could help. */
  searchAgainMs: number;
  /** Searches in a row that found nobody. */
  fruitless: number;
  /**
   * Others went for it. `wasted`: and its leader did not come for its place, so that something else is in its way;
   * nobody goes for it again before kube-scheduler asks about it.
   */
  preemption: 'none' | 'used' | 'wasted';
}

/** What the gang was refused for may not stand any more: it is looked at anew, without being asked about again. */
export function reconsider(gang: Gang): void {
  const { refusal } = gang;
  // What only the nodes offered stood against, nobody but kube-scheduler can judge.
  if (refusal && refusal.kind !== 'open') gang.refusal = { kind: 'held', reason: refusal.reason };
  gang.searchAgainMs = 0;
  gang.fruitless = 0;
}

/** Pods that make room for a gang, until the last of them is gone. */
export interface EvictionPlan {
  readonly id: string;
  /** Victims that are not gone yet, and others that go by themselves and whose room is counted on; by UID. */
  readonly left: Map<string, PodRef>;
  readonly untilMs: number;
  /** The leader on which the plan is written. */
  readonly holder: PodRef;
  /** When it was made here, or taken up again: as the losses of its victims' gangs have it. */
  readonly sinceMs: number;
  /** Room that the victims leave beyond what the gang needs: nobody's until they are really gone. */
  withheld: readonly { readonly node: string; readonly vector: Vector }[];
}

/** A slot more for the gang, without room yet. */
export function newSlot(gang: Gang, role: string, vector: Slot['vector']): Slot {
  const isLeader = gang.spec.roles[0]!.name === role;
  const nowhere = { state: 'unplaced', node: '', podUid: '', deadlineMs: Infinity } as const;
  const slot: Slot = { gang: gang.key, role, isLeader, vector, ...nowhere };
  gang.slots.push(slot);
  return slot;
}

export function phaseOf(gang: Gang): GangPhase {
  if (!gang.admitted) return 'waiting';
  if (gang.slots.some(({ state }) => state === 'unplaced')) return 'degraded';
  return gang.slots.every(({ state }) => state === 'bound') ? 'running' : 'starting';
}

/** Whether two declarations ask for the same. */
export function sameSpec(a: GangSpec, b: GangSpec): boolean {
  return a === b || specText(a) === specText(b);
}

function specText(spec: GangSpec): string {
  return JSON.stringify(spec, (_key, value: unknown) => (value instanceof Map ? [...value] : value));
}

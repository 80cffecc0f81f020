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
  | { readonly kind: 'room'; readonly reason: string; readonly short?: string; readonly roomPosition: number }
  /** As `room`, but not even the empty cluster could hold the gang; it blocks no other. */
  | { readonly kind: 'unschedulable'; readonly reason: string; readonly roomPosition: number }
  /** As long as this gang stands ahead and blocks. */
  | { readonly kind: 'turn'; readonly reason: string; readonly behind: string }
  /** Must be looked at again each time (it depends on the candidates offered). */
  | { readonly kind: 'open'; readonly reason: string }
  /** No gang is admitted until the hold is over, or until it is known where other pods went. Looked at each time. */
  | { readonly kind: 'held'; readonly reason: string }
  /** Victims make room for it. */
  | { readonly kind: 'freeing'; readonly reason: string };

/** Pods that make room for a gang, until the last of them is gone. */
export interface EvictionPlan {
  readonly id: string;
  /** Victims that are not gone yet, and others that go by themselves and whose room is counted on; by UID. */
  readonly left: Map<string, PodRef>;
  /** When the plan is given up, in ms. */
  readonly untilMs: number;
  /** The leader on which the plan is written. */
  readonly holder: PodRef;
  /** When it was made here, or taken up again: as the losses of its victims' gangs have it. */
  readonly sinceMs: number;
  /** Room that the victims leave beyond what the gang needs: it is free for no pod until they are really gone. */
  withheld: readonly { readonly node: string; readonly vector: Vector }[];
}

/** Where a gang stands; transitions.ts has the drawing, and is the only writer. */
export type GangState =
  | { readonly kind: 'waiting'; readonly refusal: Refusal | undefined }
  /** Its slots are placed on room that victims still hold. `refusal`: the last before the plan was made, or since. */
  | { readonly kind: 'freeing'; readonly plan: EvictionPlan; readonly refusal: Refusal | undefined }
  /** It holds slots, or lost some and wants them back. */
  | { readonly kind: 'admitted' };

/** A gang that muster knows. Owned by the scheduler; transitions.ts writes what is readonly here. */
export interface Gang {
  readonly key: string;
  spec: GangSpec;
  /** The pod as it declared the gang last; its images and annotations count. */
  leader: PodInfo;
  policy: Policy;
  readonly state: GangState;
  /** By class, annotation, policy, queue and deadline: gang/priority.ts. */
  readonly priority: number;
  /** When its leader began to run, as far as is known. */
  startedMs: number | undefined;
  /** UIDs of pods of the first role that have been seen and are not over. The gang ends with the last of them. */
  readonly leaderUids: Set<string>;
  /** Written by the ledger. */
  readonly slots: readonly Slot[];
  readonly firstAskMs: number;
  lastAskMs: number;
  /** kube-scheduler has not asked about its leader, which it crowded out by itself. */
  readonly isUnasked: boolean;
  /** The leader's annotation as it was last taken over, or as it stood when the gang was adopted. */
  followed: string | undefined;
  /** When and how often members of it were chosen as victims. */
  readonly losses: number[];
  /** No search for victims before this, unless something changed that could help. */
  searchAgainMs: number;
  /** Searches in a row that found no victims. */
  fruitless: number;
  /**
   * Whether others were evicted for it. `wasted`: and its leader did not come for its place, so that something else is
   * in its way; it may not preempt again before kube-scheduler asks about it.
   */
  readonly preemption: 'none' | 'used' | 'wasted';
}

/** A gang for which others are being evicted. */
export type FreeingGang = Gang & { readonly state: Extract<GangState, { kind: 'freeing' }> };

export const isAdmitted = ({ state }: Pick<Gang, 'state'>): boolean => state.kind === 'admitted';

export const isFreeing = (gang: Gang): gang is FreeingGang => gang.state.kind === 'freeing';

/** The eviction plan that makes room for the gang. */
export const planOf = ({ state }: Gang): EvictionPlan | undefined =>
  state.kind === 'freeing' ? state.plan : undefined;

/** Why the gang was refused last; an admitted gang has no refusal. */
export const refusalOf = ({ state }: Gang): Refusal | undefined =>
  state.kind === 'admitted' ? undefined : state.refusal;

/** Whether its leader is pending behind muster's gate, so that kube-scheduler does not ask about it. */
export const isGated = ({ leader }: Gang): boolean => leader.gated === true;

export const refOf = ({ namespace, name, uid }: PodInfo): PodRef => ({ namespace, name, uid });

export function phaseOf({ state, slots }: Gang): GangPhase {
  if (state.kind !== 'admitted') return 'waiting';
  if (slots.some((slot) => slot.state === 'unplaced')) return 'degraded';
  return slots.every((slot) => slot.state === 'bound') ? 'running' : 'starting';
}

/** Whether two declarations ask for the same. */
export function sameSpec(a: GangSpec, b: GangSpec): boolean {
  return a === b || specText(a) === specText(b);
}

function specText(spec: GangSpec): string {
  return JSON.stringify(spec, (_key, value: unknown) => (value instanceof Map ? [...value] : value));
}

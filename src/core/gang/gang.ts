import type { GangPhase } from '../decision.ts';
import { leaderRole, minToStart, type GangSpec, type PodInfo, type PodRef } from '../model.ts';
import type { Policy } from '../policy/policy.ts';
import type { LimitKind } from '../queue/limits.ts';
import type { Tally } from '../queue/tally.ts';
import type { QueueNode } from '../queue/tree.ts';
import type { Vector } from '../resources.ts';
import type { Slot } from './slot.ts';

/** Why a gang was last refused, and how long the refusal stands without a new search. */
export type Refusal =
  /**
   * Stands until room that could help appears after `roomPosition` of the table's roomLog. `short`: the role whose
   * members do not fit even alone, and for how many of them there is room at most, so that only enough room for the rest
   * helps; absent: each role fits alone, not all together. `running`: how many of its members ran: when one more does,
   * it lacks less.
   */
  | {
      readonly kind: 'room';
      readonly reason: string;
      readonly short?: Short;
      readonly running: number;
      readonly roomPosition: number;
    }
  /**
   * Even the empty cluster could not hold the gang; it blocks no other. Stands until the empty cluster has grown after
   * `growthPosition` of the table's growthLog, or room that could help appears after `roomPosition`.
   */
  | {
      readonly kind: 'unschedulable';
      readonly reason: string;
      readonly short?: Short;
      readonly running: number;
      readonly roomPosition: number;
      readonly growthPosition: number;
    }
  /** Stands as long as gang `behind` is ahead and blocks. */
  | { readonly kind: 'turn'; readonly reason: string; readonly behind: string }
  /**
   * It fits, but it would delay gang `behind`, which has a start time. Stands as long as the start plans of that
   * `version` do, and no room appeared after `roomPosition`.
   */
  | {
      readonly kind: 'later';
      readonly reason: string;
      readonly behind: string;
      readonly version: number;
      readonly roomPosition: number;
    }
  /** A limit of its queue, its user or its namespace. Stands until that holds less than at `version`; it blocks no other. */
  | {
      readonly kind: 'quota';
      readonly reason: string;
      readonly limit: LimitKind;
      /** The path of the queue, or the name of the user or of the namespace. */
      readonly at: string;
      readonly holder: Pick<Tally, 'version'>;
      readonly version: number;
      /** How many of its members ran: when one more does, it lacks less. */
      readonly running: number;
      /** The gang alone is beyond the limit. */
      readonly isNever?: true;
      /** The limit is a part of what the cluster has of a resource, which was this much. */
      readonly partOf?: { readonly column: number; readonly capacity: number };
      /** Of `addresses` alone: room that appeared after this position of the table's roomLog may be where some are left. */
      readonly roomPosition?: number;
    }
  /**
   * Gangs come faster than the cluster may take them (`bucket`, as people see it). Stands until `untilMs`; it blocks no other. `isBorrower`: it was
   * reclaimed and must not borrow until then; it stands only while the gang would be beyond its queue's share.
   */
  | {
      readonly kind: 'rate';
      readonly reason: string;
      readonly untilMs: number;
      readonly bucket?: string;
      readonly isBorrower?: true;
    }
  /** Depends on the candidate nodes: decided again at every question. */
  | { readonly kind: 'open'; readonly reason: string }
  /**
   * No gang is admitted during a hold or while pods are in flight, or an earlier refusal may no longer stand. Decided again
   * at every question. `was`: what the reason is about; absent: the hold.
   */
  | { readonly kind: 'held'; readonly reason: string; readonly was?: RefusalButHeld }
  /** Too few of its members exist; it blocks no other. Decided again at every question. */
  | { readonly kind: 'incomplete'; readonly reason: string }
  /** Victims are leaving to make room for the gang. */
  | { readonly kind: 'freeing'; readonly reason: string };

type RefusalButHeld =
  'room' | 'unschedulable' | 'turn' | 'later' | 'quota' | 'rate' | 'open' | 'incomplete' | 'freeing';

/** A role that lacks room. */
export interface Short {
  readonly role: string;
  /** How many of its members are to be placed. */
  readonly of: number;
  /** At least as many as there are: room that comes and goes counts again. */
  readonly places: number;
}

/** The victims and awaited pods that make room for a gang. It ends when the last of them is gone. */
export interface EvictionPlan {
  readonly id: string;
  /** Victims and awaited pods that are not gone yet, by UID. */
  readonly left: Map<string, PodRef>;
  /** When muster drops the plan, in ms. */
  readonly untilMs: number;
  /** The leader whose annotation has the plan. */
  readonly holder: PodRef;
  /**
   * By what right each victim goes, by UID: it has a lower priority, or its queue held more than its share. Awaited pods
   * have none.
   */
  readonly rights: ReadonlyMap<string, 'priority' | 'share'>;
  /** When the plan was made or restored, in ms: the time under which its victims are counted. */
  readonly sinceMs: number;
  /** Withheld room: freed room beyond what the gang needs. No pod may use it while the victims are there. */
  withheld: readonly { readonly node: string; readonly vector: Vector }[];
}

/** The state of a gang; transitions.ts has the diagram and is the only writer. */
export type GangState =
  | { readonly kind: 'waiting'; readonly refusal: Refusal | undefined }
  /** Its slots are placed on room that victims still take. `refusal`: the last one, before or during the plan. */
  | { readonly kind: 'freeing'; readonly plan: EvictionPlan; readonly refusal: Refusal | undefined }
  /** It holds slots, some of which may have lost their place. */
  | { readonly kind: 'admitted' };

/** A gang that muster knows. transitions.ts writes the readonly fields `state`, `priority` and their like. */
export interface Gang {
  readonly key: string;
  spec: GangSpec;
  /** The leader that declared the gang last; its images and annotations count. */
  leader: PodInfo;
  policy: Policy;
  /** The leaf that it waits in and that answers for what it holds. */
  readonly queue: QueueNode;
  /** Whose it is, for limits of users. */
  readonly user: string;
  /** A sentence: why it is not in the queue that it names; undefined: it is, or names none. */
  readonly queueNote: string | undefined;
  /** What it needs to start, by column, without what it holds already. */
  readonly ask: Vector;
  readonly state: GangState;
  /** The effective priority: class, annotation, policy, queue and deadline together; see priority.ts. */
  readonly priority: number;
  /** When its leader began to run, in ms; undefined: not yet, or unknown. */
  startedMs: number | undefined;
  /** Since when it runs with all the members that it needs, in ms; undefined: it does not yet. */
  readonly ranSinceMs: number | undefined;
  /**
   * It has not run with all the members that it needs since it was declared, and muster knew of it before its leader ran:
   * how long it waits for them is of interest.
   */
  readonly isAwaited: boolean;
  /** How long it waits before others must mind it, in ms; from its policy and its forecast when it entered its queue. */
  readonly patienceMs: number;
  /** Its place among the gangs of its priority: when it came, or what its policy's order makes of that, in ms. */
  readonly turnMs: number;
  /** UIDs of its leaders that have not ended. The gang ends with the last of them. */
  readonly leaderUids: Set<string>;
  /** Written by the ledger. */
  readonly slots: readonly Slot[];
  readonly firstAskMs: number;
  /** When kube-scheduler asked about it last, in ms; -Infinity: its leader ran before it did. */
  lastAskMs: number;
  /** The pod of that question: kube-scheduler waits with it for the gang. */
  askedAbout: PodRef | undefined;
  /** kube-scheduler refused its leader by itself, without asking muster. */
  readonly isUnasked: boolean;
  /** The leader's reservation annotation when muster last followed or restored it. */
  followed: string | undefined;
  /** When its members were selected as victims, in ms, one entry per member. */
  readonly losses: number[];
  /**
   * What was evicted for it: how many pods, and the least priority with which they could be. undefined: nothing, or its
   * members have been found to have a lower one.
   */
  taken: { readonly victims: number; readonly least: number } | undefined;
  /** The time of the next search for victims, in ms; 0 after a change that could help. */
  searchAgainMs: number;
  /** Searches in a row that found no victims. */
  fruitless: number;
  /**
   * Whether pods were evicted for it. `wasted`: they were, and yet its leader did not claim its place, so that
   * something else is in its way; the gang may not preempt again before kube-scheduler asks about it.
   */
  readonly preemption: 'none' | 'used' | 'wasted';
  /** When the empty cluster was last found to hold it; undefined: not since it was declared or its policy changed. */
  readonly possible: FoundPossible | undefined;
}

/** The empty cluster holds as much as then if it has not `shrunk` since, and the gang has as many bound members. */
interface FoundPossible {
  readonly shrunk: number;
  readonly members: number;
}

/** A gang for which pods are being evicted. */
export type FreeingGang = Gang & { readonly state: Extract<GangState, { kind: 'freeing' }> };

export const isAdmitted = ({ state }: Pick<Gang, 'state'>): boolean => state.kind === 'admitted';

export const isFreeing = (gang: Gang): gang is FreeingGang => gang.state.kind === 'freeing';

/** The eviction plan that makes room for the gang. */
export const planOf = ({ state }: Gang): EvictionPlan | undefined =>
  state.kind === 'freeing' ? state.plan : undefined;

/** The last refusal; an admitted gang has none. */
export const refusalOf = ({ state }: Gang): Refusal | undefined =>
  state.kind === 'admitted' ? undefined : state.refusal;

/** Whether nothing but room keeps the waiting gang from starting, or what others need of it at their start times. */
export function isForRoom(gang: Gang): boolean {
  const kind = refusalOf(gang)?.kind;
  return gang.state.kind === 'freeing' || kind === 'room' || kind === 'later';
}

/** Whether its leader has muster's scheduling gate, so that kube-scheduler does not ask about it. */
export const isGated = ({ leader }: Gang): boolean => leader.gated === true;

export const refOf = ({ namespace, name, uid }: PodInfo): PodRef => ({ namespace, name, uid });

/** The number of its slots by state: a look at each of them. */
export function countSlots({ slots }: Gang): Record<Slot['state'], number> {
  const counts = { unplaced: 0, reserved: 0, assumed: 0, bound: 0 };
  for (const { state } of slots) counts[state]++;
  return counts;
}

/** @param slots countSlots(gang) */
export function phaseOf(gang: Gang, slots = countSlots(gang)): GangPhase {
  if (!isAdmitted(gang)) return 'waiting';
  if (slots.unplaced > 0) return 'degraded';
  return slots.bound === gang.slots.length ? 'running' : 'starting';
}

/** How many leaders must still be created before the gang may start. */
export const missingLeaders = ({ spec, leaderUids }: Pick<Gang, 'spec' | 'leaderUids'>): number =>
  spec.waitsForAll ? Math.max(0, minToStart(spec, leaderRole(spec)) - leaderUids.size) : 0;

/** Whether two declarations are equal. */
export function sameSpec(a: GangSpec, b: GangSpec): boolean {
  return a === b || specText(a) === specText(b);
}

function specText(spec: GangSpec): string {
  return JSON.stringify(spec, (_key, value: unknown) => (value instanceof Map ? [...value] : value));
}

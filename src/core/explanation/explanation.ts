import type { GangPhase } from '../decision.ts';
import type { PriorityTerm } from '../gang/priority.ts';
import type { PodRef } from '../model.ts';
import type { Resources } from '../resources.ts';
import type { MakingRoom } from './making-room.ts';

/** One line of a list of gangs. */
export interface GangSummary {
  readonly gang: string;
  readonly phase: GangPhase;
  readonly queue: string;
  /** Effective: by class, annotation, policy, queue and deadline. */
  readonly priority: number;
  readonly policy: string;
  readonly leader: PodRef;
  /** When the gang was first heard of, in ms. */
  readonly sinceMs: number;
  /** Slots by state; 0 in all while it waits. */
  readonly slots: Readonly<Record<'unplaced' | 'reserved' | 'assumed' | 'bound', number>>;
  /** Members beyond the minimum that run. */
  readonly elastic: number;
  /** Why it waits, in the words of the last refusal. */
  readonly reason?: string;
}

/** Why a gang stands where it stands, and what would help. Computed anew from the present state. */
export interface Explanation extends GangSummary {
  readonly roles: readonly RoleExplanation[];
  readonly placed: readonly PlacedMember[];
  /** Gangs before it in its queue, in order; `blocks`: this one may not start before that one. */
  readonly ahead: readonly { readonly gang: string; readonly blocks: boolean }[];
  /** What its effective priority consists of. */
  readonly priorityTerms: readonly PriorityTerm[];
  /** For a gang that waits for room: whom preemption would evict. */
  readonly preemption?: MakingRoom;
  /** Sentences: what is the matter and what would help. Empty where all is well. */
  readonly advice: readonly string[];
}

interface PlacedMember {
  readonly role: string;
  readonly node: string;
  readonly state: 'unplaced' | 'reserved' | 'assumed' | 'bound';
  /** UID of the pod that has it, or ''. */
  readonly pod: string;
}

export interface RoleExplanation {
  readonly role: string;
  readonly count: number;
  readonly min: number;
  /** What one member asks. */
  readonly request: Resources;
  readonly nodes: { readonly total: number; readonly eligible: number; readonly refused: readonly Refused[] };
  /** How many members would find room now, and in an empty cluster; counted up to 10,000. */
  readonly places: { readonly now: number; readonly empty: number };
  /** Resources of which the eligible nodes have not enough free for all, or no single node enough for one. */
  readonly short: readonly Shortage[];
}

interface Refused {
  /** Such as `taint gpu=true:NoSchedule`. */
  readonly because: string;
  readonly nodes: number;
}

export interface Shortage {
  readonly resource: string;
  readonly needed: number;
  /** Free on eligible nodes in all, and on the one that has most. */
  readonly free: number;
  readonly largest: number;
}

/** A node as the snapshot has it. Amounts in the units of Resources. */
export interface NodeView {
  readonly node: string;
  readonly unschedulable: boolean;
  readonly allocatable: Resources;
  /** Neither bound nor held; negative where other schedulers took more than there is. */
  readonly free: Resources;
  readonly held: Resources;
  readonly slots: number;
}

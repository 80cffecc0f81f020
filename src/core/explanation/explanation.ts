import type { GangPhase } from '../decision.ts';
import type { PriorityTerm } from '../gang/priority.ts';
import type { PodRef } from '../model.ts';
import type { Resources } from '../resources.ts';
import type { Outlook } from '../outlook/outlook.ts';
import type { MakingRoom } from './making-room.ts';
import type { QueueStanding } from './queue-standing.ts';
import type { EndTime, ForecastView } from './run-time.ts';

/** One line of a list of gangs. */
export interface GangSummary {
  readonly gang: string;
  readonly phase: GangPhase;
  readonly queue: string;
  /** The effective priority: class, annotation, policy, queue and deadline together. */
  readonly priority: number;
  readonly policy: string;
  readonly leader: PodRef;
  /** When muster first saw the gang, in ms. */
  readonly sinceMs: number;
  /** Number of slots by state; all are 0 while the gang waits. */
  readonly slots: Readonly<Record<'unplaced' | 'reserved' | 'assumed' | 'bound', number>>;
  /** Number of running elastic members. */
  readonly elastic: number;
  /** The reason of the last refusal. */
  readonly reason?: string;
}

/** Why a gang waits or where it runs, and what would help. Computed from the present state. */
export interface Explanation extends GangSummary {
  readonly roles: readonly RoleExplanation[];
  readonly placed: readonly PlacedMember[];
  /** Gangs ahead of it in its queue, in order; `blocks`: that gang must start first. */
  readonly ahead: readonly { readonly gang: string; readonly blocks: boolean }[];
  /** For a waiting gang: where it stands among those of other queues. */
  readonly standing?: QueueStanding;
  /** The queues in which it would start now. */
  readonly otherQueues: readonly string[];
  /** The terms of its effective priority. */
  readonly priorityTerms: readonly PriorityTerm[];
  /** For a gang that waits for room: the victims of preemption. */
  readonly preemption?: MakingRoom;
  /** When a gang that waits for room starts if the forecasts hold. */
  readonly start?: Outlook & {
    /** The latest time that it was told first; undefined: it was told none. */
    readonly promisedMs: number | undefined;
  };
  /** How long a waiting gang waits before others must mind it, in ms. */
  readonly patienceMs?: number;
  /** How long it runs, as far as that is known. */
  readonly forecast?: ForecastView;
  /** When an admitted gang ends if the forecast holds. */
  readonly ends?: EndTime;
  /** Sentences: what keeps the gang from running, and what would help. Empty if nothing does. */
  readonly advice: readonly string[];
}

interface PlacedMember {
  readonly role: string;
  readonly node: string;
  readonly state: 'unplaced' | 'reserved' | 'assumed' | 'bound';
  /** UID of the pod in the slot, or ''. */
  readonly pod: string;
}

export interface RoleExplanation {
  readonly role: string;
  readonly count: number;
  readonly min: number;
  /** The request of one member. */
  readonly request: Resources;
  readonly nodes: { readonly total: number; readonly eligible: number; readonly refused: readonly Refused[] };
  /**
   * How many members fit now, and how many would fit with no pod there but the gang's own and those of DaemonSets;
   * counted up to 10,000.
   */
  readonly places: { readonly now: number; readonly empty: number };
  /** Resources the eligible nodes lack: in total for the role, or on any single node for one member. */
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
  /** Free on all eligible nodes together, and on the node that has most. */
  readonly free: number;
  readonly largest: number;
}

/** A node in the snapshot. Amounts in the units of Resources. */
export interface NodeView {
  readonly node: string;
  readonly unschedulable: boolean;
  readonly allocatable: Resources;
  /** Neither bound nor held; negative if other schedulers bound more than is allocatable. */
  readonly free: Resources;
  readonly held: Resources;
  readonly slots: number;
}

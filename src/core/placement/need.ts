import type { Bits } from '../cluster/eligibility.ts';
import type { Policy, Preference } from '../policy/policy.ts';
import type { Vector } from '../resources.ts';

/** `count` equal slots to place. */
export interface Need {
  readonly role: string;
  readonly count: number;
  readonly vector: Vector;
  /** Rows that the role's constraints, the policy and the queue allow, and that no other namespace has for itself. */
  readonly eligible: Bits;
  /** Those of other namespaces among them; absent: there are none. */
  readonly suitable?: Bits;
  readonly preference: Preference;
  readonly images: readonly string[];
  readonly isLeader: boolean;
}

/** Room that a victim at the row leaves behind. */
export interface FreedRoom {
  readonly row: number;
  readonly vector: Vector;
}

/** Whether a row may be used: it is in a domain, or a candidate node of the pod in question. */
export type RowTest = (row: number) => boolean;

/** How many more pods each domain of a label may get; `of[row]` is -1 where the node is in none. */
export interface DomainLimit {
  readonly of: Int32Array;
  readonly left: Int32Array;
}

/** The needs to place, and where they may go. */
export interface PlanRequest {
  /** The leader's need is the first, if a leader is to be placed. */
  readonly needs: readonly Need[];
  /** Rows offered for the pod in question, which takes the first slot of the first need; absent: any row. */
  readonly offered?: RowTest;
  readonly policy: Policy;
  /** Rows of the gang's siblings. */
  readonly siblings: readonly number[];
  /** Of nodes that a strategy likes equally it takes such as are far apart: kube-scheduler offers neighbours together. */
  readonly scatters?: boolean;
  /** How many pods each domain may get; absent: as many as fit. */
  readonly limits?: readonly DomainLimit[];
  /** For simulations: plans as if this room were also free. Absent: none. */
  readonly freed?: readonly FreedRoom[];
  /** For simulations: plans in this room instead of what is free now. Pods in flight do not count in it. */
  readonly room?: Room;
}

/** An amount per column and row, as in the node table. */
export type Room = readonly Float64Array[];

export type Plan =
  /** `rows[i]` has one row for each slot of `needs[i]`. */
  | { readonly kind: 'placed'; readonly rows: readonly Int32Array[] }
  /**
   * `need`: the first need whose slots do not fit even alone, and for how many of them there is room; undefined if each
   * fits alone, but not all together.
   */
  | { readonly kind: 'short'; readonly need: number | undefined; readonly places?: number };

/** The rows that a need may use when nobody else has pods there. */
export const suitableFor = ({ eligible, suitable = eligible }: Pick<Need, 'eligible' | 'suitable'>): Bits => suitable;

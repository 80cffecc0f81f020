import type { Bits } from '../cluster/eligibility.ts';
import type { Policy, Preference } from '../policy/policy.ts';
import type { Vector } from '../resources.ts';

/** `count` equal slots to place. */
export interface Need {
  readonly role: string;
  readonly count: number;
  readonly vector: Vector;
  /** Rows the role's constraints and the policy allow. */
  readonly eligible: Bits;
  readonly preference: Preference;
  readonly images: readonly string[];
  readonly isLeader: boolean;
}

/** Room that would be there if something at the row were gone. */
export interface FreedRoom {
  readonly row: number;
  readonly vector: Vector;
}

/** Whether a row may be used at all: the domain tried, and for the pod that asks, the candidates. */
export type RowTest = (row: number) => boolean;

/** What is to be placed, and where it may go. */
export interface PlanRequest {
  /** The leader's need first where a leader is to be placed. */
  readonly needs: readonly Need[];
  /** Rows offered to the pod that asks, which is the first slot of the first need; absent: any row. */
  readonly offered?: RowTest;
  readonly policy: Policy;
  /** Rows of the gang's members that run already. */
  readonly siblings: readonly number[];
  /** Plans as if this room were free as well: for simulations. Absent: none. */
  readonly freed?: readonly FreedRoom[];
}

export type Plan =
  /** `rows[i]` has one row for each slot of `needs[i]`. */
  | { readonly kind: 'placed'; readonly rows: readonly Int32Array[] }
  /** `need`: the first whose slots do not all fit even alone; undefined where only all together do not. */
  | { readonly kind: 'short'; readonly need: number | undefined };

import type { Bits } from '../cluster/eligibility.ts';
import type { Preference } from '../policy/policy.ts';
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

/** Whether a row may be used at all: the domain tried, and for the pod that asks, the candidates. */
export type RowTest = (row: number) => boolean;

export type Plan =
  /** `rows[i]` has one row for each slot of `needs[i]`. */
  | { readonly kind: 'placed'; readonly rows: readonly Int32Array[] }
  /** `need`: the first whose slots do not all fit even alone; undefined where only all together do not. */
  | { readonly kind: 'short'; readonly need: number | undefined };

import type { Policy } from './policy.ts';
import { OPEN_TENANCY, type Tenancy } from './tenancy.ts';

/** All that a policy file says. */
export interface Rules {
  /** In the order of the file. */
  readonly policies: readonly Policy[];
  readonly tenancy: Tenancy;
}

/** Policies of a file that says nothing of queues. */
export const openRules = (policies: readonly Policy[]): Rules => ({ policies, tenancy: OPEN_TENANCY });

import type { GangContext } from '../gang/context.ts';
import type { StartPlans } from './start-plans.ts';

/** The part of the scheduler's state that the decision about waiting gangs reads and changes. */
export interface BackfillContext extends GangContext {
  readonly startPlans: StartPlans;
}

import type { NominatedRoom } from '../../cluster/nominated-room.ts';
import type { BackfillContext } from '../../backfill/context.ts';
import type { GangContextView } from '../../gang/context.ts';
import type { PodInfo } from '../../model.ts';
import type { DisruptionBudgets } from './disruption-budgets.ts';
import type { PodColumns } from './pod-columns.ts';
import type { ReportedWork } from './reported-work.ts';

/** Read-only view of the state for searches for victims. */
export interface PreemptionContextView extends GangContextView {
  readonly disruptionBudgets: Pick<DisruptionBudgets, 'isEmpty' | 'of'>;
  readonly reportedWork: Pick<ReportedWork, 'of' | 'has'>;
  /** What searches remember of bound pods: nothing in it is news, so that reads may complete it. */
  readonly podColumns: PodColumns;
  readonly nominated: Pick<NominatedRoom, 'isVictim' | 'holds' | 'heldFor'>;
  /** Pending leaders whose annotation has an eviction plan, by UID. */
  readonly writtenPlans: ReadonlyMap<string, PodInfo>;
}

/** The part of the scheduler's state that preemption reads and changes; core/state.ts has all of it. */
export interface PreemptionContext extends BackfillContext {
  readonly disruptionBudgets: DisruptionBudgets;
  readonly reportedWork: ReportedWork;
  readonly podColumns: PodColumns;
  readonly nominated: NominatedRoom;
  readonly writtenPlans: Map<string, PodInfo>;
}

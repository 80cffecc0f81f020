import type { StartPromises } from '../outlook/promises.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';

/** Read-only view of what an explanation tells of. */
export interface ExplanationContext extends PreemptionContextView {
  readonly promises: Pick<StartPromises, 'promisedTo'>;
}

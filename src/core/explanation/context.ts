import type { StartPromises } from '../outlook/promises.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import type { Unfairness } from '../queue/unfairness.ts';

/** Read-only view of what an explanation tells of. */
export interface ExplanationContext extends PreemptionContextView {
  readonly promises: Pick<StartPromises, 'promisedTo'>;
  readonly unfairness: Pick<Unfairness, 'ofQueue'>;
}

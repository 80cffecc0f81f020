import type { StartPromises } from '../outlook/promises.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import type { RoomRequests } from '../provisioning/room-requests.ts';
import type { Unfairness } from '../queue/unfairness.ts';

/** Read-only view of what an explanation tells of. */
export interface ExplanationContext extends PreemptionContextView {
  readonly promises: Pick<StartPromises, 'promisedTo'>;
  readonly roomRequests: Pick<RoomRequests, 'gangs' | 'validMs'>;
  readonly unfairness: Pick<Unfairness, 'ofQueue'>;
}

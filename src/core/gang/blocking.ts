import type { Queues } from '../queue/queues.ts';
import { missingLeaders, refusalOf, type Gang } from './gang.ts';

/**
 * A gang about which kube-scheduler has not asked for so long blocks no other: it may have no node to offer for the
 * leader. kube-scheduler asks again after 5.5 min at the latest
 * (flushUnschedulablePodsLeftover, pkg/scheduler/backend/queue/scheduling_queue.go, 1.36).
 */
const ASKED_WITHIN_MS = 360_000;

/** Whether the gangs behind this one in its queue must wait for it. */
export function isBlocking(gang: Gang, nowMs: number): boolean {
  return (
    gang.state.kind === 'waiting' &&
    refusalOf(gang)?.kind !== 'unschedulable' &&
    missingLeaders(gang) === 0 &&
    nowMs - gang.firstAskMs >= gang.policy.queue.blockAfterMs &&
    nowMs - gang.lastAskMs <= ASKED_WITHIN_MS
  );
}

/** The first gang ahead of this one in its queue that blocks those behind it. */
export function blockerOf(queues: Pick<Queues<Gang>, 'firstAhead'>, gang: Gang, nowMs: number): Gang | undefined {
  return queues.firstAhead(gang, (other) => isBlocking(other, nowMs));
}

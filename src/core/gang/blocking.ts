import type { Queues } from '../queue/queues.ts';
import { missingLeaders, refusalOf, type Gang } from './gang.ts';

/**
 * A gang about which kube-scheduler has not asked for so long stands in nobody's way: it may have no node to offer for
 * the leader. kube-scheduler asks again after 5.5 min at the latest
 * (flushUnschedulablePodsLeftover, pkg/scheduler/backend/queue/scheduling_queue.go, 1.36).
 */
const ASKED_WITHIN_MS = 360_000;

/** A gang that was refused so cannot start however much room there is, and stands in nobody's way. */
const STANDS_ASIDE: ReadonlySet<string | undefined> = new Set(['unschedulable', 'quota', 'rate']);

/** Whether the waiting gang has lost its patience: from now on others must mind it. */
export function isImpatient(gang: Gang, nowMs: number): boolean {
  return (
    gang.state.kind === 'waiting' &&
    !STANDS_ASIDE.has(refusalOf(gang)?.kind) &&
    missingLeaders(gang) === 0 &&
    nowMs - gang.firstAskMs >= gang.patienceMs &&
    isAskedAbout(gang, nowMs)
  );
}

/** Whether kube-scheduler has asked about it lately: else it may have no node to offer. */
export const isAskedAbout = ({ lastAskMs }: Gang, nowMs: number): boolean => nowMs - lastAskMs <= ASKED_WITHIN_MS;

/** Whether an impatient gang gets a start time, and others may pass it; if not, it stops those behind it. */
export const isPassable = ({ policy: { queue } }: Gang) => queue.backfill === 'reserve' && queue.blockAfterMs > 0;

/** Whether the gangs behind this one in its queue must wait for it, whoever they are. */
export const isBlocking = (gang: Gang, nowMs: number): boolean => !isPassable(gang) && isImpatient(gang, nowMs);

/** Whether the gang has, or wants, a start time that others must not delay. */
export const isHead = (gang: Gang, nowMs: number): boolean => isPassable(gang) && isImpatient(gang, nowMs);

/** The line that a gang stands in: of gangs of one queue and priority, time alone decides which is ahead. */
export const lineOf = ({ priority, queue }: Gang): string => `${priority} ${queue.path}`;

/** The first gang ahead of this one in its queue that blocks those behind it. */
export function blockerOf(queues: Pick<Queues<Gang>, 'firstAhead'>, gang: Gang, nowMs: number): Gang | undefined {
  return queues.firstAhead(gang, (other) => isBlocking(other, nowMs));
}

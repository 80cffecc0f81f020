import type { Constraints, PodRef, RoomRequest } from '../model.ts';
import type { Resources } from '../resources.ts';

/** Members of one kind that a request to the autoscaler counts. */
export interface RoomPodSet {
  readonly role: string;
  /** At least 1. */
  readonly count: number;
  /** The request of one pod, including `pods: 1`. */
  readonly request: Resources;
  /** What its node must meet, with the labels that the policy and the queue require. */
  readonly constraints: Constraints;
  /** The whole gang must be in one domain of this node label. */
  readonly together?: string;
  readonly priorityClass?: string;
}

/** A request for nodes that is to be written: everything that the gang lacks to start, at once. */
export interface RoomAsk {
  readonly gang: string;
  /** The pod that will own the request. */
  readonly leader: PodRef;
  /** The number of this request among those of the gang: no two have the same name. */
  readonly generation: number;
  /** How many requests of the gang in a row were not met before this one. */
  readonly failures: number;
  readonly podSets: readonly RoomPodSet[];
  /** The pod sets as a short text: equal texts ask for the same. */
  readonly shape: string;
}

/** What the shell is to write. */
export interface RoomAsks {
  readonly asks: readonly RoomAsk[];
  readonly withdrawals: readonly RoomRequest[];
}

/** How the autoscaler is asked. */
export interface RoomAskRules {
  /** Ask for nothing, and withdraw what was asked. */
  readonly isOff: boolean;
  /** How long a gang waits for room before the autoscaler is asked, in ms. */
  readonly afterMs: number;
  /** The most gangs that wait for an answer at a time. */
  readonly most: number;
  /** The most requests that are made in one decision. */
  readonly mostAtOnce: number;
  /** How long the autoscaler may take, in ms: the request says it, and muster gives it up a little later. */
  readonly validMs: number;
  /** Whether the API server has a living pod of that UID. */
  readonly isAlive: (uid: string) => boolean;
}

/** A request ended without room for its gang. */
export interface RoomRequestEnd {
  readonly atMs: number;
  readonly why: string;
}

const MINUTE_MS = 60_000;
/** The autoscaler says itself that a request or a booking is over; one that is away does not. */
const GRACE_MS = MINUTE_MS;
/** cluster-autoscaler keeps provisioned room for so long (defaultReservationTime, processors/provreq/processor.go). */
const BOOKED_MS = 10 * MINUTE_MS;
const FIRST_RETRY_MS = MINUTE_MS;
const LONGEST_RETRY_MS = 30 * MINUTE_MS;

/** When and why the request ended without room; undefined: it has not, or it was met a short while ago. */
export function endOf(request: RoomRequest, validMs: number, nowMs: number): RoomRequestEnd | undefined {
  const { state, sinceMs, askedMs, message } = request;
  switch (state) {
    case 'failed':
      return { atMs: sinceMs, why: message || 'the autoscaler gave it up' };
    case 'revoked':
      return { atMs: sinceMs, why: message || 'the autoscaler took the capacity back' };
    case 'expired':
      return { atMs: sinceMs, why: 'the autoscaler found or made room, and others took it' };
    case 'provisioned':
      return sinceMs + BOOKED_MS + GRACE_MS <= nowMs
        ? { atMs: sinceMs + BOOKED_MS, why: 'the autoscaler found or made room, and others took it' }
        : undefined;
    default: {
      const untilMs = askedMs + validMs + GRACE_MS;
      return untilMs <= nowMs ? { atMs: untilMs, why: unanswered(request) } : undefined;
    }
  }
}

function unanswered({ state, message }: RoomRequest): string {
  if (state === 'asked') return 'no autoscaler accepted it: is one there that handles its class?';
  return message || 'the autoscaler did not provision it in time';
}

/** When the next request may follow one that has ended, in ms. */
export const retryOf = ({ failures }: RoomRequest, { atMs }: RoomRequestEnd): number =>
  atMs + retryAfterMs(failures + 1);

/** How long after the end of so many requests in a row the next one follows, in ms: 1, 2, 4, ... 30 minutes. */
export const retryAfterMs = (failures: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30), LONGEST_RETRY_MS);

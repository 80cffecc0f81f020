import type { Effect } from '../effects.ts';
import { refOf, type Gang } from '../gang/gang.ts';
import type { ClusterEvent, RoomRequestState } from '../model.ts';
import type { RoomRequests } from './room-requests.ts';

interface RoomRequestContext {
  readonly roomRequests: RoomRequests;
  readonly gangs: ReadonlyMap<string, Gang>;
  /** Another replica decides. */
  readonly isFollowing: boolean;
  readonly emit: (effect: Effect) => void;
}

export type RoomRequestEvent = Extract<
  ClusterEvent,
  { kind: 'room-request' | 'room-request-gone' | 'room-request-failed' }
>;

/** Answers that a gang is told; of others people hear when they ask. */
const TOLD: ReadonlySet<RoomRequestState> = new Set(['provisioned', 'failed', 'expired', 'revoked']);

/** Takes note of what the API server tells of a request. */
export function observeRoomRequest(ctx: RoomRequestContext, event: RoomRequestEvent, nowMs: number): void {
  const { roomRequests } = ctx;
  switch (event.kind) {
    case 'room-request':
      return seen(ctx, event.request);
    case 'room-request-gone':
      return roomRequests.gone(event.gang, event.name, { nowMs, isFollowing: ctx.isFollowing });
    case 'room-request-failed': {
      const known = roomRequests.gangs.get(event.gang);
      if (known?.underWay?.ask.generation !== event.generation) return;
      const { leader } = known.underWay.ask;
      roomRequests.failed(event.gang, nowMs, event.reason);
      return ctx.emit({ kind: 'room-answered', gang: event.gang, leader, state: 'failed', message: event.reason });
    }
  }
}

function seen(ctx: RoomRequestContext, request: Extract<RoomRequestEvent, { kind: 'room-request' }>['request']): void {
  const { gang: key, state, message } = request;
  const { before, asked } = ctx.roomRequests.put(request);
  const gang = ctx.gangs.get(key);
  if (!gang) return;
  const leader = refOf(gang.leader);
  if (asked) {
    const members = asked.podSets.reduce((sum, { count }) => sum + count, 0);
    ctx.emit({ kind: 'room-asked', gang: key, leader, members });
  }
  // What it was in before a restart was told then.
  const isNews = (before ?? asked) !== undefined && before?.state !== state;
  if (isNews && TOLD.has(state)) ctx.emit({ kind: 'room-answered', gang: key, leader, state, message });
}

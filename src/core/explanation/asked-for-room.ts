import { isAdmitted, type Gang } from '../gang/gang.ts';
import type { RoomRequest } from '../model.ts';
import { endOf, retryOf } from '../provisioning/room-request.ts';
import { lastOf, type RoomRequests } from '../provisioning/room-requests.ts';

/** What the autoscaler was asked for the waiting gang, and what it said, in sentences. Empty: it was not asked. */
export function askedForRoom(
  { roomRequests }: { readonly roomRequests: Pick<RoomRequests, 'gangs' | 'validMs'> },
  gang: Gang,
  nowMs: number,
): string[] {
  const known = roomRequests.gangs.get(gang.key);
  if (!known || isAdmitted(gang)) return [];
  const last = lastOf(known);
  const end = last && endOf(last, roomRequests.validMs, nowMs);
  if (last && !end) return [asked(last, nowMs)];
  const why = end?.why ?? known.why;
  const retryMs = Math.max(known.retryMs, last && end ? retryOf(last, end) : -Infinity);
  if (retryMs > nowMs && why !== undefined)
    return [
      `The autoscaler was asked for nodes in vain: ${plain(why)}. It is asked again in ${span(retryMs - nowMs)}.`,
    ];
  return [];
}

function asked({ name, state, message, askedMs }: RoomRequest, nowMs: number): string {
  const when = `The autoscaler was asked ${span(nowMs - askedMs)} ago for nodes for the whole gang (ProvisioningRequest ${name})`;
  const said = message === '' ? '' : `: ${plain(message)}`;
  return `${when}; ${SAYS[state]}${said}.`;
}

const SAYS: Readonly<Record<RoomRequest['state'], string>> = {
  asked: 'it has not answered yet',
  accepted: 'it has accepted the request',
  delayed: 'it has found none so far and tries again',
  provisioned: 'it says that there is room, or that nodes are on their way',
  failed: 'it has given up',
  expired: 'its booking has expired',
  revoked: 'it took the room back',
};

const plain = (text: string) => text.replace(/[.\s]+$/, '');

const span = (ms: number) =>
  ms < 120_000 ? `${Math.max(0, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;

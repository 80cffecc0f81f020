import { isoTime } from '../core/iso-time.ts';
import type { Effect } from '../core/effects.ts';
import type { PodRef } from '../core/model.ts';

/** What is told about a pod, as a Kubernetes Event. */
export interface Told {
  readonly pod: PodRef;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

export interface NoteDeps {
  readonly leaderOf: (gang: string) => PodRef | undefined;
  /** The long reason of a waiting gang, in sentences; undefined: it does not wait any more. */
  readonly adviceOf: (gang: string) => readonly string[] | undefined;
}

/** What people are told of; the rest is for logs and metrics. */
export const TOLD: ReadonlySet<Effect['kind']> = new Set([
  'gang-admitted',
  'gang-waits',
  'slots-expired',
  'slot-unplaced',
  'eviction-planned',
  'eviction-dropped',
  'reservation-revoked',
]);

/** @returns undefined where there is nothing to tell, or nobody to tell it to */
export function toldOf(effect: Effect, deps: NoteDeps): Told | undefined {
  const warn = (pod: PodRef | undefined, reason: string, note: string): Told | undefined =>
    pod && { pod, type: 'Warning', reason, note };
  switch (effect.kind) {
    case 'gang-admitted':
      return { pod: effect.leader, type: 'Normal', reason: 'GangAdmitted', note: admittedNote(effect) };
    case 'gang-waits': {
      const advice = deps.adviceOf(effect.gang);
      return advice && warn(effect.leader, 'GangWaits', [`${capital(effect.reason)}.`, ...advice].join(' '));
    }
    case 'slots-expired': {
      const note = `${effect.slots} reserved places were not taken up in time and are given up.`;
      return warn(deps.leaderOf(effect.gang), 'ReservationExpired', note);
    }
    case 'slot-unplaced': {
      const note = `The place of a member (role ${effect.role}) on node ${effect.from} is lost and there is no other yet.`;
      return warn(deps.leaderOf(effect.gang), 'SlotLost', note);
    }
    case 'eviction-planned':
      return makingRoom(effect);
    case 'eviction-dropped':
      return warn(effect.leader, 'MakingRoomFailed', `Nobody is evicted for the gang any more: ${effect.reason}.`);
    case 'reservation-revoked': {
      const note = `The ${effect.slots} reserved places go to gang ${effect.forGang}, which is more important; the gang waits again.`;
      return warn(effect.leader, 'ReservationRevoked', note);
    }
    case 'slot-moved':
    case 'gang-adopted':
    case 'gang-released':
    case 'wake-leader':
      return undefined;
  }
}

function admittedNote({ slots }: Extract<Effect, { kind: 'gang-admitted' }>): string {
  const nodes = new Set(slots.map(({ node }) => node)).size;
  return `All ${slots.length} members that the gang needs to start have a reserved place, on ${nodes} nodes.`;
}

function makingRoom({ victims, plan, leader }: Extract<Effect, { kind: 'eviction-planned' }>): Told | undefined {
  if (victims.length === 0) return undefined;
  const note = `${victims.length} pods of lower priority are evicted to make room for the gang; it starts when they are gone, which should be before ${isoTime(plan.untilMs)}.`;
  return { pod: leader, type: 'Normal', reason: 'MakingRoom', note };
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

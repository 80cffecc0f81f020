import { isoTime } from '../core/iso-time.ts';
import type { Effect } from '../core/effects.ts';
import type { PodRef } from '../core/model.ts';
import { counted } from '../core/wording.ts';

/** A Kubernetes Event about a pod. */
export interface PodEvent {
  readonly pod: PodRef;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

export interface NoteDeps {
  readonly leaderOf: (gang: string) => PodRef | undefined;
  /** Why a gang waits, in sentences; undefined: it no longer waits. */
  readonly adviceOf: (gang: string) => readonly string[] | undefined;
  /** A time of the core as wall time. */
  readonly toWall: (ms: number) => number;
}

/** The effects that become Events. All others appear in logs and metrics only. */
export const EVENT_KINDS: ReadonlySet<Effect['kind']> = new Set([
  'gang-admitted',
  'gang-waits',
  'slots-expired',
  'slot-unplaced',
  'eviction-planned',
  'eviction-dropped',
  'reservation-revoked',
  'priority-overclaimed',
]);

/** @returns undefined if the effect needs no Event, or its gang has no leader any more */
export function podEventOf(effect: Effect, deps: NoteDeps): PodEvent | undefined {
  const warn = (pod: PodRef | undefined, reason: string, note: string): PodEvent | undefined =>
    pod && { pod, type: 'Warning', reason, note };
  switch (effect.kind) {
    case 'gang-admitted':
      return { pod: effect.leader, type: 'Normal', reason: 'GangAdmitted', note: admittedNote(effect) };
    case 'gang-waits': {
      const advice = deps.adviceOf(effect.gang);
      return advice && warn(effect.leader, 'GangWaits', [`${capital(effect.reason)}.`, ...advice].join(' '));
    }
    case 'slots-expired': {
      const places = counted(effect.slots, 'reserved place was', 'reserved places were');
      const note = `${places} not claimed in time and ${effect.slots === 1 ? 'is' : 'are'} released.`;
      return warn(deps.leaderOf(effect.gang), 'ReservationExpired', note);
    }
    case 'slot-unplaced': {
      const note = `A member (role ${effect.role}) lost its place on node ${effect.from}, and there is no other place yet.`;
      return warn(deps.leaderOf(effect.gang), 'SlotLost', note);
    }
    case 'eviction-planned':
      return makingRoom(effect, deps);
    case 'eviction-dropped':
      return warn(effect.leader, 'MakingRoomFailed', `No more pods are evicted for the gang: ${effect.reason}.`);
    case 'reservation-revoked': {
      const places = counted(effect.slots, 'reserved place');
      const note = `Gang ${effect.forGang}, which has a higher priority, takes the gang's ${places}; the gang waits again.`;
      return warn(effect.leader, 'ReservationRevoked', note);
    }
    case 'priority-overclaimed':
      return warn(effect.leader, 'PriorityOverclaimed', overclaimNote(effect));
    case 'slot-moved':
    case 'gang-adopted':
    case 'gang-released':
    case 'wake-leader':
      return undefined;
  }
}

function admittedNote({ slots }: Extract<Effect, { kind: 'gang-admitted' }>): string {
  const nodes = new Set(slots.map(({ node }) => node)).size;
  return `Reserved ${counted(slots.length, 'place')} on ${counted(nodes, 'node')}: all that the gang needs to start.`;
}

type Overclaimed = Extract<Effect, { kind: 'priority-overclaimed' }>;

function overclaimNote({ member, priority, needed, victims, forMs, leader: { namespace } }: Overclaimed): string {
  const evicted = `${counted(victims, 'pod was', 'pods were')} evicted for the gang, which takes priority ${needed}`;
  return `${evicted}, and member ${member} has ${priority}. No more pods are evicted for gangs in namespace ${namespace} for ${forMs / 60_000} min: give members the class of their leader.`;
}

function makingRoom(
  { victims, plan, leader }: Extract<Effect, { kind: 'eviction-planned' }>,
  { toWall }: NoteDeps,
): PodEvent | undefined {
  if (victims.length === 0) return undefined;
  const pods = counted(victims.length, 'pod');
  const note = `Evicting ${pods} of lower priority to make room for the gang. It starts when the evicted pods are gone, which should be before ${isoTime(toWall(plan.untilMs))}.`;
  return { pod: leader, type: 'Normal', reason: 'MakingRoom', note };
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

import { isoTime } from '../core/iso-time.ts';
import type { Effect, PlannedVictim, TakenFrom } from '../core/effects.ts';
import { heldBeyond } from '../core/explanation/held-beyond.ts';
import type { PodRef } from '../core/model.ts';
import { counted, listed } from '../core/wording.ts';

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
  'queue-ignored',
  'slots-expired',
  'slot-unplaced',
  'eviction-planned',
  'eviction-dropped',
  'reservation-revoked',
  'priority-overclaimed',
  'start-foretold',
  'room-asked',
  'room-answered',
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
    case 'queue-ignored':
      return warn(effect.leader, 'QueueIgnored', effect.note);
    case 'slots-expired':
      return warn(deps.leaderOf(effect.gang), 'ReservationExpired', expiredNote(effect));
    case 'slot-unplaced':
      return warn(deps.leaderOf(effect.gang), 'SlotLost', lostNote(effect));
    case 'eviction-planned':
      return makingRoom(effect, deps);
    case 'eviction-dropped':
      return warn(effect.leader, 'MakingRoomFailed', `No more pods are evicted for the gang: ${effect.reason}.`);
    case 'reservation-revoked': {
      const places = counted(effect.slots, 'reserved place');
      const note = `Gang ${effect.forGang}, ${claimOf(effect.because)}, takes the gang's ${places}; the gang waits again.`;
      return warn(effect.leader, 'ReservationRevoked', note);
    }
    case 'priority-overclaimed':
      return warn(effect.leader, 'PriorityOverclaimed', overclaimNote(effect));
    case 'start-foretold':
      return startsAbout(effect, deps);
    case 'room-asked': {
      const note = `Asked the autoscaler for nodes for all ${counted(effect.members, 'member')} that the gang lacks.`;
      return { pod: effect.leader, type: 'Normal', reason: 'NodesAsked', note };
    }
    case 'room-answered':
      return roomAnswered(effect);
    default:
      return undefined;
  }
}

function roomAnswered({ leader, state, message }: Extract<Effect, { kind: 'room-answered' }>): PodEvent {
  const said = message === '' ? '' : `: ${message}`;
  return state === 'provisioned'
    ? {
        pod: leader,
        type: 'Normal',
        reason: 'NodesProvisioned',
        note: `The autoscaler has room for the gang, or nodes are on their way${said}`,
      }
    : {
        pod: leader,
        type: 'Warning',
        reason: 'NodesNotProvisioned',
        note: `The autoscaler did not make room for the gang (${state})${said}`,
      };
}

/** By what right a gang takes room from others. */
const claimOf = (because: 'priority' | 'share'): string =>
  because === 'share' ? 'whose queue is within its share' : 'which has a higher priority';

/** Why a pod was evicted. @param taker the gang that gets its room, or the queue that held more than its max */
export function evictedNote({ gang, because }: PlannedVictim, taker: string): string {
  const whose = gang === undefined ? '' : ` (a member of gang ${gang})`;
  if (because === 'max') return `Evicted${whose}, since ${taker} held more than its max.`;
  const theirs = because === 'share' ? '; the queue of this pod held more than its own' : '';
  return `Evicted${whose} to make room for gang ${taker}, ${claimOf(because)}${theirs}.`;
}

function admittedNote({ slots }: Extract<Effect, { kind: 'gang-admitted' }>): string {
  const nodes = new Set(slots.map(({ node }) => node)).size;
  return `Reserved ${counted(slots.length, 'place')} on ${counted(nodes, 'node')}: all that the gang needs to start.`;
}

const lostNote = ({ role, from }: Extract<Effect, { kind: 'slot-unplaced' }>): string =>
  `A member (role ${role}) lost its place on node ${from}, and there is no other place yet.`;

function expiredNote({ slots }: Extract<Effect, { kind: 'slots-expired' }>): string {
  const places = counted(slots, 'reserved place was', 'reserved places were');
  return `${places} not claimed in time and ${slots === 1 ? 'is' : 'are'} released.`;
}

type Overclaimed = Extract<Effect, { kind: 'priority-overclaimed' }>;

function overclaimNote({ member, priority, needed, victims, forMs, leader: { namespace } }: Overclaimed): string {
  const evicted = `${counted(victims, 'pod was', 'pods were')} evicted for the gang, which takes priority ${needed}`;
  return `${evicted}, and member ${member} has ${priority}. No more pods are evicted for gangs in namespace ${namespace} for ${forMs / 60_000} min: give members the class of their leader.`;
}

function makingRoom(
  { victims, plan, leader, because, from }: Extract<Effect, { kind: 'eviction-planned' }>,
  { toWall }: NoteDeps,
): PodEvent | undefined {
  if (victims.length === 0) return undefined;
  const pods = counted(victims.length, 'pod');
  const which = because === 'share' ? `, since ${overText(from)},` : ' of lower priority';
  const note = `Evicting ${pods}${which} to make room for the gang. It starts when the evicted pods are gone, which should be before ${isoTime(toWall(plan.untilMs))}.`;
  return { pod: leader, type: 'Normal', reason: 'MakingRoom', note };
}

const overText = (from: readonly TakenFrom[]): string =>
  `${from.slice(0, 3).map(heldBeyond).join(', ')}${from.length > 3 ? ', ...' : ''}`;

const FIVE_MINUTES_MS = 300_000;

/** @returns undefined if the gang waits no more, or nobody knows when it starts */
function startsAbout(
  { gang, leader, earliestMs, aboutMs, latestMs, becauseOf }: Extract<Effect, { kind: 'start-foretold' }>,
  { toWall, adviceOf }: NoteDeps,
): PodEvent | undefined {
  if (aboutMs === Infinity || adviceOf(gang) === undefined) return undefined;
  // 2026-11-22 14:20 UTC
  const at = (ms: number, round: (steps: number) => number) => {
    const rounded = isoTime(round(toWall(ms) / FIVE_MINUTES_MS) * FIVE_MINUTES_MS);
    return `${rounded.slice(0, 10)} ${rounded.slice(11, 16)} UTC`;
  };
  const latest = latestMs === Infinity ? '' : ` and ${at(latestMs, Math.ceil)}`;
  const span =
    latest === '' ? `not before ${at(earliestMs, Math.floor)}` : `between ${at(earliestMs, Math.floor)}${latest}`;
  const because =
    becauseOf.length === 0 ? '' : `, when ${listed(becauseOf)} ${becauseOf.length === 1 ? 'ends' : 'end'}`;
  const note = `Starts about ${at(aboutMs, Math.round)} (${span})${because}. Forecasts may be wrong: this is no promise.`;
  return { pod: leader, type: 'Normal', reason: 'StartsAbout', note };
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

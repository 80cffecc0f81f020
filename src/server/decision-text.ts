import { heldBeyond } from '../core/explanation/held-beyond.ts';
import type { Effect } from '../core/effects.ts';
import { isoTime } from '../core/iso-time.ts';
import { counted, listed } from '../core/wording.ts';

/** What the shells do with these effects is no decision that people follow. */
type Quiet = 'wake-leader' | 'nominate' | 'outcome-wanted';
type ToldKind = Exclude<Effect['kind'], Quiet>;

/** A decision as one sentence. */
export interface DecisionText {
  readonly full: string;
  /** For those who may see its gang alone: other gangs, their pods and nodes have no names. */
  readonly own: string;
}

/** Also of effects that share their shape. */
type Of<K, E = Effect> = E extends { readonly kind: infer X } ? (K extends X ? E : never) : never;
type ToWall = (ms: number) => number;
type Writers = { readonly [K in ToldKind]: (effect: Of<K>, toWall: ToWall) => DecisionText };

const same = (text: string): DecisionText => ({ full: text, own: text });

const placesOn = (slots: readonly { readonly node: string }[]): string =>
  `${counted(slots.length, 'place')} on ${counted(new Set(slots.map(({ node }) => node)).size, 'node')}`;

const WRITERS: Writers = {
  'gang-admitted': ({ slots }) => same(`Admitted: ${placesOn(slots)} reserved.`),
  'gang-adopted': ({ slots }) => same(`Taken over with ${placesOn(slots)}.`),
  'gang-complete': () => same('Complete: all members that it needs are bound.'),
  'queue-ignored': ({ note }) => same(note),
  'gang-waits': ({ reason }) => same(`Waits: ${reason}.`),
  'gang-released': ({ slots }) => same(`Over: ${counted(slots, 'place')} released.`),
  'start-foretold': foretold,
  'start-kept': ({ promisedMs }, toWall) => same(`Started by the time it was told, ${isoTime(toWall(promisedMs))}.`),
  'start-late': ({ promisedMs, lateMs, because }, toWall) =>
    same(`Started ${minutes(lateMs)} later than told (${isoTime(toWall(promisedMs))})${lateBecause(because)}.`),
  'slots-expired': ({ slots, whole }) =>
    same(
      `${counted(slots, 'reserved place was', 'reserved places were')} not claimed in time${whole ? ': it waits again' : ''}.`,
    ),
  'eviction-planned': planned,
  'max-enforced': ({ queue, victims }) =>
    withNames(
      `Queue ${queue} held more than its max for too long: ${counted(victims.length, 'pod is', 'pods are')} evicted`,
      names(victims),
    ),
  'eviction-dropped': ({ reason, spared }) => {
    const text = (why: string) =>
      `No more pods are evicted for it: ${why}; ${counted(spared.length, 'pod stays', 'pods stay')}.`;
    // What the API server says of a victim may name it.
    return { full: text(reason), own: text(reason.split(':', 1)[0]!) };
  },
  'reservation-revoked': ({ slots, forGang, because }) => {
    const text = (taker: string) =>
      `${taker}, ${because === 'share' ? 'whose queue is within its share' : 'which has a higher priority'}, takes its ${counted(slots, 'reserved place')}: it waits again.`;
    return { full: text(`Gang ${forGang}`), own: text('Another gang') };
  },
  'priority-overclaimed': ({ member, priority, needed, forMs }) =>
    same(
      `Member ${member} has priority ${priority}, and pods were evicted that take ${needed}: nothing is evicted for its namespace for ${minutes(forMs)}.`,
    ),
  'room-asked': ({ members }) => same(`The autoscaler was asked for room for ${counted(members, 'member')}.`),
  'room-answered': ({ state, message }) => {
    const text = `The autoscaler says of its request: ${state}`;
    // What it writes may name nodes.
    return { full: `${text}${message === '' ? '' : `, ${message}`}.`, own: `${text}.` };
  },
  'slot-moved': ({ role, from, to }) => ({
    full: `A member of role ${role} lost its place on ${from} and has one on ${to} now.`,
    own: `A member of role ${role} lost its place and has another now.`,
  }),
  'slot-unplaced': ({ role, from }) => ({
    full: `A member of role ${role} lost its place on ${from}; there is no room for it now.`,
    own: `A member of role ${role} lost its place; there is no room for it now.`,
  }),
};

/** The effect as a sentence; undefined: it is no decision that people follow. Times are wall times. */
export function decisionText(effect: Effect, toWall: ToWall): DecisionText | undefined {
  const writer = (
    WRITERS as unknown as { readonly [kind in string]?: (effect: Effect, toWall: ToWall) => DecisionText }
  )[effect.kind];
  return writer?.(effect, toWall);
}

/** How many names a sentence has at most. */
const MOST_NAMES = 3;

const names = (victims: readonly { readonly pod: { readonly namespace: string; readonly name: string } }[]) =>
  victims.map(({ pod }) => `${pod.namespace}/${pod.name}`);

function withNames(text: string, all: readonly string[]): DecisionText {
  const some = `${all.slice(0, MOST_NAMES).join(', ')}${all.length > MOST_NAMES ? ', ...' : ''}`;
  return { full: all.length === 0 ? `${text}.` : `${text} (${some}).`, own: `${text}.` };
}

function planned({ victims, broken, because, from, isRestored }: Of<'eviction-planned'>): DecisionText {
  const why =
    because === 'share'
      ? `, since ${from.slice(0, MOST_NAMES).map(heldBeyond).join(', ')}${from.length > MOST_NAMES ? ', ...' : ''}`
      : ' of lower priority';
  const harm = broken > 0 ? `; ${counted(broken, 'gang falls', 'gangs fall')} below its minimum` : '';
  const again = isRestored ? 'Goes on making room' : 'Makes room';
  return withNames(`${again}: ${counted(victims.length, 'pod is', 'pods are')} evicted${why}${harm}`, names(victims));
}

function foretold({ aboutMs, latestMs, becauseOf }: Of<'start-foretold'>, toWall: ToWall): DecisionText {
  const text = `Starts about ${isoTime(toWall(aboutMs))}, by ${isoTime(toWall(latestMs))} at the latest if the forecasts hold`;
  if (becauseOf.length === 0) return same(`${text}.`);
  const ends = becauseOf.length === 1 ? 'ends' : 'end';
  return { full: `${text}, when ${listed(becauseOf)} ${ends}.`, own: `${text}, when others end.` };
}

const minutes = (ms: number): string => counted(Math.max(1, Math.round(ms / 60_000)), 'minute');

const LATE_BECAUSE = {
  forecast: ', because a run took longer than foretold',
  overtaken: ', because a gang of higher priority started',
  room: ', because room was lost',
};
const lateBecause = (because: keyof typeof LATE_BECAUSE | undefined): string =>
  because === undefined ? '' : LATE_BECAUSE[because];

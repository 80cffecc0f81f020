import type { Phase, WaitKindName } from '../api/contract.ts';

/** The words of the console for what muster calls by a short name. */

interface WaitWords {
  /** What its badge says. */
  readonly label: string;
  readonly meaning: string;
  /** Whether it goes on waiting until a person changes something. */
  readonly needsYou?: true;
}

export const WAITS: Readonly<Record<WaitKindName, WaitWords>> = {
  room: { label: 'room', meaning: 'Too little is free.' },
  unschedulable: { label: 'cannot fit', meaning: 'Even the empty cluster could not hold it.', needsYou: true },
  turn: { label: 'turn', meaning: 'Another gang goes first.' },
  'start-time': { label: 'start time', meaning: 'It would delay a gang that has a start time.' },
  quota: { label: 'quota', meaning: 'A limit of its queue, user or namespace.' },
  rate: { label: 'rate', meaning: 'A rate holds it up.' },
  members: { label: 'members', meaning: 'Members that must exist do not yet.' },
  evictions: { label: 'evictions', meaning: 'Its room is being freed.' },
  declaration: { label: 'declaration', meaning: 'Its declaration is wrong, or not there yet.', needsYou: true },
  'not-asked': { label: 'not asked', meaning: 'kube-scheduler has not asked about it yet.' },
  hold: { label: 'hold', meaning: 'muster admits no gang now.' },
};

export const PHASES: Readonly<Record<Phase, string>> = {
  waiting: 'Holds no places yet.',
  starting: 'All its places are reserved.',
  running: 'All members that it needs are bound.',
  degraded: 'It lost a place and has no other yet.',
};

export const PHASE_NAMES = Object.keys(PHASES) as readonly Phase[];
export const WAIT_NAMES = Object.keys(WAITS) as readonly WaitKindName[];

/** `gang-admitted` to `gang admitted` */
export const wordsOf = (name: string) => name.replaceAll('-', ' ');

/** `blockAfterMs` to `block after ms`; `cpu` stays, and keys of labels. */
export const fieldWords = (name: string) =>
  /[./]/.test(name) ? name : name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();

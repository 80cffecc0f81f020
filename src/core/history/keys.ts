import type { RunIdentity } from './run-times.ts';

/** What runs have in common, under which their times are kept. */
export interface Level {
  readonly kind: 'app of size' | 'app' | 'estimate' | 'user of size' | 'queue of size' | 'queue' | 'cluster';
  /** At most some 300 characters. What tenants choose stands last, so that no two levels can share a key. */
  readonly key: string;
}

const MAX_NAME = 100;

const short = (text: string) => (text.length > MAX_NAME ? text.slice(0, MAX_NAME) : text);

/** Gangs of 1, 2 to 3, 4 to 7, 8 to 15 ... members are alike: the power of two. */
const sizeClassOf = (members: number): number => 31 - Math.clz32(Math.max(1, members));

/** Stands for names in keys: the names themselves, or what only those who have its secret can tell them from. */
export type NameOf = (names: string) => string;

/** Names stand in keys as they are. */
export const AS_WRITTEN: NameOf = (names) => names;

/**
 * The levels of a run, the most special first: its app in its size, its app, what the estimates of its namespace are
 * worth, its user, its queue in its size, its queue, the cluster. Levels of what the run does not say are left out.
 */
export function levelsOf(run: RunIdentity, nameOf = AS_WRITTEN): readonly Level[] {
  const { namespace, queue, app, user, members, expectedMs } = run;
  const size = members > 0 ? sizeClassOf(members) : undefined;
  const place = short(namespace);
  const levels: Level[] = [];
  const add = (kind: Level['kind'], letter: string, names: string) =>
    levels.push({ kind, key: `${letter} ${nameOf(names)}` });
  if (app !== undefined) {
    if (size !== undefined) add('app of size', `a${size}`, `${place} ${short(app)}`);
    add('app', 'a', `${place} ${short(app)}`);
  }
  if (expectedMs !== undefined) add('estimate', 'e', place);
  if (user !== undefined && size !== undefined) add('user of size', `u${size}`, `${place} ${short(user)}`);
  if (size !== undefined) add('queue of size', `q${size}`, short(queue));
  add('queue', 'q', short(queue));
  levels.push({ kind: 'cluster', key: 'c' });
  return levels;
}

/** What a key stands for, for people. */
export interface KeyMeaning {
  readonly what: 'app' | 'estimate' | 'user' | 'queue' | 'cluster';
  /** The name of the app, the user or the queue; where names are kept secret, what stands for it and its namespace. */
  readonly name?: string;
  readonly namespace?: string;
  /** The numbers of members that its runs need to start; absent: all. */
  readonly members?: { readonly from: number; readonly to: number };
}

const WHAT = { a: 'app', e: 'estimate', u: 'user', q: 'queue', c: 'cluster' } as const;

/** What a key of `levelsOf` stands for; undefined: it is none. */
export function meaningOf(key: string): KeyMeaning | undefined {
  const [, letter = '', digits = '', names = ''] = /^([aeuqc])(\d{0,2})(?: (.*))?$/s.exec(key) ?? [];
  const what = WHAT[letter as keyof typeof WHAT];
  if ((what as string | undefined) === undefined) return undefined;
  const size = digits === '' ? {} : { members: { from: 2 ** Number(digits), to: 2 ** (Number(digits) + 1) - 1 } };
  if (what === 'cluster') return { what };
  if (what === 'queue') return { what, name: names, ...size };
  if (what === 'estimate') return { what, namespace: names };
  const at = names.indexOf(' ');
  return at < 0
    ? { what, name: names, ...size }
    : { what, namespace: names.slice(0, at), name: names.slice(at + 1), ...size };
}

const ofQueue = (queue: string) => (queue === '' ? 'no queue' : `queue ${short(queue)}`);

/** What the runs of a level have in common, for people: `app etl-#`, `queue prod, 8 to 15 members`. */
export function basisOf(kind: Level['kind'], { app = '', user = '', queue, members }: RunIdentity): string {
  const size = sizeClassOf(members);
  const ofSize = size === 0 ? 'single pods' : `${2 ** size} to ${2 ** (size + 1) - 1} members`;
  switch (kind) {
    case 'app of size':
      return `app ${short(app)}, ${ofSize}`;
    case 'app':
      return `app ${short(app)}`;
    case 'estimate':
      return 'muster.dev/expected-duration';
    case 'user of size':
      return `user ${short(user)}, ${ofSize}`;
    case 'queue of size':
      return `${ofQueue(queue)}, ${ofSize}`;
    case 'queue':
      return ofQueue(queue);
    case 'cluster':
      return 'all runs';
  }
}

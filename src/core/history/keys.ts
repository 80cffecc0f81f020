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

/**
 * The levels of a run, the most special first: its app in its size, its app, what the estimates of its namespace are
 * worth, its user, its queue in its size, its queue, the cluster. Levels of what the run does not say are left out.
 */
export function levelsOf({ namespace, queue, app, user, members, expectedMs }: RunIdentity): readonly Level[] {
  const size = sizeClassOf(members);
  const place = short(namespace);
  const levels: Level[] = [];
  if (app !== undefined) {
    levels.push({ kind: 'app of size', key: `a${size} ${place} ${short(app)}` });
    levels.push({ kind: 'app', key: `a ${place} ${short(app)}` });
  }
  if (expectedMs !== undefined) levels.push({ kind: 'estimate', key: `e ${place}` });
  if (user !== undefined) levels.push({ kind: 'user of size', key: `u${size} ${place} ${short(user)}` });
  levels.push({ kind: 'queue of size', key: `q${size} ${short(queue)}` });
  levels.push({ kind: 'queue', key: `q ${short(queue)}` });
  levels.push({ kind: 'cluster', key: 'c' });
  return levels;
}

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
      return `queue ${short(queue)}, ${ofSize}`;
    case 'queue':
      return `queue ${short(queue)}`;
    case 'cluster':
      return 'all runs';
  }
}

import type { WAIT_KINDS } from '../core/explanation/wait-kind.ts';
import type { GANG_SORTS } from '../server/api/board-schemas.ts';

/**
 * The values of flags, as literals: the schemas take longer to load than a command's help may take. A test compares them.
 */

export const PHASES = ['waiting', 'starting', 'running', 'degraded'] as const;

export const SORTS = ['position', 'since', 'gang', 'priority', 'members', 'queue'] as const satisfies typeof GANG_SORTS;

export const WAITS_FOR = [
  'room',
  'unschedulable',
  'turn',
  'start-time',
  'quota',
  'rate',
  'members',
  'evictions',
  'declaration',
  'not-asked',
  'hold',
] as const satisfies typeof WAIT_KINDS;

/** By what `muster nodes` sorts. */
export const NODE_SORTS = ['name', 'nodes', 'used', 'reserved', 'free', 'stranded'] as const;

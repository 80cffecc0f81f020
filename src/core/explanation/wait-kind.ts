import { isFreeing, missingLeaders, refusalOf, type Gang, type Refusal } from '../gang/gang.ts';

/** What kind of thing a waiting gang waits for: for lists, metrics and rules, where a sentence is too much. */
export const WAIT_KINDS = [
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
] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

/** What a refusal is about. One that depends on the nodes that were offered lacks room on them. */
const KIND_OF: { readonly [kind in Exclude<Refusal['kind'], 'held'>]: WaitKind } = {
  room: 'room',
  open: 'room',
  unschedulable: 'unschedulable',
  turn: 'turn',
  later: 'start-time',
  quota: 'quota',
  rate: 'rate',
  incomplete: 'members',
  freeing: 'evictions',
};

/** A gang that waits so would go on waiting if muster admitted gangs. */
const WHATEVER_IS_ADMITTED: ReadonlySet<WaitKind> = new Set(['unschedulable', 'quota', 'members', 'evictions']);

/**
 * What a gang waits for that is not admitted. A pod whose declaration is wrong is no gang yet: it waits for `declaration`.
 * @param isBlocked whether no gang is admitted now, whichever it is (Scheduler.blocked)
 */
export function waitKindOf(gang: Gang, isBlocked: boolean): WaitKind {
  const kind = kindOf(gang);
  return isBlocked && !WHATEVER_IS_ADMITTED.has(kind) ? 'hold' : kind;
}

function kindOf(gang: Gang): WaitKind {
  if (isFreeing(gang)) return 'evictions';
  if (missingLeaders(gang) > 0) return 'members';
  const refusal = refusalOf(gang);
  if (!refusal) return 'not-asked';
  if (refusal.kind !== 'held') return KIND_OF[refusal.kind];
  return refusal.was ? KIND_OF[refusal.was] : 'hold';
}

import type { Gang } from '../gang/gang.ts';
import type { Role } from '../model.ts';
import { outlookOf, type Outlook } from '../outlook/outlook.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import type { Resources } from '../resources.ts';
import type { Slices } from '../work.ts';
import { startsNowTest } from './starts-now.ts';

/** A change to a gang with which it would start sooner. */
export type Sooner =
  /** With so many members of the role, the most with which it would start now. */
  | { readonly kind: 'fewer'; readonly role: string; readonly count: number; readonly instead: number }
  /** With members of the role that request no more than this, it would start now. */
  | { readonly kind: 'smaller'; readonly role: string; readonly request: Resources }
  /** With this priority it would be ahead of all that wait. */
  | { readonly kind: 'priority'; readonly priority: number; readonly start: Outlook };

/** Members are tried in steps of this share of their request. */
const STEPS = 16;
const CPU_STEP = 100;
const BYTES_STEP = 64 * 2 ** 20;

/** The most members of its last role, and the largest, with which the gang would start now. */
export function smallerNow(ctx: PreemptionContextView, gang: Gang, nowMs: number): Sooner[] {
  const at = gang.spec.roles.length - 1;
  const role = gang.spec.roles[at]!;
  const startsNow = startsNowTest(ctx, gang, nowMs);
  const withRole = (changed: Role) =>
    startsNow({ ...gang, spec: { ...gang.spec, roles: gang.spec.roles.with(at, changed) } });
  const count = most(role.min, (n) => withRole({ ...role, min: n }));
  const share = most(STEPS, (n) => withRole({ ...role, request: scaled(role.request, n / STEPS) }));
  return [
    ...(count > 0 ? [{ kind: 'fewer', role: role.name, count, instead: role.min } as const] : []),
    ...(share > 0 ? [{ kind: 'smaller', role: role.name, request: scaled(role.request, share / STEPS) } as const] : []),
  ];
}

/** The largest number from 1 to below `limit` that passes; 0: none does. What passes also passes with less. */
function most(limit: number, test: (n: number) => boolean): number {
  let [low, high] = [0, limit];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (test(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** That share of the request, in round amounts; resources that are counted stay whole. */
function scaled(request: Resources, share: number): Resources {
  return new Map(Array.from(request, ([name, amount]) => [name, part(name, amount, share)] as const));
}

function part(name: string, amount: number, share: number): number {
  if (name === 'cpu') return roundDown(amount * share, CPU_STEP);
  return name === 'memory' || name === 'ephemeral-storage' ? roundDown(amount * share, BYTES_STEP) : amount;
}

const roundDown = (amount: number, step: number) => (amount < step ? Math.floor(amount) : amount - (amount % step));

/** What another place in line would change: less than this share of the wait is not worth telling. */
const WORTH = 0.25;

/** The priority with which it would be ahead of all that wait, where that helps. */
export function* soonerByPriority(
  ctx: PreemptionContextView,
  gang: Gang,
  start: Outlook,
  nowMs: number,
): Slices<Sooner[]> {
  const ahead = ctx.queues.aheadInAllQueues(gang);
  if (ahead.length === 0) return [];
  const priority = Math.max(...ahead.map((other) => other.priority)) + 1;
  const first = yield* outlookOf(ctx, () => ({ gang: { ...gang, priority }, ahead: [] }), nowMs);
  if (!first || first.aboutMs === Infinity) return [];
  const isWorth = first.aboutMs - nowMs < (1 - WORTH) * (start.aboutMs - nowMs);
  return isWorth ? [{ kind: 'priority', priority, start: first }] : [];
}

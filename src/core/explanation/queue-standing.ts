import type { GangContextView } from '../gang/context.ts';
import { isFreeing, refusalOf, type Gang } from '../gang/gang.ts';
import { limitOn } from '../gang/limits.ts';
import type { Tier } from '../queue/shares.ts';
import { pathTo, type QueueNode } from '../queue/tree.ts';
import { counted, listed } from '../wording.ts';
import { amount } from './amounts.ts';
import { amountsOf, type QueueAmounts } from './queue-amounts.ts';
import { limitText, limitsNear, type NearLimit } from './queue-limits.ts';

/** Where a waiting gang stands among those of other queues. */
export interface QueueStanding extends QueueAmounts {
  /** The path of its queue. */
  readonly queue: string;
  /** Whose gang it is, for limits of users. */
  readonly user: string;
  /**
   * Where the topmost queue on its path would stand with it, among its siblings: within its guarantee (0), within its
   * entitlement (1), beyond it (2).
   */
  readonly tier: Tier;
  /** Limits that it would come near; those that are hit first. */
  readonly limits: readonly NearLimit[];
  /** Gangs of other queues that are before it, by queue, most first. */
  readonly before: readonly { readonly queue: string; readonly gangs: number }[];
}

/** Where the gang stands now. O(waiting gangs x log queues). */
export function standingAmong(ctx: GangContextView, gang: Gang): QueueStanding {
  const { queue, user, ask } = gang;
  const top = pathTo(queue)[0] ?? queue;
  const amounts = { queue: queue.path, user, ...amountsOf(ctx, queue, asked(ctx, gang)) };
  // Its room is counted already, and nobody is before it any more.
  if (isFreeing(gang)) {
    const counted = Float64Array.from(ask, (amount) => -amount);
    return { ...amounts, tier: ctx.shares.tierAt(top, ask, counted), limits: [], before: [] };
  }
  const counts = new Map<string, number>();
  for (const { queue: other } of ctx.queues.aheadInAllQueues(gang))
    if (other !== queue) counts.set(other.path, (counts.get(other.path) ?? 0) + 1);
  const before = [...counts].map(([path, gangs]) => ({ queue: path, gangs }));
  return {
    ...amounts,
    tier: ctx.shares.tierAt(top, ask),
    limits: limitsNear(ctx, gang).sort((a, b) => Number(b.isHit) - Number(a.isHit)),
    before: before.sort((a, b) => b.gangs - a.gangs || (a.queue < b.queue ? -1 : 1)),
  };
}

/** The shared columns that the gang needs something of. */
const asked = ({ shares }: GangContextView, { ask }: Pick<Gang, 'ask'>) =>
  shares.columns.filter((c) => (ask[c] ?? 0) > 0);

/** The same in sentences: limits that are hit, who is beyond its entitlement, and who is before it. */
export function standingAdvice(ctx: GangContextView, gang: Gang, { limits, before, user }: QueueStanding): string[] {
  if (ctx.hold !== undefined || isFreeing(gang)) return [];
  const hit = limits.filter(({ isHit }) => isHit).map((one) => limitText(one, user));
  if (hit.length === 0) hit.push(...otherLimit(ctx, gang));
  // A limit bounds what the queue is entitled to.
  const over = ctx.tree.isConfigured && hit.length === 0 ? beyondText(ctx, gang) : undefined;
  const others = gangsOf(before);
  const first = others === '' ? '' : `${others} ${total(before) === 1 ? 'is' : 'are'} before it`;
  if (over !== undefined) return [...hit, first === '' ? `${over}.` : `${over}; ${first}.`];
  return first === '' ? hit : [...hit, `${first}.`];
}

/** A limit that no queue counts: of the size of pods, of a namespace, of a group; or a rate. */
function otherLimit(ctx: GangContextView, gang: Gang): string[] {
  if (refusalOf(gang)?.kind === 'rate')
    return ['Gangs come faster than the rates of the policy file allow: it starts by itself when its turn has come.'];
  const limit = limitOn(ctx, gang);
  return limit ? [`${limit.reason.charAt(0).toUpperCase()}${limit.reason.slice(1)}.`] : [];
}

/** What the queue holds and is entitled to, where the gang would be beyond it: of the topmost queue on its path. */
function beyondText(ctx: GangContextView, gang: Gang): string | undefined {
  for (const node of pathTo(gang.queue)) {
    const column = beyondIn(ctx, node, gang);
    if (column === undefined) continue;
    const name = ctx.cluster.columns.names[column]!;
    const of = (value: number) => amount(name, Math.round(value));
    const what = name === 'cpu' ? '' : ` of ${name}`;
    const entitled = ctx.shares.of(node).entitled[column] ?? 0;
    const used = ctx.shares.usedOf(node, column);
    const needs = used > entitled ? '' : `, and the gang needs ${of(gang.ask[column]!)}`;
    return `Queue ${node.path} holds ${of(used)}${what} and is entitled to ${of(entitled)}${needs}`;
  }
  return undefined;
}

/** The column of which the queue would hold most beyond its entitlement; undefined: it would be within. */
function beyondIn({ shares }: GangContextView, node: QueueNode, { ask }: Gang): number | undefined {
  if (shares.tierAt(node, ask) < 2) return undefined;
  const { entitled } = shares.of(node);
  const part = (c: number) => (shares.usedOf(node, c) + ask[c]!) / Math.max(1, entitled[c] ?? 0);
  return shares.columns.filter((c) => (ask[c] ?? 0) > 0).reduce((a, b) => (part(b) > part(a) ? b : a));
}

const total = (before: QueueStanding['before']) => before.reduce((sum, { gangs }) => sum + gangs, 0);

/** Of so many queues it is said how many gangs are before. */
const MOST_QUEUES = 3;

/** `2 gangs of prod.etl and 1 gang of adhoc`; '' for none. */
function gangsOf(before: QueueStanding['before']): string {
  const named = before.slice(0, MOST_QUEUES).map(({ queue, gangs }) => `${counted(gangs, 'gang')} of ${queue}`);
  const rest = total(before.slice(MOST_QUEUES));
  return listed(rest > 0 ? [...named, `${rest} of other queues`] : named);
}

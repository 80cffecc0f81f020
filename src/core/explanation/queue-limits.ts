import type { GangContextView } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { membersToStart } from '../model.ts';
import type { UserLimit } from '../policy/tenancy.ts';
import type { LimitKind } from '../queue/limits.ts';
import { quotaVector } from '../queue/quotas.ts';
import type { Tally } from '../queue/tally.ts';
import type { QueueNode } from '../queue/tree.ts';
import type { Vector } from '../resources.ts';
import { counted } from '../wording.ts';
import { amount } from './amounts.ts';

/** A limit that a gang would come near, or reach, with what it needs to start. */
export interface NearLimit {
  readonly limit: LimitKind;
  /** The path of the queue whose limit it is. */
  readonly at: string;
  /** undefined: it counts gangs or pods. */
  readonly resource: string | undefined;
  /** What counts towards it now, what the gang needs, and the most; in the unit of the resource. */
  readonly used: number;
  readonly needed: number;
  readonly most: number;
  /** The gang cannot start because of it. */
  readonly isHit: boolean;
}

/** A limit is near where this part of it would be used. */
const NEAR = 0.9;

/** Limits of the gang's queue, of those above it and of its user there that it would come near. O(depth x resources). */
export function limitsNear(
  ctx: GangContextView,
  { queue, user, ask, spec }: Pick<Gang, 'queue' | 'user' | 'ask' | 'spec'>,
): NearLimit[] {
  const out: NearLimit[] = [];
  const members = membersToStart(spec);
  for (let node: QueueNode | undefined = queue; node?.parent; node = node.parent) {
    const at = node.path;
    const { holds, users } = node;
    const { running } = node.spec;
    const mine = users.get(user);
    const { max, gangs } = userLimit(node, user);
    out.push(
      ...ofAmounts(ctx, { limit: 'max', at, max: ctx.shares.of(node).max, holds, ask }),
      near({ limit: 'running gangs', at, used: holds.gangs, needed: 1, most: running.gangs }),
      near({ limit: 'running pods', at, used: holds.parts, needed: members, most: running.pods }),
      near({ limit: 'user gangs', at, used: mine?.gangs ?? 0, needed: 1, most: gangs }),
      ...ofAmounts(ctx, { limit: 'user', at, max: userMax(ctx, max), holds: mine, ask }),
    );
  }
  return out.filter(({ used, needed, most }) => used + needed >= NEAR * most);
}

const userLimit = ({ spec }: QueueNode, user: string): UserLimit => spec.users.of.get(user) ?? spec.users;

const userMax = ({ shares, cluster: { columns } }: GangContextView, max: UserLimit['max']): Vector =>
  quotaVector(max, { columns, capacity: shares.capacity, otherwise: Infinity });

const near = (one: Omit<NearLimit, 'isHit' | 'resource'>, resource?: string): NearLimit => ({
  ...one,
  resource,
  isHit: one.used + one.needed > one.most,
});

interface Amounts {
  readonly limit: LimitKind;
  readonly at: string;
  readonly max: Vector;
  readonly holds: Tally | undefined;
  readonly ask: Vector;
}

function ofAmounts({ cluster }: GangContextView, { limit, at, max, holds, ask }: Amounts): NearLimit[] {
  return cluster.columns.names.flatMap((name, c) => {
    const needed = ask[c] ?? 0;
    if (!(needed > 0)) return [];
    return [near({ limit, at, used: holds?.vector[c] ?? 0, needed, most: max[c] ?? Infinity }, name)];
  });
}

/** The limit that is hit, in a sentence, with what would help. @param user whose gang it is */
export function limitText({ limit, at, resource, used, needed, most }: NearLimit, user: string): string {
  const who = limit === 'user' || limit === 'user gangs' ? `User ${user} in queue ${at}` : `Queue ${at}`;
  const noun = limit.endsWith('gangs') ? 'gang' : 'pod';
  const of = (value: number) => (resource === undefined ? counted(value, noun) : amount(resource, value));
  const what = resource === undefined || resource === 'cpu' ? '' : ` of ${resource}`;
  const holds = `${who} ${resource === undefined ? 'runs' : 'holds'} ${of(used)}${what} and may have ${of(most)}`;
  if (needed > most)
    return `${holds}: the gang needs ${of(needed)} at once, so it can start only if it asks less or the limit is raised.`;
  const left = most - needed;
  return left === 0
    ? `${holds}: it starts when nothing else counts there.`
    : `${holds}: it can start when that is ${of(left)} or less.`;
}

import type { ClusterView } from '../cluster/cluster.ts';
import type { Quota } from '../policy/tenancy.ts';
import type { Vector } from '../resources.ts';
import type { LimitKind } from './limits.ts';
import { amountOf } from './quotas.ts';
import type { Tally } from './tally.ts';
import type { QueueNode, QueueTree } from './tree.ts';
import type { Usage } from './usage.ts';

/** What somebody wants to hold beside what is held already. */
export interface Claim {
  readonly queue: QueueNode;
  readonly user: string;
  readonly namespace: string;
  readonly vector: Vector;
  readonly pods: number;
  readonly gangs: number;
  /** What goes in exchange: up to a queue's `surge`, as much may be held beyond its max. */
  readonly givenUp?: () => Vector;
}

/** A limit that the claim would break. */
export interface FoundLimit {
  readonly limit: LimitKind;
  /** Constant while the same limit is broken. */
  readonly reason: string;
  /** The path of the queue, or the name of the namespace or the group. */
  readonly at: string;
  /** Whoever must hold less. */
  readonly holder: Pick<Tally, 'version'>;
  /** The claim alone is beyond the limit. */
  readonly isNever?: true;
  /** The limit is a part of what the cluster has of a resource, which was this much. */
  readonly partOf?: { readonly column: number; readonly capacity: number };
}

interface World {
  readonly tree: QueueTree;
  readonly usage: Pick<Usage, 'namespaces' | 'groups'>;
  readonly cluster: Pick<ClusterView, 'columns'>;
  /** What parts in quotas are parts of. */
  readonly shares: { readonly capacity: Vector };
}

type Check = (world: World, claim: Claim, node: QueueNode, who: string) => FoundLimit | undefined;

/** Limits of queues, in the order in which they are told. */
const CHECKS: readonly (readonly [LimitKind, Check])[] = [
  ['max', checkMax],
  ['user', checkUserMax],
  ['user gangs', checkUserGangs],
  ['running gangs', checkGangs],
  ['running pods', checkPods],
  ['pods of the namespace', checkNamespace],
];

/** Holds nothing, and never will less. */
const NOBODY = { version: 0, parts: 0, gangs: 0, vector: new Float64Array(0) };

/**
 * The first limit that the claim would break: of its queue and of those above it, then of the groups of its namespace.
 * What is being evicted still counts. O(depth).
 * @param who the claimant, in a reason: `the gang`
 * @param only these limits of queues, and none of groups
 */
export function firstLimit(
  world: World,
  claim: Claim,
  who: string,
  only?: readonly LimitKind[],
): FoundLimit | undefined {
  if (!world.tree.isConfigured && world.tree.tenancy.groups.length === 0) return undefined;
  for (const [kind, check] of CHECKS) {
    if (only && !only.includes(kind)) continue;
    for (let node: QueueNode | undefined = claim.queue; node; node = node.parent) {
      const found = check(world, claim, node, who);
      if (found) return found;
    }
  }
  return only ? undefined : groupLimit(world, claim);
}

function checkMax(world: World, claim: Claim, node: QueueNode, who: string): FoundLimit | undefined {
  const over = overQuota(world, claim, { quota: node.spec.max, holds: node.holds, surge: node.spec.surge });
  if (!over) return undefined;
  const { resource, ...rest } = over;
  const reason = over.isNever
    ? `queue ${node.path} allows less ${resource} than ${who} needs`
    : `queue ${node.path} is at its max of ${resource}`;
  return { limit: 'max', reason, at: node.path, holder: node.holds, ...rest };
}

function checkUserMax(world: World, claim: Claim, node: QueueNode, who: string): FoundLimit | undefined {
  if (!node.countsUsers) return undefined;
  const holds = node.users.get(claim.user) ?? NOBODY;
  const over = overQuota(world, claim, { quota: userLimit(node, claim).max, holds, surge: 0 });
  if (!over) return undefined;
  const { resource, ...rest } = over;
  const reason = over.isNever
    ? `queue ${node.path} allows a user less ${resource} than ${who} needs`
    : `user ${claim.user} is at the limit of queue ${node.path}`;
  return { limit: 'user', reason, at: node.path, holder: holds, ...rest };
}

function checkUserGangs(_world: World, claim: Claim, node: QueueNode): FoundLimit | undefined {
  if (!node.countsUsers || claim.gangs === 0) return undefined;
  const { gangs: most } = userLimit(node, claim);
  const holder = node.users.get(claim.user) ?? NOBODY;
  const reason = `user ${claim.user} runs ${most} gangs, the limit of queue ${node.path}`;
  return beyond(holder.gangs, claim.gangs, most, { limit: 'user gangs', reason, at: node.path, holder });
}

function checkGangs(_world: World, { gangs }: Claim, { spec, holds: holder, path: at }: QueueNode) {
  if (gangs === 0) return undefined;
  const { gangs: most } = spec.running;
  return beyond(holder.gangs, gangs, most, {
    limit: 'running gangs',
    reason: `queue ${at} runs its ${most} gangs`,
    at,
    holder,
  });
}

function checkPods(_world: World, { pods }: Claim, { spec, holds: holder, path: at }: QueueNode) {
  const { pods: most } = spec.running;
  const reason = `queue ${at} is at its limit of ${most} pods`;
  return beyond(holder.parts, pods, most, { limit: 'running pods', reason, at, holder });
}

function checkNamespace({ usage }: World, { namespace, pods }: Claim, { spec }: QueueNode): FoundLimit | undefined {
  return namespacePods(usage, { namespace, pods }, spec.running.podsPerNamespace);
}

/** The first limit of the groups of its namespace that the claim would break. */
export function groupLimit(
  { tree, usage }: Pick<World, 'tree' | 'usage'>,
  { namespace, pods }: Pick<Claim, 'namespace' | 'pods'>,
): FoundLimit | undefined {
  for (const name of tree.groupsOf(namespace)) {
    const group = tree.tenancy.groups.find((one) => one.name === name)!;
    const holder = usage.groups.get(name) ?? NOBODY;
    const reason = `namespace group ${name} is at its limit of ${group.pods} pods`;
    const found =
      namespacePods(usage, { namespace, pods }, group.podsPerNamespace) ??
      beyond(holder.parts, pods, group.pods, { limit: 'pods of the group', reason, at: name, holder });
    if (found) return found;
  }
  return undefined;
}

function namespacePods(
  { namespaces }: World['usage'],
  { namespace, pods }: Pick<Claim, 'namespace' | 'pods'>,
  most: number,
): FoundLimit | undefined {
  const holder = namespaces.get(namespace) ?? NOBODY;
  const reason = `namespace ${namespace} is at its limit of ${most} pods`;
  return beyond(holder.parts, pods, most, { limit: 'pods of the namespace', reason, at: namespace, holder });
}

function beyond(held: number, more: number, most: number, found: FoundLimit): FoundLimit | undefined {
  if (more === 0 || held + more <= most) return undefined;
  return more > most ? { ...found, isNever: true } : found;
}

const userLimit = ({ spec: { users } }: QueueNode, { user }: Claim) => users.of.get(user) ?? users;

interface Bound {
  readonly quota: Quota;
  readonly holds: { readonly vector: Vector };
  readonly surge: number;
}

type Over = Pick<FoundLimit, 'isNever' | 'partOf'> & { readonly resource: string };

/** The first resource of which more would be held than the quota says. */
function overQuota(
  { cluster, shares }: World,
  { vector, givenUp }: Claim,
  { quota, holds, surge }: Bound,
): Over | undefined {
  if (quota.amounts.size === 0 && quota.shares.size === 0) return undefined;
  for (let c = 0; c < vector.length; c++) {
    const asked = vector[c]!;
    if (asked === 0) continue;
    const resource = cluster.columns.names[c]!;
    const capacity = shares.capacity[c] ?? 0;
    const most = amountOf(quota, { name: resource, capacity, otherwise: Infinity });
    const after = (holds.vector[c] ?? 0) + asked;
    if (after <= most || (givenUp && after <= most + Math.min(givenUp()[c] ?? 0, surge * most))) continue;
    return {
      resource,
      ...(asked > most ? { isNever: true } : {}),
      ...(quota.amounts.has(resource) ? {} : { partOf: { column: c, capacity } }),
    };
  }
  return undefined;
}

import type { LimitKind } from '../queue/limits.ts';
import { minToStart, type PodInfo } from '../model.ts';
import type { Resources, Vector } from '../resources.ts';
import { firstLimit, type Claim, type FoundLimit } from '../queue/quota-check.ts';
import type { QueueNode } from '../queue/tree.ts';
import { asQuantity } from '../wording.ts';
import type { GangContextView } from './context.ts';
import type { Gang, Refusal } from './gang.ts';
import { askOf, countRunning } from './needs.ts';
import { accountOfSingle, singlesIn } from './tenants.ts';

export type QuotaRefusal = Extract<Refusal, { kind: 'quota' }>;

/** Nothing but other rules or another declaration changes it. */
const FOR_GOOD = { version: 0 };

/**
 * The first limit that keeps the gang from starting, however much room there is; undefined: none does. The reason has no
 * figure that changes by itself. O(depth of the queue + roles).
 */
export function limitOn(ctx: GangContextView, gang: Gang): QuotaRefusal | undefined {
  if (!ctx.tree.isConfigured && ctx.tree.tenancy.groups.length === 0) return undefined;
  const running = countRunning(ctx.cluster, gang);
  const tooLarge = oversized(ctx, gang.queue, gang.spec.namespace, requestsOf(gang));
  const found = tooLarge ?? firstLimit(ctx, claimOf(ctx, gang), 'the gang');
  return found && { kind: 'quota', ...found, version: found.holder.version, running };
}

/** Whether nothing has changed since the refusal that could help the gang. O(1) for a gang without running members. */
export const isStillLimited = ({ cluster, shares }: GangContextView, gang: Gang, refusal: QuotaRefusal): boolean =>
  refusal.holder.version === refusal.version &&
  refusal.running === countRunning(cluster, gang) &&
  (refusal.roomPosition === undefined || refusal.roomPosition === cluster.table.roomLog.position) &&
  (refusal.partOf === undefined || refusal.partOf.capacity === shares.capacity[refusal.partOf.column]);

/** Why a member beyond the gang's minimum may not come; undefined: it may. */
export function limitOnExtra(ctx: GangContextView, gang: Gang, pod: PodInfo, vector: Vector): string | undefined {
  const { queue, user } = gang;
  const { namespace } = pod;
  const tooLarge = oversized(ctx, queue, namespace, [pod.request]);
  if (tooLarge) return tooLarge.reason;
  const givenUp = () => givenUpBy(ctx, gang);
  return shortReason(firstLimit(ctx, { queue, user, namespace, vector, pods: 1, gangs: 0, givenUp }, 'it'));
}

/**
 * Why a member may not claim its slot: it asks more than twice what its gang has declared, and the difference is too much
 * for its queue. Other members that claim a slot are never refused, since the slot is counted already.
 */
export function limitOnGrowth(ctx: GangContextView, gang: Gang, slot: Vector, asked: Vector): string | undefined {
  if (!asked.some((amount, c) => amount > 2 * (slot[c] ?? 0))) return undefined;
  const { queue, user, spec } = gang;
  const vector = asked.map((amount, c) => Math.max(0, amount - (slot[c] ?? 0)));
  return shortReason(firstLimit(ctx, { queue, user, namespace: spec.namespace, vector, pods: 0, gangs: 0 }, 'it'));
}

/**
 * Why a pod of no gang may not be placed: its queue gates such pods, and is at its max. Pods of other schedulers are only
 * counted. Those in flight count as bound.
 */
export function limitOnSingle(ctx: GangContextView, pod: PodInfo): string | undefined {
  if (!ctx.schedulerNames.has(pod.schedulerName)) return undefined;
  const account = accountOfSingle(ctx, pod);
  if (!account || singlesIn(account.leaf) !== 'gate') return undefined;
  const vector = ctx.cluster.requestVector(pod.request);
  for (const other of ctx.inFlight.requests) {
    if (other.pod.uid === pod.uid || accountOfSingle(ctx, other.pod)?.leaf !== account.leaf) continue;
    for (let c = 0; c < vector.length; c++) if (vector[c]! > 0) vector[c]! += other.vector[c] ?? 0;
  }
  const claim = { queue: account.leaf, user: account.user, namespace: pod.namespace, vector, pods: 0, gangs: 0 };
  return shortReason(firstLimit(ctx, claim, 'it', ['max']));
}

/** Which resource it is changes from question to question: a pod's reason must not. */
const shortReason = (found: FoundLimit | undefined): string | undefined =>
  found?.limit === 'max' ? 'queue is at its max' : found?.reason;

function claimOf(ctx: GangContextView, gang: Gang): Claim {
  const { queue, user, spec, key } = gang;
  const { cluster, usage } = ctx;
  const isKnown = gang.ask.length === cluster.columns.size && cluster.boundMembers(key).size === 0;
  const vector = isKnown ? gang.ask : askOf(cluster, gang);
  const gangs = (usage.ofGang(key)?.parts ?? 0) > 0 ? 0 : 1;
  return { queue, user, namespace: spec.namespace, vector, pods: vector[cluster.columns.pods] ?? 0, gangs };
}

/** What single members ask that the gang needs to start. */
function requestsOf({ spec, leader }: Gang): readonly Resources[] {
  const needed = spec.roles.filter((role) => minToStart(spec, role) > 0);
  return [leader.request, ...needed.map(({ request }) => request)];
}

/** What bound members hold that their gang gives up: others come in their place. */
function givenUpBy({ cluster }: GangContextView, { key, spec: { givesUp } }: Gang): Vector {
  const out = new Float64Array(cluster.columns.size);
  if (!givesUp) return out;
  for (const { pod, vector } of cluster.boundMembers(key).values())
    if (pod.labels.get(givesUp.label) === givesUp.value) vector.forEach((amount, c) => (out[c]! += amount));
  return out;
}

/** The limit of a pod's size that one of the requests is beyond: of the queue, of those above it, of the namespace's groups. */
function oversized(
  { tree }: GangContextView,
  queue: QueueNode,
  namespace: string,
  requests: readonly Resources[],
): FoundLimit | undefined {
  for (let node: QueueNode | undefined = queue; node; node = node.parent) {
    const found = oversizedBeside(node.spec.podSize, `queue ${node.path}`, node.path, requests);
    if (found) return found;
  }
  for (const name of tree.groupsOf(namespace)) {
    const { podSize } = tree.tenancy.groups.find((group) => group.name === name)!;
    const found = oversizedBeside(podSize, `namespace group ${name}`, name, requests);
    if (found) return found;
  }
  return undefined;
}

function oversizedBeside(
  podSize: Resources,
  who: string,
  at: string,
  requests: readonly Resources[],
): FoundLimit | undefined {
  for (const [resource, most] of podSize)
    for (const request of requests) {
      const asked = request.get(resource) ?? 0;
      if (asked <= most) continue;
      const [ask, allowed] = [asQuantity(resource, asked), asQuantity(resource, most)];
      const reason = `a member asks ${ask} of ${resource}, ${who} allows ${allowed} a pod`;
      const limit: LimitKind = 'pod size';
      return { limit, reason, at, holder: FOR_GOOD, isNever: true };
    }
  return undefined;
}

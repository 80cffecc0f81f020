import { isLeaderRole, type GangPod, type GangSpec, type PodInfo, type Role } from '../model.ts';
import type { Policy } from '../policy/policy.ts';
import { sameAmounts } from '../resources.ts';
import type { GangContext, GangContextView } from './context.ts';
import { sameSpec, type Gang } from './gang.ts';
import { updatePriority } from './priority.ts';
import { accountOf } from './tenants.ts';
import { enqueue, NEW_STATE, reconsider, redeclared, tellQueue, toDeclared, toQueue } from './transitions.ts';

/** The pod's gang; a leader of an unknown gang declares it now. @returns undefined: the gang has no leader yet */
export function gangOf(ctx: GangContext, pod: GangPod, nowMs: number): Gang | undefined {
  const { gang: key, spec, role } = pod.membership;
  const known = ctx.gangs.get(key);
  if (known || !spec || !isLeaderRole(spec, role)) return known;
  const gang = newGang(ctx, { pod, spec }, nowMs);
  updatePriority(ctx, gang, nowMs);
  addLeader(ctx, gang, pod.uid);
  toDeclared(ctx, gang);
  tellQueue(ctx, gang);
  return gang;
}

/** The gang that the pod would declare. Nobody knows of it yet, and its priority is still to be found. */
export function newGang(
  ctx: Pick<GangContextView, 'policyOf' | 'tree'>,
  { pod, spec }: { readonly pod: PodInfo; readonly spec: GangSpec },
  nowMs: number,
): Gang {
  const policy = ctx.policyOf(pod);
  const { leaf: queue, user, note: queueNote } = accountOf(ctx, pod, spec.queue);
  return {
    key: spec.key,
    queue,
    user,
    queueNote,
    ask: new Float64Array(0),
    spec: withFloor(spec, policy),
    leader: pod,
    policy,
    state: NEW_STATE,
    priority: 0,
    startedMs: pod.node === undefined ? undefined : (pod.evictionTraits?.startedMs ?? nowMs),
    ranSinceMs: undefined,
    isAwaited: pod.node === undefined,
    leaderUids: new Set(),
    slots: [],
    firstAskMs: Math.min(pod.createdMs ?? nowMs, nowMs),
    turnMs: 0,
    patienceMs: policy.queue.blockAfterMs,
    lastAskMs: pod.node === undefined ? nowMs : -Infinity,
    askedAbout: undefined,
    isUnasked: false,
    followed: undefined,
    losses: [],
    taken: undefined,
    searchAgainMs: 0,
    fruitless: 0,
    preemption: 'none',
    possible: undefined,
  };
}

/** Takes over the present declaration and priority of a waiting gang from its leader. */
export function refresh(ctx: GangContext, gang: Gang, pod: GangPod, nowMs: number): void {
  const spec = withFloor(pod.membership.spec ?? gang.spec, gang.policy);
  const isSame = sameSpec(spec, gang.spec);
  // What it holds counts where it began to hold it, whatever its labels say by now.
  const account = holdsNothing(ctx, gang) ? accountOf(ctx, pod, spec.queue) : undefined;
  const isMoved = account !== undefined && (account.leaf !== gang.queue || account.user !== gang.user);
  const isResized = !sameAmounts(pod.request, gang.leader.request);
  gang.leader = pod;
  if (!isSame) {
    gang.spec = spec;
    redeclared(ctx, gang, nowMs);
  } else if (isResized || isMoved) reconsider(gang);
  if (account) toQueue(ctx, gang, account);
  if (isMoved || !isSame || isResized) enqueue(ctx, gang);
  updatePriority(ctx, gang, nowMs);
}

const holdsNothing = ({ usage }: GangContext, { key }: Gang): boolean => (usage.ofGang(key)?.parts ?? 0) === 0;

/** The declaration with the policy's least number of members that are asked for as the gang works. */
function withFloor(spec: GangSpec, { spark: { minExecutors } }: Policy): GangSpec {
  const isBelow = ({ isDynamic, min, count }: Role) => isDynamic === true && min < Math.min(minExecutors, count);
  if (!spec.roles.some(isBelow)) return spec;
  const raised = (role: Role) => (isBelow(role) ? { ...role, min: Math.min(minExecutors, role.count) } : role);
  return { ...spec, roles: spec.roles.map(raised) };
}

/** Counts the pod as a leader. The gang lives as long as one of its leaders. */
export function addLeader(ctx: GangContext, gang: Gang, uid: string): void {
  gang.leaderUids.add(uid);
  ctx.gangOfLeader.set(uid, gang);
}

import { blockerOf } from '../gang/blocking.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import { claimOf } from '../gang/claim.ts';
import { isAdmitted, missingLeaders, refusalOf, type Gang } from '../gang/gang.ts';
import { hasRunningLeader, leaderNeeds, siblingRows } from '../gang/needs.ts';
import type { Need } from '../placement/need.ts';
import type { Policy } from '../policy/policy.ts';
import { counted } from '../wording.ts';
import { amount, amountOf } from './amounts.ts';
import { cannotStart } from './cannot-start.ts';
import { lostRoomAdvice } from './lost-room.ts';
import { rateAdvice } from './rate-advice.ts';
import { sharingAdvice } from './sharing-advice.ts';
import type { RoleExplanation, Shortage } from './explanation.ts';
import { isLimited } from './starts-now.ts';

/**
 * Advice for people, in sentences: what keeps a gang waiting, and the smallest changes that would let it start.
 * @param startsNow whether such a gang would start now; absent: room and limits alone are asked
 */
export function adviceFor(
  ctx: PreemptionContextView,
  gang: Gang,
  roles: readonly RoleExplanation[],
  { nowMs, startsNow }: { readonly nowMs: number; readonly startsNow?: (instead: Gang) => boolean },
): string[] {
  if (isAdmitted(gang)) return lostRoomAdvice(ctx, gang, nowMs);
  const blocker = blockerOf(ctx.queues, gang, nowMs);
  const needs = leaderNeeds(ctx.cluster, gang);
  const fits = (changed: readonly Need[], policy = gang.policy) =>
    ctx.planner.plan({ needs: changed, policy, siblings: siblingRows(ctx.cluster, gang) }).kind === 'placed';
  const out: string[] = [];
  if (ctx.hold !== undefined && refusalOf(gang)?.reason !== ctx.hold)
    out.push(`No gang is admitted at present: ${ctx.hold}.`);
  if (hasRunningLeader(ctx.cluster, gang))
    out.push('Its leader already runs, and muster had not admitted the gang: the other members wait in its queue.');
  if (blocker) out.push(`Gang ${blocker.key} is ahead in queue ${gang.queue.path} and must start first.`);
  const rates = rateAdvice(gang, nowMs);
  out.push(...rates, ...sharingAdvice(ctx.cluster, gang, needs));
  const missing = missingLeaders(gang);
  if (missing > 0)
    out.push(
      `It waits until ${missing} more of its members exist. A pod counts once kube-scheduler has tried to place it.`,
    );
  const isFree = ctx.hold === undefined && !blocker && missing === 0 && rates.length === 0;
  const fewer = () => fewerMembers(ctx, gang, { needs, fits, startsNow });
  if (fits(needs)) {
    const isLimit = isLimited(ctx, gang);
    return [...out, ...(isLimit ? fewer() : adviceForFitting(gang, isFree))];
  }
  out.push(...claimAdvice(ctx, gang));
  const obstacle = ctx.feasibility.obstacle(gang, needs);
  if (obstacle) out.push(cannotStart({ cluster: ctx.cluster, gang, needs, roles }, obstacle));
  else for (const role of roles) out.push(...roleAdvice(role, needs));
  if (isFree) out.push(...fewer());
  out.push(...withoutTopology(gang, needs, fits));
  return out;
}

function claimAdvice(ctx: PreemptionContextView, gang: Gang): string[] {
  const claim = claimOf(ctx, gang);
  return claim < gang.priority
    ? [`Its least important members have priority ${claim}: muster evicts pods for it as for a gang of that priority.`]
    : [];
}

function adviceForFitting(gang: Gang, isNothingElse: boolean): string[] {
  const refusal = refusalOf(gang);
  if (refusal?.kind === 'later') {
    return [
      `There is room now, but gang ${refusal.behind} needs it at its start time, and this gang may not have ended by then.`,
    ];
  }
  if (refusal?.kind === 'open') {
    return [
      `There is room, but not on the nodes that kube-scheduler offers for pod ${gang.leader.name}: check its inter-pod affinity, its volumes and its host ports.`,
    ];
  }
  return isNothingElse ? ['It fits now: it starts when kube-scheduler asks about it again.'] : [];
}

function roleAdvice({ role, request, nodes, places, short }: RoleExplanation, needs: readonly Need[]): string[] {
  const need = needs.find((one) => one.role === role);
  if (!need || places.now >= need.count) return [];
  const free = `${counted(places.now, 'place')} ${places.now === 1 ? 'is' : 'are'} free`;
  const where = `on ${counted(nodes.eligible, 'eligible node')} of ${nodes.total}`;
  const state = `Role ${role} needs ${counted(need.count, 'place')}; ${free} ${where}`;
  const lacking = short.map((one) => shortageText(one, request.get(one.resource) ?? 0));
  return [`${state}; ${lacking.join('; ') || 'the free room is in pieces that are too small'}.`];
}

function shortageText({ resource, needed, free, largest }: Shortage, perMember: number): string {
  if (free < needed) return `${amountOf(resource, needed - free)} short`;
  return `no node has ${amountOf(resource, perMember)} free, the most is ${amount(resource, largest)}`;
}

interface Fewer {
  readonly needs: readonly Need[];
  readonly fits: (needs: readonly Need[]) => boolean;
  readonly startsNow: ((instead: Gang) => boolean) | undefined;
}

/** The largest number of members of the last role with which the gang would start now; a binary search. */
function fewerMembers(ctx: PreemptionContextView, gang: Gang, { needs, fits, startsNow }: Fewer): string[] {
  const at = needs.length - 1;
  const last = needs[at];
  if (!last || at < 1 || last.count < 2) return [];
  const cut = (count: number) =>
    needs.map((need, i) => (i === at ? { ...need, count } : need)).filter(({ count: n }) => n > 0);
  const withOnly = (count: number): Gang => withFewer(gang, last.role, last.count - count);
  const mayStart = (count: number) => fits(cut(count)) && !isLimited(ctx, withOnly(count));
  let [low, high] = [0, last.count];
  if (!mayStart(0)) return [];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (mayStart(middle)) low = middle;
    else high = middle;
  }
  return low === 0 || startsNow?.(withOnly(low)) === false
    ? []
    : [`With ${counted(low, 'member')} of role ${last.role} instead of ${last.count} it would start now.`];
}

/** The gang with so many members of the role less. */
function withFewer(gang: Gang, name: string, less: number): Gang {
  const roles = gang.spec.roles.map((role) => (role.name === name ? { ...role, min: role.min - less } : role));
  return { ...gang, spec: { ...gang.spec, roles } };
}

function withoutTopology(
  { policy }: Gang,
  needs: readonly Need[],
  fits: (needs: readonly Need[], policy: Policy) => boolean,
): string[] {
  if (policy.topology.mode !== 'require') return [];
  const anywhere = { ...policy, topology: { ...policy.topology, mode: 'none' } as const };
  const keys = policy.topology.keys.join(' or ');
  return fits(needs, anywhere)
    ? [`It would fit if policy ${policy.name} did not require one ${keys} for the whole gang.`]
    : [];
}

import { blockerOf } from '../gang/blocking.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import { claimOf } from '../gang/claim.ts';
import { isAdmitted, refusalOf, type Gang } from '../gang/gang.ts';
import { hasRunningLeader, leaderNeeds, siblingRows } from '../gang/needs.ts';
import type { Need } from '../placement/need.ts';
import type { Policy } from '../policy/policy.ts';
import { counted } from '../wording.ts';
import { amount, amountOf } from './amounts.ts';
import { cannotStart } from './cannot-start.ts';
import type { RoleExplanation, Shortage } from './explanation.ts';
import { moreNodesAdvice, type MoreNodes } from './more-nodes.ts';
import { sharing } from './shortage.ts';

/** What the explanation has found out so far. `more` is absent if nodes were not looked for, or none would help. */
interface Findings {
  readonly roles: readonly RoleExplanation[];
  readonly more?: MoreNodes | undefined;
}

/** Advice for people, in sentences: what keeps a gang waiting, and the smallest changes that would let it start. */
export function adviceFor(ctx: PreemptionContextView, gang: Gang, { roles, more }: Findings, nowMs: number): string[] {
  if (isAdmitted(gang)) return adviceForAdmitted(gang);
  const blocker = blockerOf(ctx.queues, gang, nowMs);
  const needs = leaderNeeds(ctx.cluster, gang);
  const fits = (changed: readonly Need[], policy = gang.policy) =>
    ctx.planner.plan({ needs: changed, policy, siblings: siblingRows(ctx.cluster, gang) }).kind === 'placed';
  const out: string[] = [];
  if (ctx.hold !== undefined) out.push(`No gang is admitted at present: ${ctx.hold}.`);
  if (hasRunningLeader(ctx.cluster, gang))
    out.push('Its leader already runs, and muster had not admitted the gang: the other members wait in its queue.');
  if (blocker) out.push(`Gang ${blocker.key} is ahead in queue ${gang.spec.queue} and must start first.`);
  if (fits(needs)) return [...out, ...adviceForFitting(gang, ctx.hold === undefined && !blocker)];
  const claim = claimOf(ctx, gang);
  if (claim < gang.priority)
    out.push(
      `Its least important members have priority ${claim}: muster evicts pods for it as for a gang of that priority.`,
    );
  const obstacle = ctx.feasibility.obstacle(gang, needs);
  if (obstacle) out.push(cannotStart({ cluster: ctx.cluster, gang, needs, roles }, obstacle));
  else out.push(...roomAdvice(roles, needs));
  if (more && more.isForEmpty === (obstacle !== undefined)) out.push(moreNodesAdvice(more, gang));
  out.push(...fewerMembers(needs, fits), ...withoutTopology(gang, needs, fits));
  return out;
}

function adviceForAdmitted({ slots }: Gang): string[] {
  const unplaced = slots.filter(({ state }) => state === 'unplaced').length;
  if (unplaced === 0) return [];
  const lost = `${unplaced} of its ${counted(slots.length, 'slot')}`;
  const because = '(another scheduler took it, or the node is gone)';
  return [
    unplaced === 1
      ? `${lost} has lost its room ${because}; muster places it again as soon as there is room.`
      : `${lost} have lost their room ${because}; muster places them again as soon as there is room.`,
  ];
}

function adviceForFitting(gang: Gang, isNothingElse: boolean): string[] {
  if (refusalOf(gang)?.kind === 'open') {
    return [
      `There is room, but not on the nodes that kube-scheduler offers for pod ${gang.leader.name}: check its inter-pod affinity, its volumes and its host ports.`,
    ];
  }
  return isNothingElse ? ['It fits now: it starts when kube-scheduler asks about it again.'] : [];
}

/** The roles that have too few places, each by itself; if none has, what all of them lack together. */
function roomAdvice(roles: readonly RoleExplanation[], needs: readonly Need[]): string[] {
  const short = roles.filter(({ role, places }) => needs.some((need) => need.role === role && places.now < need.count));
  const named = short.length > 0 ? short : roles.filter((role) => role.short.length > 0).slice(-1);
  return named.map((role) => roleAdvice(role, needs));
}

function roleAdvice({ role, request, nodes, places, short }: RoleExplanation, needs: readonly Need[]): string {
  const need = needs.find((one) => one.role === role)!;
  const others = sharing(need, needs).filter((one) => one !== need);
  const all = ['it', ...others.map((one) => `role ${one.role}`)];
  const together = others.length === 0 ? '' : ` for ${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
  const free = `${counted(places.now, 'place')} ${places.now === 1 ? 'is' : 'are'} free`;
  const where = `on ${counted(nodes.eligible, 'eligible node')} of ${nodes.total}`;
  const lacking = short.map((one) => shortageText(one, request.get(one.resource) ?? 0, together));
  const pieces = 'the free room is in pieces that are too small';
  return `Role ${role} needs ${counted(need.count, 'place')}; ${free} ${where}; ${lacking.join('; ') || pieces}.`;
}

/** @param together for whom the total is, if for more than the role */
function shortageText({ resource, needed, free, largest }: Shortage, perMember: number, together: string): string {
  if (free < needed) return `at least ${amountOf(resource, needed - free)} short${together}`;
  return `no node has ${amountOf(resource, perMember)} free, the most is ${amount(resource, largest)}`;
}

/** The largest number of members of the last role with which the gang would start now; a binary search. */
function fewerMembers(needs: readonly Need[], fits: (needs: readonly Need[]) => boolean): string[] {
  const at = needs.length - 1;
  const last = needs[at];
  if (!last || at < 1 || last.count < 2) return [];
  const cut = (count: number) =>
    needs.map((need, i) => (i === at ? { ...need, count } : need)).filter(({ count: n }) => n > 0);
  let [low, high] = [0, last.count];
  if (!fits(cut(0))) return [];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (fits(cut(middle))) low = middle;
    else high = middle;
  }
  return low === 0
    ? []
    : [`With ${counted(low, 'member')} of role ${last.role} instead of ${last.count} it would start now.`];
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

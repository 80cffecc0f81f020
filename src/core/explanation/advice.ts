import { blockerOf } from '../gang/blocking.ts';
import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import { isAdmitted, refusalOf, type Gang } from '../gang/gang.ts';
import { siblingRows, startNeeds } from '../gang/needs.ts';
import type { Need } from '../placement/need.ts';
import type { Policy } from '../policy/policy.ts';
import type { RoleExplanation } from './explanation.ts';

/** Sentences a person can act on: what stands in a waiting gang's way, and the smallest changes that would let it start. */
export function adviceFor(
  ctx: PreemptionContextView,
  gang: Gang,
  roles: readonly RoleExplanation[],
  nowMs: number,
): string[] {
  if (isAdmitted(gang)) return adviceForAdmitted(gang);
  const blocker = blockerOf(ctx.queues, gang, nowMs);
  const needs = startNeeds(ctx.cluster, gang);
  const fits = (changed: readonly Need[], policy = gang.policy) =>
    ctx.planner.plan({ needs: changed, policy, siblings: siblingRows(ctx.cluster, gang) }).kind === 'placed';
  const out: string[] = [];
  if (ctx.hold !== undefined) out.push(`No gang is admitted at present: ${ctx.hold}.`);
  if (blocker) out.push(`Gang ${blocker.key} is ahead in queue ${gang.spec.queue} and must start first.`);
  if (fits(needs)) return [...out, ...adviceForFitting(gang, out.length === 0)];
  for (const role of roles) out.push(...roleAdvice(role, needs));
  out.push(...fewerMembers(needs, fits), ...withoutTopology(gang, needs, fits));
  return out;
}

function adviceForAdmitted({ slots }: Gang): string[] {
  const unplaced = slots.filter(({ state }) => state === 'unplaced').length;
  if (unplaced === 0) return [];
  return [
    `${unplaced} of its ${slots.length} slots lost their room (another scheduler, or a node that went); they are placed again as soon as room appears.`,
  ];
}

function adviceForFitting(gang: Gang, isNothingElse: boolean): string[] {
  if (refusalOf(gang)?.kind === 'open') {
    return [
      `There is room, but not on the nodes that kube-scheduler offers for pod ${gang.leader.name}: look at its affinity to pods, its volumes and its host ports.`,
    ];
  }
  return isNothingElse ? ['It fits now: it starts when kube-scheduler asks again.'] : [];
}

function roleAdvice({ role, request, nodes, places, short }: RoleExplanation, needs: readonly Need[]): string[] {
  const need = needs.find((one) => one.role === role);
  if (!need || places.now >= need.count) return [];
  if (nodes.eligible === 0) {
    const because = nodes.refused.map((one) => `${one.because} (${one.nodes})`).join(', ');
    return [`No node may hold role ${role}: ${because || 'the cluster has no nodes'}.`];
  }
  const many = `Role ${role} needs ${need.count} places; ${places.now} are free on ${nodes.eligible} of ${nodes.total} nodes`;
  if (places.empty < need.count)
    return [`${many}, and there would be ${places.empty} if nothing else ran: add nodes, or ask for less.`];
  const lacking = short.map(({ resource, needed, free, largest }) =>
    free < needed
      ? `${amount(resource, needed - free)} of ${resource} short`
      : `no node has ${amount(resource, request.get(resource) ?? 0)} of ${resource} free, the most is ${amount(resource, largest)}`,
  );
  return [`${many}: ${lacking.join('; ') || 'what is free is scattered in pieces too small'}.`];
}

/** The most members with which the gang would start now, by halving. */
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
  return low === 0 ? [] : [`With ${low} instead of ${last.count} of role ${last.role} it would start now.`];
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

/** For people: cores, binary bytes, or the plain number. */
export function amount(resource: string, value: number): string {
  if (resource === 'cpu') return `${value / 1000} cores`;
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return String(value);
  return value >= 2 ** 30 ? `${Math.round((value / 2 ** 30) * 10) / 10} GiB` : `${Math.ceil(value / 2 ** 20)} MiB`;
}

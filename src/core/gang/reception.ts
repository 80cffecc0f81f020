import type { FilterAnswer } from '../decision.ts';
import type { Candidates, GangSpec, PodInfo } from '../model.ts';
import { decideAdmission } from './admission.ts';
import type { GangContext } from './context.ts';
import { sameSpec, type Gang } from './gang.ts';
import { retryUnplaced } from './healing.ts';
import { addLeader, newSlot } from './life-cycle.ts';
import { placeMember } from './members.ts';

const refuse = (reason: string): FilterAnswer => ({ kind: 'none', reason });

/** Answers filter for a pod of a gang. */
export function receive(ctx: GangContext, pod: PodInfo, candidates: Candidates, nowMs: number): FilterAnswer {
  const { problem, role } = pod.membership!;
  if (problem !== undefined) return refuse(problem);
  const gang = gangOf(ctx, pod, nowMs);
  if (!gang) return refuse('gang waits for its leader');
  const isLeader = gang.spec.roles[0]!.name === role;
  if (isLeader) addLeader(ctx, gang, pod.uid);
  if (gang.admitted) return placeMember(ctx, gang, pod, candidates);
  if (!isLeader) return refuse('gang waits for its leader');
  refresh(ctx, gang, pod);
  gang.lastAskMs = nowMs;
  retryUnplaced(ctx, nowMs);
  const admission = decideAdmission(ctx, gang, { pod, candidates }, nowMs);
  if (admission.kind === 'admitted') return admit(ctx, gang, pod, admission);
  const { refusal } = admission;
  if (gang.refusal?.reason !== refusal.reason) ctx.emit({ kind: 'gang-waits', gang: gang.key, reason: refusal.reason });
  gang.refusal = refusal;
  return refuse(refusal.reason);
}

/** The pod's gang; made anew where its leader declares it. */
export function gangOf(ctx: GangContext, pod: PodInfo, nowMs: number): Gang | undefined {
  const { gang: key, spec, role } = pod.membership!;
  const known = ctx.gangs.get(key);
  if (known || !spec || spec.roles[0]!.name !== role) return known;
  const gang: Gang = {
    key,
    spec,
    leader: pod,
    policy: ctx.policyOf(pod),
    leaderUids: new Set(),
    slots: [],
    admitted: false,
    firstAskMs: nowMs,
    lastAskMs: nowMs,
    refusal: undefined,
  };
  ctx.gangs.set(key, gang);
  addLeader(ctx, gang, pod.uid);
  ctx.line.put(gang);
  return gang;
}

/** A waiting gang may be declared anew, or change its priority. */
function refresh(ctx: GangContext, gang: Gang, pod: PodInfo): void {
  const spec: GangSpec = pod.membership!.spec ?? gang.spec;
  const isSame = sameSpec(spec, gang.spec);
  const isMoved = pod.priority !== gang.leader.priority || spec.queue !== gang.spec.queue;
  gang.leader = pod;
  if (isSame && !isMoved) return;
  gang.spec = spec;
  gang.refusal = undefined;
  if (isMoved) ctx.line.put(gang);
}

type Admitted = Extract<ReturnType<typeof decideAdmission>, { kind: 'admitted' }>;

/** Writes the whole reservation, then answers the pod that asked with the first slot. */
function admit(ctx: GangContext, gang: Gang, pod: PodInfo, { needs, rows }: Admitted): FilterAnswer {
  gang.admitted = true;
  gang.refusal = undefined;
  ctx.line.remove(gang.key);
  const deadlineMs = gang.lastAskMs + gang.policy.reservation.unclaimedMs;
  needs.forEach((need, i) => {
    for (const row of rows[i]!) ctx.ledger.place(newSlot(gang, need.role, need.vector), row, deadlineMs);
  });
  const [first] = gang.slots;
  ctx.emit({ kind: 'gang-admitted', gang: gang.key, slots: gang.slots.map(({ role, node }) => ({ role, node })) });
  ctx.ledger.assume(first!, pod.uid, ctx.cluster.requestVector(pod.request));
  return { kind: 'one', node: first!.node };
}

import type { FilterAnswer } from '../decision.ts';
import type { Candidates, GangSpec, PodInfo, PodRef } from '../model.ts';
import { decideAdmission } from './admission.ts';
import type { GangContext } from './context.ts';
import { newSlot, reconsider, sameSpec, type Gang, type Refusal } from './gang.ts';
import { retryUnplaced } from './healing.ts';
import { addLeader, takeUpRunning } from './life-cycle.ts';
import { placeMember } from './members.ts';
import { rank } from './priority.ts';
import { dropPlan } from '../preemption/plan/abandon.ts';

const refuse = (reason: string): FilterAnswer => ({ kind: 'none', reason });

/** Answers filter for a pod of a gang. */
export function answerFilter(ctx: GangContext, pod: PodInfo, candidates: Candidates, nowMs: number): FilterAnswer {
  const { problem, role } = pod.membership!;
  if (problem !== undefined) return refuse(noteProblem(ctx, pod, nowMs));
  ctx.problems.delete(pod.uid);
  const gang = gangOf(ctx, pod, nowMs);
  if (!gang) return refuse('gang waits for its leader');
  const isLeader = gang.spec.roles[0]!.name === role;
  if (isLeader) addLeader(ctx, gang, pod.uid);
  if (gang.admitted) return placeMember(ctx, gang, pod, candidates);
  if (!isLeader) return refuse('gang waits for its leader');
  refresh(ctx, gang, pod, nowMs);
  gang.lastAskMs = nowMs;
  gang.isUnasked = false;
  gang.preemption = 'none';
  retryUnplaced(ctx, nowMs);
  if (ctx.hold !== undefined) return refuse(wait(ctx, gang, { kind: 'held', reason: ctx.hold }));
  const admission = decideAdmission(ctx, gang, { pod, candidates }, nowMs);
  if (admission.kind === 'refused') return refuse(wait(ctx, gang, admission.refusal));
  admit(ctx, gang, admission, nowMs);
  const [first] = gang.slots;
  ctx.ledger.assume(first!, pod.uid, ctx.cluster.requestVector(pod.request));
  return { kind: 'one', node: first!.node };
}

/** An awaited object (Spark's ConfigMap) comes within a second; after this long the reason says that it did not. */
const AWAITED_WITHIN_MS = 60_000;

/** @returns why the pod waits: its declaration is wrong, or not there yet */
export function noteProblem(ctx: GangContext, pod: PodInfo, nowMs: number): string {
  const { gang, problem, awaits } = pod.membership!;
  const known = ctx.problems.get(pod.uid);
  const sinceMs = known?.sinceMs ?? Math.min(pod.createdMs ?? nowMs, nowMs);
  const isLate = awaits !== undefined && nowMs - sinceMs > AWAITED_WITHIN_MS;
  const reason = isLate ? `${problem!}: nothing after 60 s, was it deleted, or may muster not list it?` : problem!;
  if (known?.reason !== reason) ctx.emit({ kind: 'gang-waits', gang, leader: refOf(pod), reason });
  ctx.problems.set(pod.uid, { pod, sinceMs, reason });
  return reason;
}

/** Remembers the refusal, and tells of it once. @returns its reason */
export function wait(ctx: GangContext, gang: Gang, refusal: Refusal): string {
  const { reason } = refusal;
  if (gang.refusal?.reason !== reason) {
    ctx.emit({ kind: 'gang-waits', gang: gang.key, leader: refOf(gang.leader), reason });
  }
  gang.refusal = refusal;
  return reason;
}

export const refOf = ({ namespace, name, uid }: PodInfo): PodRef => ({ namespace, name, uid });

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
    priority: 0,
    startedMs: pod.node === undefined ? undefined : (pod.evictionTraits?.startedMs ?? nowMs),
    leaderUids: new Set(),
    slots: [],
    admitted: false,
    firstAskMs: Math.min(pod.createdMs ?? nowMs, nowMs),
    lastAskMs: nowMs,
    refusal: undefined,
    isGated: pod.gated ?? false,
    isUnasked: false,
    followed: undefined,
    eviction: undefined,
    losses: [],
    searchAgainMs: 0,
    fruitless: 0,
    preemption: 'none',
  };
  ctx.gangs.set(key, gang);
  rank(ctx, gang, nowMs);
  addLeader(ctx, gang, pod.uid);
  ctx.line.put(gang);
  return gang;
}

/** A waiting gang may be declared anew, or change its priority. */
export function refresh(ctx: GangContext, gang: Gang, pod: PodInfo, nowMs: number): void {
  const spec: GangSpec = pod.membership!.spec ?? gang.spec;
  const isSame = sameSpec(spec, gang.spec);
  const isMoved = spec.queue !== gang.spec.queue;
  gang.leader = pod;
  gang.isGated = pod.gated ?? false;
  if (!isSame) {
    if (gang.eviction) dropPlan(ctx, gang, 'the gang was declared anew', nowMs);
    gang.spec = spec;
    gang.preemption = 'none';
    reconsider(gang);
  }
  if (isMoved) ctx.line.put(gang);
  rank(ctx, gang, nowMs);
}

type Admitted = Extract<ReturnType<typeof decideAdmission>, { kind: 'admitted' }>;

/** Writes the whole reservation; the first slot is for the pod that asks. */
export function admit(ctx: GangContext, gang: Gang, { needs, rows }: Admitted, nowMs: number): void {
  gang.admitted = true;
  gang.isUnasked = false;
  gang.refusal = undefined;
  ctx.line.remove(gang.key);
  const deadlineMs = nowMs + gang.policy.reservation.unclaimedMs;
  needs.forEach((need, i) => {
    for (const row of rows[i]!) ctx.ledger.place(newSlot(gang, need.role, need.vector), row, deadlineMs);
  });
  takeUpRunning(ctx, gang);
  const slots = gang.slots.map(({ role, node }) => ({ role, node }));
  ctx.emit({ kind: 'gang-admitted', gang: gang.key, leader: refOf(gang.leader), slots });
}

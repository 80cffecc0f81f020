import type { BoundPod } from '../../cluster/cluster.ts';
import type { PreemptAnswer, PreemptRequest, VictimProposal } from '../../decision.ts';
import { ownPriority } from '../../gang/priority.ts';
import { refreshShares } from '../../gang/tenants.ts';
import type { PodInfo } from '../../model.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import type { Vector } from '../../resources.ts';
import { allAtOnce, Work } from '../../work.ts';
import { Budgets } from '../candidates/budgets.ts';
import { candidatesAt } from '../candidates/candidate-census.ts';
import { podsOf, type Candidate } from '../candidates/candidate.ts';
import type { PreemptionContext, PreemptionContextView } from '../candidates/context.ts';
import { priorityLevelOf } from '../candidates/exclusion-rules.ts';
import { USUAL_GRACE_MS } from '../candidates/judged-pod.ts';
import { guaranteeTest, type GuaranteeTest } from './guarantees.ts';
import { compareHarm, VictimSet, type Harm, type RoomSought } from '../search/victim-set.ts';

/**
 * Answers kube-scheduler's proposals for a pod of no gang: reprieves victims that are not needed, and keeps only the
 * node with the least harm (Harm), after kube-scheduler's own rule of the fewest violated disruption budgets. Drops a
 * node if the pod would not fit beside held room even without the victims, if a victim's gang is as important as the
 * pod or its queue within its guarantee, or if a victim's room is held for another gang or pod. Drops a proposal without victims, too: up to 1.37 it ends
 * kube-scheduler's whole preemption with an error (callExtenders, pkg/scheduler/framework/preemption/preemption.go,
 * 1.35); later versions send it if only muster is in the way, and evictions cannot free held room. Nodes that the
 * snapshot does not know stay as proposed.
 */
export function answerPreempt(ctx: PreemptionContext, { pod, victims }: PreemptRequest, nowMs: number): PreemptAnswer {
  ctx.nominated.drop(pod.uid);
  refreshShares(ctx, nowMs);
  const answer = new Map<string, VictimProposal>();
  const takesFromGuarantee = guaranteeTest(ctx, pod);
  let best: Best | undefined;
  for (const [node, { uids, pdbViolations }] of victims) {
    if (uids.length === 0) continue;
    const proposal = { uids: [...new Set(uids)], pdbViolations };
    const row = ctx.cluster.table.rowOf(node);
    const isUnknown = row === undefined || uids.some((uid) => ctx.cluster.boundPod(uid)?.node !== node);
    const pruned = isUnknown ? undefined : prunedAt({ ctx, pod, node, proposal, takesFromGuarantee, nowMs }, row);
    // The snapshot is behind kube-scheduler, whose proposal counts unless a known victim is as important as the pod.
    if (isUnknown && !hasKeptVictim(ctx, pod, { uids, takesFromGuarantee })) answer.set(node, proposal);
    else if (isUnknown) continue;
    else if (pruned && (!best || comparePruned(pruned, best) < 0)) best = { node, ...pruned };
  }
  if (!best) return answer;
  // With several nodes in the answer, muster does not know which one kube-scheduler will choose.
  if (answer.size === 0) nominate(ctx, pod, best, nowMs);
  return answer.set(best.node, best.proposal);
}

interface Proposed {
  readonly uids: readonly string[];
  readonly takesFromGuarantee: GuaranteeTest;
}

function hasKeptVictim(ctx: PreemptionContext, preemptor: PodInfo, { uids, takesFromGuarantee }: Proposed): boolean {
  const priority = ownPriority(ctx.classes, preemptor);
  const known = uids.flatMap((uid) => ctx.cluster.boundPod(uid) ?? []);
  if (takesFromGuarantee(known)) return true;
  return uids.some((uid) => {
    const pod = ctx.cluster.boundPod(uid)?.pod;
    return pod !== undefined && priorityLevelOf(ctx, pod, ctx.gangs.get(pod.membership?.gang ?? '')) >= priority;
  });
}

/** Holds the freed room for the pod from now on. */
function nominate(ctx: PreemptionContext, pod: PodInfo, { node, proposal }: Best, nowMs: number): void {
  const victims = proposal.uids.flatMap((uid) => ctx.cluster.boundPod(uid) ?? []);
  const graceMs = Math.max(...victims.map(({ pod: { evictionTraits } }) => evictionTraits?.graceMs ?? USUAL_GRACE_MS));
  const { maxGraceMs, leaveWithinMs } = ctx.policyOf(pod).preemption;
  ctx.nominated.make(pod, node, victims, nowMs + Math.min(graceMs, maxGraceMs) + leaveWithinMs);
}

interface Pruned {
  readonly proposal: VictimProposal;
  readonly harm: Harm;
}

type Best = Pruned & { readonly node: string };

/** Fewest violated disruption budgets first, as in kube-scheduler; then by harm. */
function comparePruned(a: Pruned, b: Pruned): number {
  return a.proposal.pdbViolations - b.proposal.pdbViolations || compareHarm(a.harm, b.harm);
}

interface ProposalAt {
  readonly ctx: PreemptionContextView;
  readonly pod: PodInfo;
  readonly node: string;
  readonly proposal: VictimProposal;
  readonly takesFromGuarantee: GuaranteeTest;
  readonly nowMs: number;
}

/** The proposal without victims that are not needed; undefined if muster drops the node. */
function prunedAt(at: ProposalAt, row: number): Pruned | undefined {
  const { ctx, proposal, takesFromGuarantee } = at;
  const known = proposal.uids.flatMap((uid) => ctx.cluster.boundPod(uid) ?? []);
  const going = known.filter(({ pod, isLeaving }) => pod.deleting && !isLeaving);
  if (takesFromGuarantee(known)) return undefined;
  const candidates = candidatesOn(at, row, new Set(proposal.uids));
  if (candidates.length + going.length < known.length) return undefined;
  const victims = victimSetAt(at, row, going);
  for (const candidate of candidates) victims.select(candidate);
  if (!victims.isEnough) return undefined;
  reprieve(victims);
  const kept = [...going, ...podsOf([...victims.selected])];
  if (kept.length === 0) return undefined;
  kept.sort((a, b) => b.pod.priority - a.pod.priority);
  const uids = kept.map(({ pod }) => pod.uid);
  return { proposal: { uids, pdbViolations: violations(at, kept) }, harm: victims.harm() };
}

/** The rules for kube-scheduler's own preemption: every pod of lower priority may be a victim. */
function withoutBudgets(rules: PreemptionRules): PreemptionRules {
  const budget = { perMinute: Infinity, perQueue: Infinity, perGang: Infinity, gangWindowMs: 0 };
  return { ...rules, priorityGap: 1, queues: [], victims: 'any', minRuntimeMs: 0, maxGraceMs: Infinity, budget };
}

function candidatesOn({ ctx, pod, nowMs }: ProposalAt, row: number, uids: ReadonlySet<string>): Candidate[] {
  const rules = withoutBudgets(ctx.policyOf(pod).preemption);
  const priority = ownPriority(ctx.classes, pod);
  const anywhere = { lender: undefined, ownGang: undefined, isUseful: () => true, onlyRow: row };
  const { small, whole } = candidatesAt({ ctx, rules, priority, nowMs, ...anywhere });
  const alone = allAtOnce(whole(new Work())).map((candidate) => ({ ...candidate, others: [] }));
  return [...small.all(), ...alone].filter(({ bound }) => bound && uids.has(bound.pod.uid));
}

function victimSetAt({ ctx, pod, nowMs }: ProposalAt, row: number, going: readonly BoundPod[]): VictimSet {
  const { cluster, reportedWork } = ctx;
  const rules = withoutBudgets(ctx.policyOf(pod).preemption);
  const wanted = new RoomAt(ctx, row, cluster.requestVector(pod.request));
  for (const { vector } of going) wanted.give(row, vector);
  const costs = { cluster, reportedWork, weights: rules.cost, nowMs };
  return new VictimSet(wanted, { budgets: new Budgets({ rules, ctx, nowMs }), costs });
}

/** The room that one pod needs at one row. */
class RoomAt implements RoomSought {
  readonly #request: Vector;
  readonly #room: Float64Array;

  constructor({ cluster }: PreemptionContextView, row: number, request: Vector) {
    this.#request = request;
    this.#room = Float64Array.from(request, (_, c) => cluster.table.free[c]![row]!);
  }

  get missing(): number {
    return this.#request.every((asked, c) => asked === 0 || asked <= this.#room[c]!) ? 0 : 1;
  }

  give(_row: number, vector: Vector): void {
    for (let c = 0; c < this.#room.length; c++) this.#room[c]! += vector[c] ?? 0;
  }

  take(_row: number, vector: Vector): void {
    for (let c = 0; c < this.#room.length; c++) this.#room[c]! -= vector[c] ?? 0;
  }
}

/** Reprieves the victims that are not needed, the most valuable first. */
function reprieve(victims: VictimSet): void {
  const isApp = ({ kind }: Candidate) => (kind === 'gang' ? 1 : 0);
  const order = [...victims.selected].sort(
    (a, b) => isApp(b) - isApp(a) || victims.tierOf(b) - victims.tierOf(a) || b.cost - a.cost,
  );
  for (const candidate of order) {
    victims.reprieve([candidate]);
    if (!victims.isEnough) victims.select(candidate);
  }
}

/** The number of victims, in their order, that violate a disruption budget. */
function violations({ ctx: { disruptionBudgets }, proposal }: ProposalAt, kept: readonly BoundPod[]): number {
  if (disruptionBudgets.isEmpty) return Math.min(proposal.pdbViolations, kept.length);
  const used = new Map<string, number>();
  let count = 0;
  for (const { pod } of kept) {
    let isViolating = false;
    for (const { key, allowed } of disruptionBudgets.of(pod)) {
      const ofBudget = (used.get(key) ?? 0) + 1;
      used.set(key, ofBudget);
      if (ofBudget > allowed) isViolating = true;
    }
    if (isViolating) count++;
  }
  return count;
}

import type { BoundPod } from '../../cluster/cluster.ts';
import type { PreemptAnswer, PreemptRequest, VictimProposal } from '../../decision.ts';
import { ownPriority } from '../../gang/priority.ts';
import type { PodInfo } from '../../model.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import type { Vector } from '../../resources.ts';
import { Budgets } from '../candidates/budgets.ts';
import { candidatesAt } from '../candidates/candidate-census.ts';
import { podsOf, type Candidate } from '../candidates/candidate.ts';
import type { PreemptionContext, PreemptionContextView } from '../candidates/context.ts';
import { priorityLevelOf, USUAL_GRACE_MS } from '../candidates/exclusion-rules.ts';
import { compareHarm, VictimSet, type Harm, type RoomSought } from '../search/victim-set.ts';

/**
 * Prunes what kube-scheduler proposes for a pod of no gang, and keeps only the node where it does the least harm: no
 * leader where less helps, no gang below its minimum where another node costs less, then priority, then cost. A node
 * goes where the pod would not fit beside the room that is held even after the victims are gone (they would be killed
 * for nothing), where a victim's gang is not less important than the pod, and where a victim's room is promised to
 * another. So does a proposal without victims: up to 1.37 it ends kube-scheduler's whole preemption with an error
 * (callExtenders, pkg/scheduler/framework/preemption/preemption.go, 1.35); later ones send it where only muster is in
 * the way, and room that is held is not to be had by evictions.
 */
export function answerPreempt(ctx: PreemptionContext, { pod, victims }: PreemptRequest, nowMs: number): PreemptAnswer {
  ctx.nominated.drop(pod.uid);
  const answer = new Map<string, VictimProposal>();
  let best: Best | undefined;
  for (const [node, { uids, pdbViolations }] of victims) {
    if (uids.length === 0) continue;
    const proposal = { uids: [...new Set(uids)], pdbViolations };
    const row = ctx.cluster.table.rowOf(node);
    const isStrange = row === undefined || uids.some((uid) => ctx.cluster.boundPod(uid)?.node !== node);
    const pruned = isStrange ? undefined : prunedAt({ ctx, pod, node, proposal, nowMs }, row);
    // kube-scheduler knows more than we do: its word counts, but for those whom we know to be more important.
    if (isStrange && !touchesPeers(ctx, pod, uids)) answer.set(node, proposal);
    else if (isStrange) continue;
    else if (pruned && (!best || comparePruned(pruned, best) < 0)) best = { node, ...pruned };
  }
  if (!best) return answer;
  // Where it has others to choose from, nobody knows which it will be.
  if (answer.size === 0) nominate(ctx, pod, best, nowMs);
  return answer.set(best.node, best.proposal);
}

function touchesPeers(ctx: PreemptionContext, asker: PodInfo, uids: readonly string[]): boolean {
  const priority = ownPriority(ctx.classes, asker);
  return uids.some((uid) => {
    const pod = ctx.cluster.boundPod(uid)?.pod;
    return pod !== undefined && priorityLevelOf(ctx, pod, ctx.gangs.get(pod.membership?.gang ?? '')) >= priority;
  });
}

/** The freed room is the pod's from now on. */
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

/** As kube-scheduler does, fewest violated disruption budgets first; then by harm. */
function comparePruned(a: Pruned, b: Pruned): number {
  return a.proposal.pdbViolations - b.proposal.pdbViolations || compareHarm(a.harm, b.harm);
}

interface ProposalAt {
  readonly ctx: PreemptionContextView;
  readonly pod: PodInfo;
  readonly node: string;
  readonly proposal: VictimProposal;
  readonly nowMs: number;
}

/** The proposal without the pods that may stay; undefined where no pod may be evicted for this one here. */
function prunedAt(at: ProposalAt, row: number): Pruned | undefined {
  const { ctx, proposal } = at;
  const known = proposal.uids.flatMap((uid) => ctx.cluster.boundPod(uid) ?? []);
  const going = known.filter(({ pod, isLeaving }) => pod.deleting && !isLeaving);
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

/** kube-scheduler's own preemption knows no budgets, queues or minimum runtime: what it may not touch is more important. */
function withoutBudgets(rules: PreemptionRules): PreemptionRules {
  const budget = { perMinute: Infinity, perQueue: Infinity, perGang: Infinity, gangWindowMs: 0 };
  return { ...rules, priorityGap: 1, queues: [], victims: 'any', minRuntimeMs: 0, maxGraceMs: Infinity, budget };
}

function candidatesOn({ ctx, pod, nowMs }: ProposalAt, row: number, uids: ReadonlySet<string>): Candidate[] {
  const rules = withoutBudgets(ctx.policyOf(pod).preemption);
  const priority = ownPriority(ctx.classes, pod);
  const anywhere = { ownGang: undefined, isUseful: () => true, onlyRow: row };
  const { small, whole } = candidatesAt({ ctx, rules, priority, nowMs, ...anywhere });
  const alone = whole().map((candidate) => ({ ...candidate, others: [] }));
  return [...small.all(), ...alone].filter(({ bound }) => bound && uids.has(bound.pod.uid));
}

function victimSetAt({ ctx, pod, nowMs }: ProposalAt, row: number, going: readonly BoundPod[]): VictimSet {
  const { cluster, reportedWork } = ctx;
  const rules = withoutBudgets(ctx.policyOf(pod).preemption);
  const wanted = new RoomAt(ctx, row, cluster.requestVector(pod.request));
  for (const { vector } of going) wanted.give(row, vector);
  const costs = { cluster, reportedWork, weights: rules.cost, nowMs };
  return new VictimSet(wanted, new Budgets({ rules, ctx, nowMs }), costs);
}

/** Whether one pod fits at one row. */
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

/** Reprieves the victims without which there is room enough, the most valuable first. */
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

/** How many of the victims the disruption budgets do not allow for, in the order in which they would go. */
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

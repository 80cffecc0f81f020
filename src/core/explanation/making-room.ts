import type { PreemptionContextView } from '../preemption/candidates/context.ts';
import { isAdmitted, planOf, refusalOf, type EvictionPlan, type Gang } from '../gang/gang.ts';
import type { PreemptionRules } from '../policy/policy.ts';
import type { CostTerm } from '../preemption/candidates/eviction-cost.ts';
import { overdueLoan, preemptorOf, type ExclusionRule } from '../preemption/candidates/exclusion-rules.ts';
import { rightsOf, waitsForEnds } from '../preemption/plan/rights.ts';
import { takenFrom } from '../preemption/plan/taken-from.ts';
import { priorityAt, SHARE_RULES } from '../preemption/candidates/share-rules.ts';
import { hasVictims, MOST_WORK, victimsInSlices, type Finding } from '../preemption/search/find-victims.ts';
import type { ItemisedCharge } from '../preemption/search/victim-set.ts';
import { Work, type Slices } from '../work.ts';
import { counted } from '../wording.ts';
import { heldBeyond } from './held-beyond.ts';
import { capital, keptBetween } from './kept-between.ts';

/** The victims that preemption evicts or would evict for a waiting gang and their cost, or why it evicts no pod. */
export type MakingRoom = MakingRoomBase & (UnderWay | NotNow | Searched);

interface MakingRoomBase {
  readonly mode: PreemptionRules['mode'];
  readonly victims: readonly VictimView[];
  /** Eviction cost of all victims. */
  readonly coreSeconds: number;
  /** Gangs that fall below their minimum; gangsLost counts those of them that are evicted whole. */
  readonly gangsBroken: number;
  readonly gangsLost: number;
  /** Gangs among the victims' that were let in before it to be over by then, in ms, and still run. */
  readonly overdue: readonly { readonly gang: string; readonly untilMs: number }[];
  /** For `nobody`: how many pods each rule excludes. */
  readonly kept: readonly { readonly rule: ExclusionRule; readonly pods: number }[];
  /** For `nobody`: the rules each of which would allow victims if it alone were relaxed. */
  readonly relax: readonly ExclusionRule[];
  /** What the queues of the victims hold of their share, or why nothing is taken from a queue: sentences. */
  readonly between: readonly string[];
}

/** The victims are being evicted. */
interface UnderWay {
  readonly state: 'under way';
  /** When muster drops the plan, in ms. */
  readonly untilMs: number;
  readonly because?: undefined;
  readonly notBeforeMs?: undefined;
}

/** The gang may not preempt now. */
interface NotNow {
  readonly state: 'not now';
  readonly because: string;
  readonly untilMs?: undefined;
  readonly notBeforeMs?: undefined;
}

/**
 * `found`: the victims would be evicted (mode advise or off) or are evicted next (mode enforce). `soon`: pods that are
 * already being deleted leave enough room. `nobody`: no victims are allowed, or none would help.
 */
interface Searched {
  readonly state: 'found' | 'soon' | 'nobody';
  readonly because?: undefined;
  readonly untilMs?: undefined;
  /** For `found`: until then muster waits for gangs that run to end, in ms; absent: for none. */
  readonly notBeforeMs?: number;
}

interface VictimView {
  /** `namespace/name`. */
  readonly pod: string;
  readonly node: string;
  readonly gang?: string;
  readonly role?: string;
  readonly priority: number;
  /** The gang falls below its minimum without the pod, or the pod is in no gang. */
  readonly isNeeded: boolean;
  readonly coreSeconds: number;
  readonly terms: readonly CostTerm[];
}

const NO_VICTIMS = {
  victims: [],
  coreSeconds: 0,
  gangsBroken: 0,
  gangsLost: 0,
  overdue: [],
  kept: [],
  relax: [],
  between: [],
} as const;

/** The state of preemption for the gang. @returns undefined for a gang that does not wait for room */
export function* makingRoom(ctx: PreemptionContextView, gang: Gang, nowMs: number): Slices<MakingRoom | undefined> {
  const { mode } = gang.policy.preemption;
  const known = withoutSearch(ctx, gang, nowMs);
  if (known !== 'unknown') return known;
  const { means, notByShare } = rightsOf(ctx, gang, nowMs);
  const finding = yield* victimsInSlices(ctx, gang, nowMs, { means });
  switch (finding.kind) {
    case 'soon':
      return { ...NO_VICTIMS, mode, state: 'soon' };
    case 'none':
      return {
        ...NO_VICTIMS,
        mode,
        state: 'nobody',
        ...(yield* rulesOf(ctx, gang, finding, nowMs)),
        between: keptBetween(ctx, gang, finding, notByShare),
      };
    case 'victims': {
      const { claim, candidates } = finding;
      const from = takenFrom(claim, candidates, ctx.cluster.columns);
      const between = from.map((one) => `${capital(heldBeyond(one))}.`);
      // What is taken by share alone is taken if the queue says so.
      const decides = from.length > 0 ? gang.queue.reclaim.mode : mode;
      const overdue = overdueIn(ctx, gang, finding, nowMs);
      const notBeforeMs = from.length > 0 ? waitsForEnds(ctx, gang, nowMs) : undefined;
      const later = notBeforeMs === undefined ? {} : { notBeforeMs };
      return { ...NO_VICTIMS, mode: decides, state: 'found', ...viewOf(finding), overdue, between, ...later };
    }
  }
}

/** The same as far as it is known without a search for victims; `unknown`: a search must tell. */
function withoutSearch(ctx: PreemptionContextView, gang: Gang, nowMs: number): MakingRoom | 'unknown' | undefined {
  if (isAdmitted(gang)) return undefined;
  const plan = planOf(gang);
  if (plan) return underWay(ctx, gang, plan);
  const refusal = refusalOf(gang);
  if (refusal && refusal.kind !== 'room') return undefined;
  const because = ctx.hold ?? rightsOf(ctx, gang, nowMs).because;
  if (because === undefined) return 'unknown';
  return { ...NO_VICTIMS, mode: gang.policy.preemption.mode, state: 'not now', because };
}

/** What can be said about preemption without a search for victims, in sentences. */
export function makingRoomBriefly(ctx: PreemptionContextView, gang: Gang, nowMs: number): string[] {
  const known = withoutSearch(ctx, gang, nowMs);
  const { policy, spec } = gang;
  if (known === undefined) return [];
  if (known !== 'unknown') return makingRoomAdvice(known, policy.name, nowMs);
  if (policy.preemption.mode === 'off') return [];
  const which = ctx.tree.isConfigured ? 'which pods' : 'which pods of lower priority';
  return [`muster explain ${spec.name} says ${which} could make room for it.`];
}

function underWay({ cluster, gangs }: PreemptionContextView, { policy }: Gang, plan: EvictionPlan): MakingRoom {
  const { left, untilMs } = plan;
  const victims = [...left].flatMap(([uid, { namespace, name }]): VictimView[] => {
    const bound = cluster.boundPod(uid);
    if (!bound) return [];
    const { membership, priority } = bound.pod;
    const of = membership ? { gang: membership.gang, role: membership.role } : {};
    const level = gangs.get(membership?.gang ?? '')?.priority ?? priority;
    const unknown = { isNeeded: true, coreSeconds: 0, terms: [] };
    return [{ pod: `${namespace}/${name}`, node: bound.node, priority: level, ...unknown, ...of }];
  });
  return { ...NO_VICTIMS, mode: policy.preemption.mode, state: 'under way', victims, untilMs };
}

type View = Pick<MakingRoom, 'victims' | 'coreSeconds' | 'gangsBroken' | 'gangsLost'>;

function viewOf(found: Extract<Finding, { kind: 'victims' }>): View {
  const charges = found.itemised();
  const victims = charges.flatMap(victimView);
  const broken = new Set(
    charges.filter(({ isNeeded, candidate }) => isNeeded && candidate.gang).map(({ candidate }) => candidate.gang),
  );
  return {
    victims,
    coreSeconds: Math.round(charges.reduce((sum, { cost }) => sum + cost, 0)),
    gangsBroken: broken.size,
    gangsLost: charges.filter(({ candidate }) => candidate.kind === 'gang').length,
  };
}

function overdueIn(
  ctx: PreemptionContextView,
  gang: Gang,
  { candidates }: Extract<Finding, { kind: 'victims' }>,
  nowMs: number,
): MakingRoom['overdue'] {
  const preemptor = preemptorOf(ctx, gang, nowMs);
  const untilMs = new Map<string, number>();
  for (const { gang: of, bound } of candidates) {
    const loan = of && overdueLoan(preemptor, of.gang, bound?.pod.uid);
    if (loan) untilMs.set(of.gang.key, loan.untilMs);
  }
  return [...untilMs].map(([key, ms]) => ({ gang: key, untilMs: ms }));
}

function victimView({ candidate, isNeeded, cost, terms }: ItemisedCharge): VictimView[] {
  const { bound, gang, role, level } = candidate;
  if (!bound) return [];
  const { pod, node } = bound;
  const of = gang ? { gang: gang.gang.key, role } : {};
  const rounded = terms
    .map(({ term, coreSeconds }) => ({ term, coreSeconds: Math.round(coreSeconds) }))
    .filter(({ coreSeconds }) => coreSeconds !== 0);
  const name = `${pod.namespace}/${pod.name}`;
  return [
    { pod: name, node, priority: priorityAt(level), isNeeded, coreSeconds: Math.round(cost), terms: rounded, ...of },
  ];
}

/** The rules without one of them, to see whether it alone stands in the way. */
const RELAXED: { readonly [rule in ExclusionRule]?: (rules: PreemptionRules) => PreemptionRules } = {
  scheduler: (rules) => ({ ...rules, victims: 'any' }),
  queue: (rules) => ({ ...rules, queues: [] }),
  'grace period': (rules) => ({ ...rules, maxGraceMs: Infinity }),
  'minimum runtime': (rules) => ({ ...rules, minRuntimeMs: 0 }),
  'whole gangs': (rules) => ({ ...rules, wholeGangs: true }),
  'budget per minute': (rules) => ({ ...rules, budget: { ...rules.budget, perMinute: Infinity } }),
  'budget per queue': (rules) => ({ ...rules, budget: { ...rules.budget, perQueue: Infinity } }),
  'budget per gang': (rules) => ({ ...rules, budget: { ...rules.budget, perGang: Infinity } }),
};

function* rulesOf(
  ctx: PreemptionContextView,
  gang: Gang,
  { excluded, hits }: Extract<Finding, { kind: 'none' }>,
  nowMs: number,
): Slices<Pick<MakingRoom, 'kept' | 'relax'>> {
  const kept = [...excluded].map(([rule, pods]) => ({ rule, pods })).sort((a, b) => b.pods - a.pods);
  // All these searches together may cost as much as one.
  const work = new Work(MOST_WORK);
  const relax: ExclusionRule[] = [];
  for (const rule of new Set([...excluded.keys(), ...hits.keys()])) {
    const rules = RELAXED[rule]?.(gang.policy.preemption);
    if (rules && (yield* hasVictims(ctx, gang, nowMs, { rules, work }))) relax.push(rule);
  }
  return { kept, relax };
}

function dropped(inMs: number): string {
  if (inMs === Infinity) return '';
  return ` If they stay, muster drops the plan in ${Math.max(0, Math.ceil(inMs / 1000))} s.`;
}

/** The same in sentences. @param policy the name of the gang's policy */
export function makingRoomAdvice(making: MakingRoom, policy: string, nowMs: number): string[] {
  const { mode, victims } = making;
  switch (making.state) {
    case 'under way':
      return [
        `Room is being made for it: it starts when ${counted(victims.length, 'pod')} ${victims.length === 1 ? 'is' : 'are'} gone.${dropped(making.untilMs - nowMs)}`,
      ];
    case 'soon':
      return ['Pods that are already being deleted leave enough room: it starts when they are gone.'];
    case 'not now':
      return [`No pod is evicted for it: ${making.because}.`];
    case 'found':
      return [foundAdvice(making, policy, nowMs), ...making.between, ...overdueAdvice(making, nowMs)];
    case 'nobody':
      return [...(mode === 'off' ? [] : noVictimsAdvice(making)), ...making.between];
  }
}

function foundAdvice(making: MakingRoom, policy: string, nowMs: number): string {
  const { mode, victims, coreSeconds, gangsBroken, gangsLost, overdue, notBeforeMs } = making;
  const harm = `${counted(coreSeconds, 'core-second')} lost; ${gangHarm(gangsBroken, gangsLost)}`;
  const names = victims
    .slice(0, 5)
    .map(({ pod }) => pod)
    .join(', ');
  const which = making.between.length > 0 ? ' of other queues' : overdue.length > 0 ? '' : ' of lower priority';
  const pods = `${counted(victims.length, 'pod')}${which} (${names}${victims.length > 5 ? ', ...' : ''}; ${harm})`;
  if (mode === 'enforce' && notBeforeMs !== undefined)
    return `Gangs that run should end in time and leave enough room: muster waits for them, ${Math.ceil((notBeforeMs - nowMs) / 1000)} s at most (reclaim.patience), and then evicts ${pods} for it.`;
  if (mode === 'enforce') return `Next, muster evicts ${pods} for it.`;
  if (making.between.length > 0)
    return `Its queue has reclaim.mode ${mode}; with enforce, muster would evict ${pods} for it.`;
  return `Policy ${policy} has preemption.mode ${mode}; with enforce, muster would evict ${pods} for it.`;
}

function overdueAdvice({ overdue }: MakingRoom, nowMs: number): string[] {
  const late = overdue
    .slice(0, 5)
    .map(({ gang, untilMs }) => `${gang} (${Math.ceil((nowMs - untilMs) / 60_000)} min ago)`);
  const more = overdue.length > 5 ? ', ...' : '';
  return late.length === 0 ? [] : [`Let in before it, to be over by then, and still there: ${late.join(', ')}${more}.`];
}

function gangHarm(broken: number, lost: number): string {
  if (broken === 0) return 'no gang falls below its minimum';
  const fall = broken === 1 ? '1 gang falls below its minimum' : `${broken} gangs fall below their minimum`;
  return lost === 0 ? fall : `${fall}, ${lost} of them evicted whole`;
}

const isBetween = (rule: ExclusionRule): boolean => (SHARE_RULES as readonly string[]).includes(rule);

function noVictimsAdvice({ kept, relax }: MakingRoom): string[] {
  const others = kept
    .filter(({ rule }) => rule !== 'priority' && !isBetween(rule))
    .map(({ rule, pods }) => `${pods} by rule "${rule}"`);
  const why = others.length > 0 ? ` Excluded: ${others.join(', ')}.` : '';
  if (relax.length === 0) return why === '' ? [] : [`Evicting pods of lower priority would not help.${why}`];
  return [
    `No pod may be evicted for it; relaxing rule ${relax.map((rule) => `"${rule}"`).join(' or ')} would help (docs/preemption.md).${why}`,
  ];
}

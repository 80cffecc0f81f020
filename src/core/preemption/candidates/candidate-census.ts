import type { BoundMember } from '../../cluster/cluster.ts';
import { isAdmitted, type Gang } from '../../gang/gang.ts';
import { hasSingleRole, isLeaderRole } from '../../model.ts';
import type { PreemptionRules } from '../../policy/policy.ts';
import { allAtOnce, Work, type Slices } from '../../work.ts';
import { Entries, type OpenKind } from './census-entries.ts';
import type { PreemptionContextView } from './context.ts';
import { exclusionOf, priorityGap, priorityLevelOf, type ExclusionRule } from './exclusion-rules.ts';
import type { JudgedPod } from './judged-pod.ts';
import { isSameMark, type PodKind } from './pod-columns.ts';
import { SearchKinds } from './pool-kind.ts';
import { leafOf, levelAt, type QueueClaim, type Right } from './share-rules.ts';
import { CandidatePool, type OpenCandidates } from './candidate-pool.ts';
import type { CostModel } from './eviction-cost.ts';

/** What may be a victim, as far as the rules allow it. */
export interface Among {
  /** By UID. */
  readonly pods: ReadonlySet<string>;
  readonly reservations: boolean;
}

export interface CensusInput {
  readonly ctx: PreemptionContextView;
  readonly rules: PreemptionRules;
  /** The effective priority of the gang or pod that needs room. */
  readonly priority: number;
  /** As in Preemptor. */
  readonly lender: Gang | undefined;
  /** Its own gang is never a victim. */
  readonly ownGang: string | undefined;
  readonly nowMs: number;
  /** As in Preemptor. */
  readonly overruled?: ReadonlySet<string>;
  /** As in Preemptor. */
  readonly claim?: QueueClaim | undefined;
  /** Whether room at the row could help. */
  readonly isUseful: (row: number) => boolean;
  /** Looks at this row alone, and at no reservations; absent: at all rows and reservations. */
  readonly onlyRow?: number;
  /** Looks at the pods with these UIDs alone, and at no reservations; absent: at all. */
  readonly among?: Among;
}

/** The victim candidates on rows where room could help. */
export function candidatesAt(input: CensusInput): OpenCandidates {
  const [pool] = allAtOnce(candidatesPerDomain(input, [undefined], new Work())).pools;
  return { small: pool!, whole: (work) => pool!.whole(work) };
}

/** The result of one census. */
export interface CensusResult {
  /** One pool per domain, in their order. */
  readonly pools: readonly CandidatePool[];
  /** How many pods, or gangs of one role, each rule excludes. */
  readonly excluded: ReadonlyMap<ExclusionRule, number>;
  /** The queues of gangs that have pods, and '' for single pods. */
  readonly queues: ReadonlySet<string>;
}

/**
 * The victim candidates of each domain, in one pass over the pods.
 * @param domains the rows of each domain; undefined: all rows
 */
export function* candidatesPerDomain(
  input: CensusInput,
  domains: readonly (readonly number[] | undefined)[],
  work: Work,
): Slices<CensusResult> {
  const slots = slotsIn(input);
  const { slots: pods } = input.ctx.cluster;
  const count = slots?.length ?? pods.size;
  const entries = new Entries(pods, count);
  entries.isDisordered = !slots && pods.isDisordered;
  const costs = costModel(input);
  const kinds = new SearchKinds(input, costs, entries.kinds);
  const pools = domains.map((rows) => new CandidatePool(input, costs, { entries, kinds, rows }));
  const census = new Census(input, entries, poolsByRow(pools, domains));
  for (let i = 0; i < count; i++) {
    work.pass(census.look(slots ? slots[i]! : i) ? UNITS_OF_NEWS : UNITS_OF_POD);
    if (work.isPauseDue()) yield;
  }
  if (input.onlyRow === undefined && input.among?.reservations !== false) census.addReservations();
  return { pools, excluded: census.excluded, queues: census.queues };
}

const costModel = ({ ctx: { cluster, reportedWork }, rules, nowMs }: CensusInput): CostModel => ({
  cluster,
  reportedWork,
  weights: rules.cost,
  nowMs,
});

/** What a pod is of the work that a candidate is for the search: one that has changed or is judged; another. */
const UNITS_OF_NEWS = 1 / 4;
const UNITS_OF_POD = 1 / 32;

/** The numbers of the pods to look at, in this order; undefined: all. */
function slotsIn({ ctx: { cluster }, onlyRow, among }: CensusInput): readonly number[] | undefined {
  if (among) return [...among.pods].flatMap((uid) => cluster.boundPod(uid)?.slot ?? []);
  if (onlyRow === undefined) return undefined;
  return Array.from(cluster.podsAt(cluster.table.nameAt(onlyRow)), ({ slot }) => slot);
}

const NO_POOLS: readonly CandidatePool[] = [];

function poolsByRow(pools: readonly CandidatePool[], domains: readonly (readonly number[] | undefined)[]) {
  if (domains.length === 1 && !domains[0]) return () => pools;
  const byRow = new Map<number, CandidatePool[]>();
  domains.forEach((rows, i) => {
    for (const row of rows ?? []) {
      const there = byRow.get(row);
      if (there) there.push(pools[i]!);
      else byRow.set(row, [pools[i]!]);
    }
  });
  return (row: number) => byRow.get(row) ?? NO_POOLS;
}

/** The gang that needs the room. */
const OWN = 'own';

/** What the rules say of all pods of a kind. */
type Judgement = { readonly kind: PodKind; readonly gang: Gang | undefined } & (
  | { readonly is: 'own' | 'outdated' | 'apart' | 'leader' }
  | { readonly is: 'excluded'; readonly rule: ExclusionRule }
  | { readonly is: 'open'; readonly open: OpenKind }
);

/**
 * Looks at every pod once. What the rules say of a pod they say of all that are alike, unless they must look at each: at
 * those that cannot be evicted, and at pods of no gang where queues answer for them.
 */
class Census {
  readonly #excluded = new Map<ExclusionRule, number>();
  readonly #input: CensusInput;
  readonly #entries: Entries;
  readonly #poolsAt: (row: number) => readonly CandidatePool[];
  readonly queues = new Set(['']);
  readonly #singleRoleGangs = new Set<Gang>();
  /** By the kind's id. */
  readonly #judgements: (Judgement | undefined)[] = [];
  /** Kinds of pods that are looked at one by one, by level. */
  readonly #apart = new Map<PodKind, Map<number, OpenKind>>();
  readonly #refused: ReadonlySet<number>;
  #leaders = 0;
  /** Whether the pod in question had changed, or was judged: it is the first of its kind, or looked at apart. */
  #isNews = false;

  constructor(input: CensusInput, entries: Entries, poolsAt: (row: number) => readonly CandidatePool[]) {
    this.#input = input;
    this.#entries = entries;
    this.#poolsAt = poolsAt;
    const { cluster, evictions, podColumns } = input.ctx;
    podColumns.cover(cluster.slots.size);
    this.#refused = new Set([...evictions.refused(input.nowMs)].flatMap((uid) => cluster.boundPod(uid)?.slot ?? []));
  }

  /** As CensusResult.excluded. */
  get excluded(): ReadonlyMap<ExclusionRule, number> {
    const whole = this.#leaders + this.#singleRoleGangs.size;
    if (this.#input.rules.wholeGangs || whole === 0) return this.#excluded;
    return new Map(this.#excluded).set('whole gangs', whole);
  }

  /** @returns whether the pod had changed, or was judged */
  look(slot: number): boolean {
    const { podColumns: columns, cluster } = this.#input.ctx;
    this.#isNews = cluster.slots.isChanged(slot);
    if (this.#isNews) columns.look(slot);
    this.#take(slot);
    return this.#isNews;
  }

  #take(slot: number): void {
    const { podColumns: columns, cluster } = this.#input.ctx;
    let kind = columns.kindOf(slot);
    if (!kind) return;
    const row = columns.rowOf(slot);
    if (!this.#input.isUseful(row)) return;
    if (this.#refused.size > 0 && this.#refused.has(slot)) return this.#lookApart(slot, kind);
    let judgement = this.#judgementOf(kind);
    if (judgement.is === 'outdated') {
      columns.look(slot);
      kind = columns.kindOf(slot)!;
      judgement = this.#judgementOf(kind);
    }
    if (judgement.is === 'open') this.#entries.add(slot, row, judgement.open, columns.startedMsOf(slot));
    else if (judgement.is === 'excluded') this.#count(judgement.rule);
    else if (judgement.is === 'apart') this.#lookApart(slot, kind);
    else if (judgement.is === 'leader') this.#addLeader(cluster.slots.at(slot) as BoundMember, judgement.gang!);
  }

  #gangOf({ membership }: JudgedPod): Gang | typeof OWN | undefined {
    const { ctx, ownGang } = this.#input;
    if (!membership) return undefined;
    if (membership.gang === ownGang) return OWN;
    const gang = ctx.gangs.get(membership.gang);
    if (gang) this.queues.add(gang.queue.path);
    return gang;
  }

  #judgementOf(kind: PodKind): Judgement {
    const known = this.#judgements[kind.id];
    // Ids are used again.
    if (known?.kind === kind) return known;
    this.#isNews = true;
    return (this.#judgements[kind.id] = this.#judge(kind));
  }

  #judge(kind: PodKind): Judgement {
    const { ctx, claim, lender } = this.#input;
    const { pod } = kind;
    const gang = this.#gangOf(pod);
    if (gang === OWN) return { kind, gang: undefined, is: 'own' };
    if (!isSameMark(kind.mark, gang?.spec.givesUp)) return { kind, gang, is: 'outdated' };
    const isOwed = ctx.loans.areOfPods && lender !== undefined && gang?.queue === lender.queue;
    if (kind.isOddToRules || isOwed || (claim && !pod.membership)) return { kind, gang, is: 'apart' };
    const rule = exclusionOf(this.#input, pod, gang);
    if (rule) return { kind, gang, is: 'excluded', rule };
    if (gang && leads(gang, pod)) return { kind, gang, is: 'leader' };
    if (gang && hasSingleRole(gang.spec)) this.#singleRoleGangs.add(gang);
    const open = this.#entries.addKind(kind, gang, { isApart: false, level: this.#levelOf(pod, gang) });
    return { kind, gang, is: 'open', open };
  }

  #lookApart(slot: number, kind: PodKind): void {
    this.#isNews = true;
    const bound = this.#input.ctx.cluster.slots.at(slot)!;
    const { pod, row } = bound;
    const gang = this.#gangOf(pod);
    if (gang === OWN) return;
    const rule = exclusionOf(this.#input, pod, gang);
    if (rule) {
      this.#count(rule);
      if (!gang || (rule !== 'pinned' && rule !== 'refused')) return;
      for (const pool of this.#poolsAt(row)) pool.addFollower(bound);
    } else if (gang && leads(gang, pod)) this.#addLeader(bound as BoundMember, gang);
    else {
      if (gang && hasSingleRole(gang.spec)) this.#singleRoleGangs.add(gang);
      const { startedMs = NaN } = pod.evictionTraits ?? {};
      this.#entries.add(slot, row, this.#openApart(kind, gang, this.#levelOf(pod, gang)), startedMs);
    }
  }

  #openApart(kind: PodKind, gang: Gang | undefined, level: number): OpenKind {
    let byLevel = this.#apart.get(kind);
    if (!byLevel) this.#apart.set(kind, (byLevel = new Map<number, OpenKind>()));
    let open = byLevel.get(level);
    if (!open) byLevel.set(level, (open = this.#entries.addKind(kind, gang, { isApart: true, level })));
    return open;
  }

  #levelOf(pod: JudgedPod, gang: Gang | undefined): number {
    const { ctx, claim } = this.#input;
    return levelAt(priorityLevelOf(ctx, pod, gang), claim?.rankOf(leafOf(ctx, pod, gang)) ?? 0);
  }

  #addLeader(bound: BoundMember, gang: Gang): void {
    this.#leaders++;
    for (const pool of this.#poolsAt(bound.row)) pool.addLeader(bound, gang);
  }

  #count(rule: ExclusionRule): void {
    this.#excluded.set(rule, (this.#excluded.get(rule) ?? 0) + 1);
  }

  /** Adds the reservations that the rules allow to be taken, of gangs that run no pod yet. */
  addReservations(): void {
    const { ctx, ownGang, isUseful } = this.#input;
    for (const gang of ctx.gangs.values()) {
      if (!isAdmitted(gang) || gang.key === ownGang) continue;
      const right = this.#rightOver(gang);
      if (!right) continue;
      if (ctx.cluster.boundMembers(gang.key).size > 0 || gang.slots.length === 0) continue;
      if (gang.slots.some(({ state }) => state !== 'reserved')) continue;
      const freed = gang.slots.map(({ node, vector }) => ({ row: ctx.cluster.table.rowOf(node) ?? -1, vector }));
      const pools = freed.filter(({ row }) => isUseful(row)).flatMap(({ row }) => this.#poolsAt(row));
      for (const pool of new Set(pools)) pool.addReservation({ freed, gang, right });
    }
  }

  /** By what right the gang's reservation may be taken; undefined: by none. */
  #rightOver(gang: Gang): Right | undefined {
    const { priority, claim, rules } = this.#input;
    const isLower = gang.priority + priorityGap(this.#input, gang) <= priority;
    const verdict = claim ? claim.verdictOn(gang.queue, isLower) : { right: 'priority' as const };
    if ('rule' in verdict || (!claim && !isLower)) return undefined;
    const isOpen = rules.queues.length === 0 || rules.queues.includes(gang.queue.path);
    return verdict.right === 'share' || isOpen ? verdict.right : undefined;
  }
}

/** Whether the pod leads its gang; in a gang of one role no pod does. */
function leads({ spec }: Gang, { membership }: JudgedPod): boolean {
  const role = membership?.role;
  return role !== undefined && !hasSingleRole(spec) && isLeaderRole(spec, role);
}

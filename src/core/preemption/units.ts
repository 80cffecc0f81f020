import type { BoundPod } from '../cluster/cluster.ts';
import type { GangContext } from '../gang/context.ts';
import type { Gang } from '../gang/gang.ts';
import { ownPriority } from '../gang/priority.ts';
import type { PreemptionRules } from '../policy/policy.ts';
import type { Rule } from './limits.ts';
import { appLoss, coresOf, isGivenUp, lossOf, type LossContext } from './loss.ts';
import type { Unit } from './unit.ts';
import { VictimGang } from './victim-gang.ts';

export interface UnitsInput {
  readonly ctx: GangContext;
  readonly rules: PreemptionRules;
  /** Effective priority of the gang or pod that needs room. */
  readonly priority: number;
  /** Its own gang is nobody's victim. */
  readonly ownGang: string | undefined;
  readonly nowMs: number;
  /** Rows where room could help. */
  readonly isUseful: (row: number) => boolean;
  /** No other rows are looked at; absent: all are, and reservations too. */
  readonly onlyRow?: number;
}

/** What may be taken, and how many pods each rule keeps out. */
export interface Units {
  /** Pods that are not leaders of gangs, and reservations of gangs that have not begun. */
  readonly small: readonly Unit[];
  /** Gangs with their leaders. */
  readonly whole: readonly Unit[];
  readonly excluded: ReadonlyMap<Rule, number>;
}

/** Collects whoever the rules let be evicted, on rows where it could help. */
export function unitsFor(input: UnitsInput): Units {
  const { ctx, rules, nowMs, isUseful, onlyRow } = input;
  const { cluster, evictions } = ctx;
  const { table } = cluster;
  const loss = { cluster, evictions, weights: rules.cost, nowMs };
  const collector = new Collector(input, loss);
  const [first, end] = onlyRow === undefined ? [0, table.rows] : [onlyRow, onlyRow + 1];
  for (let row = first; row < end; row++) {
    if (!table.nodeAt(row) || !isUseful(row)) continue;
    for (const bound of cluster.podsAt(table.nameAt(row))) collector.addPod(bound, row);
  }
  if (onlyRow === undefined) collector.addReservations();
  return collector.units();
}

class Collector {
  readonly #input: UnitsInput;
  readonly #loss: LossContext;
  readonly #gangs = new Map<string, VictimGang>();
  readonly #small: Unit[] = [];
  readonly #leaders: { readonly bound: BoundPod; readonly row: number; readonly gang: VictimGang }[] = [];
  readonly #excluded = new Map<Rule, number>();

  constructor(input: UnitsInput, loss: LossContext) {
    this.#input = input;
    this.#loss = loss;
  }

  addPod(bound: BoundPod, row: number): void {
    const { ctx, ownGang } = this.#input;
    const { pod } = bound;
    if (bound.isLeaving || pod.deleting || (ownGang !== undefined && pod.membership?.gang === ownGang)) return;
    const known = pod.membership && ctx.gangs.get(pod.membership.gang);
    const band = known ? known.priority : ownPriority(ctx.classes, pod);
    const rule = this.#excludes(bound, known, band);
    if (rule) {
      this.#excluded.set(rule, (this.#excluded.get(rule) ?? 0) + 1);
      return;
    }
    const gang = known && this.#gangOf(known);
    const role = pod.membership?.role ?? '';
    if (gang && !gang.isOfEquals && gang.isLeader(role)) this.#leaders.push({ bound, row, gang });
    else this.#small.push(this.#unitOf(bound, { row, band, gang, role }));
  }

  /** Room that gangs of lower priority hold and that none of their pods has taken: nobody is harmed by waiting on. */
  addReservations(): void {
    const { ctx, priority, rules, ownGang, isUseful } = this.#input;
    for (const gang of ctx.gangs.values()) {
      if (!gang.admitted || gang.key === ownGang || gang.priority + rules.priorityGap > priority) continue;
      if (ctx.cluster.boundMembers(gang.key).size > 0 || gang.slots.length === 0) continue;
      if (gang.slots.some(({ state }) => state !== 'reserved') || !this.#isQueueOpen(gang)) continue;
      const spots = gang.slots.map(({ node, vector }) => ({ row: ctx.cluster.table.rowOf(node)!, vector }));
      if (!spots.some(({ row }) => isUseful(row))) continue;
      const nothing = { others: [], role: '', cost: 0, cores: 0, isGivenUp: false, isYoung: false };
      const { priority: band, slots } = gang;
      this.#small.push({ kind: 'reservation', spots, slots: [...slots], gang: this.#gangOf(gang), band, ...nothing });
    }
  }

  units(): Units {
    const whole = [...this.#leaders.map((one) => this.#wholeOf(one)), ...this.#equals()];
    return { small: this.#small, whole, excluded: this.#excluded };
  }

  #excludes({ pod }: BoundPod, gang: Gang | undefined, band: number): Rule | undefined {
    const { rules, priority, nowMs, ctx } = this.#input;
    if (band + rules.priorityGap > priority) return 'priority';
    if (pod.standing?.isPinned) return 'pinned';
    if (!gang && rules.victims !== 'any' && (rules.victims === 'gangs' || !ctx.schedulerNames.has(pod.schedulerName)))
      return 'scheduler';
    if (!this.#isQueueOpen(gang)) return 'queue';
    return ctx.evictions.isRefused(pod.uid, nowMs) ? 'refused' : undefined;
  }

  #isQueueOpen(gang: Gang | undefined): boolean {
    const { queues } = this.#input.rules;
    return queues.length === 0 || (gang !== undefined && queues.includes(gang.spec.queue));
  }

  #gangOf(gang: Gang): VictimGang {
    let known = this.#gangs.get(gang.key);
    if (!known) this.#gangs.set(gang.key, (known = new VictimGang(this.#loss, gang)));
    return known;
  }

  #unitOf(bound: BoundPod, { row, band, gang, role }: Pick<Unit, 'band' | 'gang' | 'role'> & { row: number }): Unit {
    const { cluster, weights } = this.#loss;
    const { pod, vector } = bound;
    const unit: Unit = {
      kind: 'pod',
      spots: [{ row, vector }],
      bound,
      others: [],
      gang,
      role,
      band,
      cost: lossOf(this.#loss, bound, gang?.gang),
      cores: coresOf(cluster.columns, vector, weights),
      isGivenUp: pod.membership?.isExtra === true || isGivenUp(pod, gang?.gang),
      isYoung: this.#isYoung(bound),
    };
    gang?.units.push(unit);
    return unit;
  }

  #isYoung({ pod }: BoundPod): boolean {
    const { rules, nowMs } = this.#input;
    return nowMs - (pod.standing?.startedMs ?? nowMs) < rules.minRuntimeMs;
  }

  /** The leader, and whoever of its gang the rules let go; members elsewhere go too, but make no room here. */
  #wholeOf({ bound, row, gang }: { bound: BoundPod; row: number; gang: VictimGang }): Unit {
    const { weights, cluster } = this.#loss;
    const members = this.#membersOf(gang, bound);
    const loss = lossOf(this.#loss, bound, gang.gang);
    const ofMembers = members.reduce((sum, { cost }) => sum + cost, 0);
    return {
      kind: 'gang',
      spots: [{ row, vector: bound.vector }],
      bound,
      others: members,
      gang,
      role: bound.pod.membership!.role,
      band: gang.gang.priority,
      // What the members hold is part of what the app has done: it is lost once.
      cost: loss + Math.max(0, appLoss(this.#loss, gang.gang) - ofMembers),
      cores: coresOf(cluster.columns, bound.vector, weights),
      isGivenUp: false,
      isYoung: this.#isYoung(bound),
    };
  }

  /** Units of all other members: also of those on rows that do not matter here. */
  #membersOf(gang: VictimGang, leader: BoundPod | undefined): Unit[] {
    const { cluster } = this.#loss;
    const known = new Set(gang.units.map(({ bound }) => bound!.pod.uid));
    for (const uid of cluster.boundMembers(gang.gang.key)) {
      const bound = cluster.boundPod(uid)!;
      if (known.has(uid) || uid === leader?.pod.uid || bound.isLeaving || bound.pod.deleting) continue;
      const row = cluster.table.rowOf(bound.node);
      if (row === undefined) continue;
      this.#unitOf(bound, { row, band: gang.gang.priority, gang, role: bound.pod.membership!.role });
    }
    return [...gang.units];
  }

  /** A gang of equals goes whole, and none of its members leads. */
  #equals(): Unit[] {
    const out: Unit[] = [];
    for (const gang of this.#gangs.values()) {
      if (!gang.isOfEquals || gang.units.length === 0) continue;
      const members = this.#membersOf(gang, undefined);
      const ofMembers = members.reduce((sum, { cost }) => sum + cost, 0);
      const extra = Math.max(0, appLoss(this.#loss, gang.gang) - ofMembers);
      const { role, band, isYoung } = members[0]!;
      out.push({
        kind: 'gang',
        spots: [],
        others: members,
        gang,
        role,
        band,
        cost: extra,
        cores: 0,
        isGivenUp: false,
        isYoung,
      });
    }
    return out;
  }
}

import type { Gang } from '../../gang/gang.ts';
import type { DisruptionBudget, LabelRequirement, PodInfo, WorkFigures } from '../../model.ts';

const MINUTE_MS = 60_000;
/** A pod that could not be evicted is not tried again for so long. */
const REFUSED_MS = 300_000;
/** Figures of an app that has not been heard for so long say nothing any more. */
const FIGURES_MS = 300_000;
const DAY_MS = 86_400_000;
/** Of one gang: more than any budget counts. */
const MOST_LOSSES = 10_000;

/** What is known beside the cluster about evictions: budgets, what has been done lately, what it would cost. */
export class Evictions {
  /** Disruption budgets by namespace, then by key. */
  readonly #budgets = new Map<string, Map<string, DisruptionBudget>>();
  readonly #refusedUntilMs = new Map<string, number>();
  readonly #figures = new Map<string, { readonly figures: ReadonlyMap<string, WorkFigures>; readonly atMs: number }>();
  /** Evictions of the last minute, oldest first. */
  #recent: { readonly atMs: number; readonly queue: string }[] = [];
  /** When a gang of this name lost a member last: it may end and be submitted again. */
  readonly #lastLossMs = new Map<string, number>();
  /** The gang that makes use of a victim's room, by the victim's UID. */
  readonly beneficiary = new Map<string, Gang>();
  /** Gangs for which others are being evicted. */
  readonly planned = new Set<Gang>();
  /** Pending leaders on which an eviction plan is written, by UID. */
  readonly written = new Map<string, PodInfo>();

  putBudget(budget: DisruptionBudget): void {
    const known = this.#budgets.get(budget.namespace);
    if (known) known.set(budget.key, budget);
    else this.#budgets.set(budget.namespace, new Map([[budget.key, budget]]));
  }

  removeBudget(key: string): void {
    this.#budgets.get(key.slice(0, key.indexOf('/')))?.delete(key);
  }

  /** Whether any is known: from files, or beside a replay, there are none. */
  get hasBudgets(): boolean {
    for (const { size } of this.#budgets.values()) if (size > 0) return true;
    return false;
  }

  /** The disruption budgets that the pod's eviction would use up. */
  budgetsOf({ namespace, labels }: PodInfo): readonly DisruptionBudget[] {
    const known = this.#budgets.get(namespace);
    if (!known || known.size === 0) return [];
    return [...known.values()].filter(({ selector }) => selector.every((one) => meets(one, labels)));
  }

  /** A pod was chosen. @param gang its own, undefined for a single pod */
  note(gang: Gang | undefined, nowMs: number): void {
    this.#recent.push({ atMs: nowMs, queue: gang?.spec.queue ?? '' });
    if (!gang) return;
    gang.losses.push(nowMs);
    if (gang.losses.length > MOST_LOSSES) gang.losses.shift();
    this.#lastLossMs.set(gang.key, nowMs);
  }

  /** A pod that was chosen at that time is spared. */
  takeBack(gang: Gang | undefined, chosenMs: number): void {
    const queue = gang?.spec.queue ?? '';
    removeFirst(this.#recent, (one) => one.atMs === chosenMs && one.queue === queue);
    if (!gang) return;
    removeFirst(gang.losses, (atMs) => atMs === chosenMs);
    const last = gang.losses.at(-1);
    if (last === undefined) this.#lastLossMs.delete(gang.key);
    else this.#lastLossMs.set(gang.key, last);
  }

  /** When a gang of this name lost a member last; undefined: not in the last day. */
  lastLossMs(key: string): number | undefined {
    return this.#lastLossMs.get(key);
  }

  /** Evictions of the last 60 s. @param queue of victims in this queue alone */
  lately(nowMs: number, queue?: string): number {
    // A clock that was set back must not keep what is still to come for ever.
    this.#recent = this.#recent.filter(({ atMs }) => atMs <= nowMs && nowMs - atMs < MINUTE_MS);
    return this.#recent.filter((one) => queue === undefined || one.queue === queue).length;
  }

  /** The pod cannot be evicted, or does not go: it is left alone for a while. */
  refuse(uid: string, nowMs: number): void {
    this.#refusedUntilMs.set(uid, nowMs + REFUSED_MS);
  }

  isRefused(uid: string, nowMs: number): boolean {
    return this.#refusedUntilMs.size > 0 && (this.#refusedUntilMs.get(uid) ?? -Infinity) > nowMs;
  }

  putFigures(gang: string, figures: ReadonlyMap<string, WorkFigures>, nowMs: number): void {
    this.#figures.set(gang, { figures, atMs: nowMs });
  }

  figuresOf(gang: string, uid: string, nowMs: number): WorkFigures | undefined {
    const known = this.#figures.get(gang);
    return known && nowMs - known.atMs < FIGURES_MS ? known.figures.get(uid) : undefined;
  }

  podEnded(uid: string): void {
    this.#refusedUntilMs.delete(uid);
    this.written.delete(uid);
  }

  gangEnded(key: string): void {
    this.#figures.delete(key);
  }

  expire(nowMs: number): void {
    for (const [uid, untilMs] of this.#refusedUntilMs) if (untilMs <= nowMs) this.#refusedUntilMs.delete(uid);
    for (const [key, atMs] of this.#lastLossMs) if (nowMs - atMs >= DAY_MS) this.#lastLossMs.delete(key);
    for (const [key, { atMs }] of this.#figures) if (nowMs - atMs >= FIGURES_MS) this.#figures.delete(key);
  }
}

function removeFirst<T>(list: T[], isIt: (one: T) => boolean): void {
  const at = list.findIndex(isIt);
  if (at >= 0) list.splice(at, 1);
}

/** As a label selector of apimachinery matches: NotIn and DoesNotExist hold where the label is missing. */
function meets({ key, operator, values }: LabelRequirement, labels: ReadonlyMap<string, string>): boolean {
  const value = labels.get(key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return false;
  }
}

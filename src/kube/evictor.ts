import type { Effect, PlannedVictim } from '../core/effects.ts';
import type { ClusterEvent, PodRef } from '../core/model.ts';
import { formatPlan } from '../intake/eviction-plan.ts';
import type { PodsApi } from './pods-api.ts';
import { ApiError } from './transport.ts';
import type { WriteOutcome, WriteQueue } from './write-queue.ts';

export interface EvictorDeps {
  readonly api: Pick<PodsApi, 'writePlan' | 'evict' | 'remove' | 'markVictim'>;
  readonly queue: WriteQueue;
  readonly isLeading: () => boolean;
  /** A time of the core as wall time. */
  readonly toWall: (ms: number) => number;
  /** Reports failures to the core. */
  readonly observe: (event: ClusterEvent) => void;
  readonly onEviction: (outcome: WriteOutcome | 'refused', victim: PlannedVictim, gang: string) => void;
}

type Planned = Extract<Effect, { kind: 'eviction-planned' }>;

/**
 * Carries out eviction plans. Writes the plan to the waiting leader first, so that muster continues with the same
 * victims after a crash. Then evicts each victim through the Eviction API, by its UID and with its own grace period,
 * unless the plan shortens it. The API server enforces disruption budgets; a victim that they protect no longer is
 * deleted, as kube-scheduler deletes its victims.
 */
export class Evictor {
  readonly #deps: EvictorDeps;
  /** The plan in force for each gang. */
  readonly #plans = new Map<string, string>();

  constructor(deps: EvictorDeps) {
    this.#deps = deps;
  }

  onEffects(effects: readonly Effect[]): void {
    const dropped = new Set(effects.map((effect) => (effect.kind === 'eviction-dropped' ? effect.plan : undefined)));
    for (const effect of effects) {
      // Planned and dropped in the same batch: evict nothing.
      if (effect.kind === 'eviction-planned' && dropped.has(effect.plan.id)) continue;
      if (effect.kind === 'eviction-planned') this.#begin(effect);
      else if (effect.kind === 'max-enforced') this.#enforce(effect);
      else if (effect.kind === 'eviction-dropped') this.#drop(effect.gang, effect.leader);
      else if (effect.kind === 'gang-admitted' || effect.kind === 'gang-released') this.#plans.delete(effect.gang);
    }
  }

  #begin(planned: Planned): void {
    const { gang, leader, plan, victims, awaited } = planned;
    if (victims.length === 0) return;
    this.#plans.set(gang, plan.id);
    const untilMs = this.#deps.toWall(plan.untilMs);
    const text = formatPlan({ ...plan, untilMs, victims: [...victims.map(({ pod }) => pod), ...awaited] });
    if (text === undefined) {
      this.#fail(gang, 'the eviction plan is too large for an annotation');
      return;
    }
    this.#deps.queue.push(
      `plan ${gang}`,
      () => this.#deps.api.writePlan(leader, text),
      (outcome, error) => {
        if (outcome === 'done') this.#evictAll(planned);
        else if (this.#plans.get(gang) === plan.id)
          this.#fail(gang, `the eviction plan could not be written: ${reasonOf(error)}`);
      },
    );
  }

  /** Evicts pods for nobody: there is no leader that a plan could be written to, and none is needed after a crash. */
  #enforce({ queue, victims }: Extract<Effect, { kind: 'max-enforced' }>): void {
    const { isLeading, onEviction } = this.#deps;
    for (const victim of victims)
      this.#deps.queue.push(
        `evict ${victim.pod.uid}`,
        () => (isLeading() ? this.#deps.api.evict(victim.pod, victim.graceMs) : Promise.resolve()),
        (outcome, error) => {
          if (!isLeading()) return;
          if (outcome === 'done' || outcome === 'dropped') onEviction(outcome, victim, `queue ${queue}`);
          else this.#refused(victim, `queue ${queue}`, reasonOf(error));
        },
      );
  }

  #evictAll({ gang, plan, victims }: Planned): void {
    for (const victim of victims) {
      const isWanted = () => this.#plans.get(gang) === plan.id && this.#deps.isLeading();
      this.#deps.queue.push(
        `evict ${victim.pod.uid}`,
        () => (isWanted() ? this.#evict(victim, gang) : Promise.resolve()),
        (outcome, error) => {
          if (!isWanted()) return;
          if (outcome === 'failed' || outcome === 'held') this.#refused(victim, gang, reasonOf(error));
          else this.#deps.onEviction(outcome, victim, gang);
        },
      );
    }
  }

  async #evict({ pod, graceMs, overrulesBudgets }: PlannedVictim, gang: string): Promise<void> {
    const { api } = this.#deps;
    await (overrulesBudgets ? api.remove(pod, graceMs) : api.evict(pod, graceMs));
    // The API server sets this condition with a message of its own; replace it by one that names the gang. A pod that
    // is gone by now needs no condition.
    await this.#deps.api.markVictim(pod, gang).catch(() => undefined);
  }

  #refused(victim: PlannedVictim, gang: string, reason: string): void {
    this.#deps.onEviction('refused', victim, gang);
    this.#deps.observe({ kind: 'eviction-refused', uid: victim.pod.uid, reason });
  }

  #fail(gang: string, reason: string): void {
    this.#plans.delete(gang);
    this.#deps.observe({ kind: 'eviction-failed', gang, reason });
  }

  /** Removes the plan from the leader, so that no replica continues with it. */
  #drop(gang: string, leader: PodRef): void {
    this.#plans.delete(gang);
    if (this.#deps.isLeading())
      this.#deps.queue.push(`plan ${gang}`, () => this.#deps.api.writePlan(leader, undefined));
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return `${error.status} ${error.message}`;
  return error instanceof Error ? error.message : 'the write was abandoned';
}

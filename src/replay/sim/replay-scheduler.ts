import type { FilterOutcome, FilterRequest } from '../../core/decision.ts';
import type { Effect, StartDelay } from '../../core/effects.ts';
import { identityOf, identityOfPod } from '../../core/gang/run-identity.ts';
import type { Forecast, RunTimes } from '../../core/history/run-times.ts';
import type { ClusterEvent, PodInfo } from '../../core/model.ts';
import type { Rules } from '../../core/policy/rules.ts';
import { Scheduler } from '../../core/scheduler.ts';

/** The start time that a gang was told first, in simulated ms. */
export interface ToldStart {
  /** When it was told. */
  readonly atMs: number;
  readonly aboutMs: number;
  /** The latest time that it was told. */
  readonly promisedMs: number;
  /** Why it came late, once it did. */
  because?: StartDelay;
}

export type Nomination = Extract<Effect, { kind: 'nominate' }>;

/** A scheduler in a replay. It keeps what it foretells, so that it can be compared with what then happens. */
export class ReplayScheduler extends Scheduler {
  readonly #runTimes: RunTimes;
  readonly #told = new Map<string, ToldStart>();
  #nominations: Nomination[] = [];

  constructor(rules: Rules, runTimes: RunTimes) {
    super({ ...rules, schedulerNames: ['muster'], runTimes });
    this.#runTimes = runTimes;
  }

  /** @param gang its key; undefined: it was told none */
  toldStart(gang: string): ToldStart | undefined {
    return this.#told.get(gang);
  }

  /** What muster would have written to pods since this was called last. */
  takeNominations(): readonly Nomination[] {
    const out = this.#nominations;
    if (out.length > 0) this.#nominations = [];
    return out;
  }

  /** What is known now of how long the run of this leader, or of this single pod, takes. */
  forecastOf(leader: PodInfo): Forecast {
    const spec = leader.membership?.spec;
    return this.#runTimes.forecast(spec ? identityOf({ spec, leader }) : identityOfPod(leader));
  }

  override observe(event: ClusterEvent, nowMs: number): readonly Effect[] {
    return this.#heard(super.observe(event, nowMs), nowMs);
  }

  override filter(request: FilterRequest, nowMs: number): FilterOutcome {
    const outcome = super.filter(request, nowMs);
    this.#heard(outcome.effects, nowMs);
    return outcome;
  }

  override tick(nowMs: number): readonly Effect[] {
    return this.#heard(super.tick(nowMs), nowMs);
  }

  override admitWaiting(nowMs: number): readonly Effect[] {
    return this.#heard(super.admitWaiting(nowMs), nowMs);
  }

  override makeRoom(nowMs: number): readonly Effect[] {
    return this.#heard(super.makeRoom(nowMs), nowMs);
  }

  #late(gang: string, because: StartDelay | undefined): void {
    const told = this.#told.get(gang);
    if (told && because) told.because ??= because;
  }

  #heard(effects: readonly Effect[], nowMs: number): readonly Effect[] {
    for (const effect of effects) {
      if (effect.kind === 'nominate') this.#nominations.push(effect);
      if (effect.kind === 'start-late') this.#late(effect.gang, effect.because);
      if (effect.kind !== 'start-foretold' || this.#told.has(effect.gang)) continue;
      const { gang, aboutMs, latestMs } = effect;
      if (latestMs < Infinity) this.#told.set(gang, { atMs: nowMs, aboutMs, promisedMs: latestMs });
    }
    return effects;
  }
}

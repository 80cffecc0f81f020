import type { Clock } from '../clock.ts';
import type { Effect } from '../core/effects.ts';
import type { ClusterEvent } from '../core/model.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { PodEnd } from '../intake/outcome.ts';
import { EventRecorder } from './event-recorder.ts';
import { Evictor } from './evictor.ts';
import type { Leaders } from './leaders.ts';
import { Nominator, type NominateMode } from './nominator.ts';
import { OutcomeReader } from './outcome-reader.ts';
import { PodsApi } from './pods-api.ts';
import { ReservationWriter } from './reservation-writer.ts';
import type { ApiError, Transport } from './transport.ts';
import { Waker } from './waker.ts';
import { WriteQueue } from './write-queue.ts';

export type Written = 'reservation' | 'wake' | 'event' | 'eviction' | 'nomination' | 'outcome' | 'refused';

export interface EffectorOptions {
  readonly transport: Transport;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly identity: string;
  readonly limits: {
    readonly wakesPerSecond: number;
    readonly eventsPerSecond: number;
    /** Which members get their node nominated before kube-scheduler asks about them. */
    readonly nominate: NominateMode;
  };
  /** @param outcome for `refused`: the kind of the write */
  readonly count: (what: Written, outcome: string) => void;
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
  /** Reports the outcome of effects to the core. */
  readonly observe: (event: ClusterEvent) => void;
}

/**
 * Carries out effects: reservations, wakes, evictions, Events. A replica that does not decide only notes what to write.
 */
export class Effector {
  readonly queue: WriteQueue;
  readonly writer: ReservationWriter;
  readonly waker: Waker;
  readonly nominator: Nominator;
  readonly outcomes: OutcomeReader;
  readonly #events: EventRecorder;
  readonly #evictor: Evictor;
  readonly #isLeading: () => boolean;

  constructor(options: EffectorOptions, leaders: Leaders, isLeading: () => boolean) {
    const { transport, scheduler, clock, identity, limits, count, observe } = options;
    const api = new PodsApi(transport);
    const queue = (this.queue = new WriteQueue({ nowMs: clock.nowMs, onRefused: refusalReport(options) }));
    this.#isLeading = isLeading;
    const reservationOf = (gang: string) => scheduler.reservation(gang);
    const leaderOf = (gang: string) => scheduler.leaderOf(gang);
    const onWrite = (outcome: string) => count('reservation', outcome);
    this.writer = new ReservationWriter({ api, queue, leaders, leaderOf, reservationOf, isLeading, onWrite });
    const onWake = (outcome: string) => count('wake', outcome);
    this.waker = new Waker({ api, queue, clock, perSecond: limits.wakesPerSecond, onWake });
    this.#evictor = new Evictor({
      api,
      queue,
      isLeading,
      toWall: clock.toWall,
      observe,
      onEviction: (outcome, victim, gang) => {
        count('eviction', outcome);
        if (outcome === 'done') this.#events.evicted(victim, gang);
      },
    });
    this.nominator = newNominator(options, api, isLeading);
    this.outcomes = new OutcomeReader({
      api,
      onEnd: ({ uid }, end) => observe({ kind: 'run-outcome', uid, ...(end ? onClock(end, clock) : {}) }),
      count: (outcome) => count('outcome', outcome),
    });
    this.#events = new EventRecorder({
      transport,
      queue,
      clock,
      instance: identity,
      perSecond: limits.eventsPerSecond,
      leaderOf,
      adviceOf: (gang) => scheduler.advice(gang, clock.nowMs()),
      onEvent: (outcome) => count('event', outcome),
    });
  }

  onEffects(effects: readonly Effect[]): void {
    this.writer.onEffects(effects);
    // A dropped plan must be forgotten even by a replica that does not decide.
    this.#evictor.onEffects(this.#isLeading() ? effects : effects.filter(({ kind }) => kind === 'eviction-dropped'));
    if (!this.#isLeading()) return;
    for (const effect of effects) if (effect.kind === 'outcome-wanted') this.outcomes.read(effect.leader);
    this.waker.onEffects(effects);
    this.nominator.onEffects(effects);
    this.#events.onEffects(effects);
  }

  /** Call a few times a second: sends the writes that the rate limits held back. */
  flush(): void {
    this.waker.flush();
    this.#events.flush();
  }
}

const newNominator = ({ scheduler, clock, limits, count }: EffectorOptions, api: PodsApi, isLeading: () => boolean) =>
  new Nominator({
    api,
    stageOf: (pod) => scheduler.stageOf(pod),
    claim: (pod) => (isLeading() ? scheduler.claimAhead(pod, limits.nominate === 'always') : undefined),
    asks: () => scheduler.memberAsks,
    nowMs: clock.nowMs,
    mode: limits.nominate,
    onNomination: (outcome) => count('nomination', outcome),
  });

/** With the time by the core's clock. */
const onClock = ({ outcome, endedMs }: PodEnd, { fromWall }: Clock) =>
  endedMs === undefined ? { outcome } : { outcome, endedMs: fromWall(endedMs) };

/** Counts every refusal; logs the first of a kind and a status, since one missing right refuses a write per gang. */
function refusalReport({ count, log }: EffectorOptions): (key: string, error: ApiError) => void {
  const told = new Set<string>();
  return (key, { status, message }) => {
    const [write = ''] = key.split(' ');
    count('refused', write);
    if (told.has(`${write} ${status}`)) return;
    told.add(`${write} ${status}`);
    log(
      'warn',
      { write, detail: message },
      'the API server refuses a write; further ones of its kind are only counted',
    );
  };
}

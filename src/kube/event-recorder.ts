import { randomBytes } from 'node:crypto';
import type { Effect, PlannedVictim } from '../core/effects.ts';
import type { PodRef } from '../core/model.ts';
import type { Clock } from '../clock.ts';
import { EVENT_KINDS, evictedNote, podEventOf, type PodEvent } from './event-notes.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Transport } from './transport.ts';
import type { WriteOutcome, WriteQueue } from './write-queue.ts';

export interface EventRecorderDeps {
  readonly transport: Pick<Transport, 'send'>;
  readonly queue: WriteQueue;
  readonly clock: Pick<Clock, 'nowMs' | 'toWall'>;
  /** The name of this pod, as the reporting instance. */
  readonly instance: string;
  readonly perSecond: number;
  readonly leaderOf: (gang: string) => PodRef | undefined;
  /** Why a gang waits, in sentences; undefined: it no longer waits. */
  readonly adviceOf: (gang: string) => readonly string[] | undefined;
  readonly onEvent: (outcome: WriteOutcome | 'limited') => void;
}

/** The API server refuses longer notes (noteLengthLimit, pkg/apis/core/validation/events.go, 1.36). */
const MAX_NOTE = 1024;
/** The same note about the same pod is not repeated within this time, nor is another start time told. */
const REPEAT_AFTER_MS = 10 * 60_000;
const MAX_REMEMBERED = 20_000;

/**
 * Reports the progress of gangs as Kubernetes Events on their leaders. Effects are only queued here; their notes are
 * written when they are sent, at a limited rate.
 */
export class EventRecorder {
  readonly #deps: EventRecorderDeps;
  readonly #bucket: TokenBucket;
  /** By kind and gang: a later effect replaces an earlier one. */
  readonly #waiting = new Map<string, Effect>();
  /** The last note that was recorded, by pod and reason. */
  readonly #recorded = new Map<string, { readonly note: string; readonly atMs: number }>();

  constructor(deps: EventRecorderDeps) {
    this.#deps = deps;
    this.#bucket = new TokenBucket(deps.perSecond, deps.perSecond * 5);
  }

  onEffects(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (!EVENT_KINDS.has(effect.kind)) continue;
      this.#waiting.set(`${effect.kind} ${effect.gang}`, effect);
      if (this.#waiting.size <= MAX_REMEMBERED) continue;
      this.#waiting.delete(this.#waiting.keys().next().value!);
      this.#deps.onEvent('limited');
    }
  }

  /** Call a few times a second: sends what waits, as far as the rate allows. */
  flush(): void {
    const now = this.#deps.clock.nowMs();
    for (const [key, effect] of this.#waiting) {
      if (this.#isTooSoon(effect, now)) continue;
      if (!this.#bucket.take(now)) return;
      this.#waiting.delete(key);
      const event = podEventOf(effect, { ...this.#deps, toWall: this.#deps.clock.toWall });
      if (event) this.#record(event, now);
    }
  }

  /** A start time that moves is told again after a while, as it is then. */
  #isTooSoon(effect: Effect, now: number): boolean {
    if (effect.kind !== 'start-foretold') return false;
    const last = this.#recorded.get(`${effect.leader.uid} StartsAbout`);
    return last !== undefined && now - last.atMs < REPEAT_AFTER_MS;
  }

  /** Tells the owner of an evicted pod why, and which gang or queue it was evicted for. */
  evicted(victim: PlannedVictim, taker: string): void {
    const note = evictedNote(victim, taker);
    this.#record({ pod: victim.pod, type: 'Warning', reason: 'Preempted', note }, this.#deps.clock.nowMs());
  }

  #record({ pod, type, reason, note }: PodEvent, now: number): void {
    const { queue, transport, onEvent } = this.#deps;
    const key = `${pod.uid} ${reason}`;
    const last = this.#recorded.get(key);
    if (last?.note === note && now - last.atMs < REPEAT_AFTER_MS) return;
    this.#recorded.delete(key);
    this.#recorded.set(key, { note, atMs: now });
    if (this.#recorded.size > MAX_REMEMBERED) this.#recorded.delete(this.#recorded.keys().next().value!);
    const body = this.#eventOf({ pod, type, reason, note }, now);
    const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(pod.namespace)}/events`;
    queue.push(`event ${key}`, () => transport.send({ method: 'POST', path, body }), onEvent);
  }

  #eventOf({ pod: { namespace, name, uid }, type, reason, note }: PodEvent, now: number) {
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${randomBytes(8).toString('hex')}`, namespace },
      eventTime: new Date(this.#deps.clock.toWall(now)).toISOString().replace('Z', '000Z'),
      reportingController: 'muster.dev/muster',
      reportingInstance: this.#deps.instance.slice(0, 128),
      action: 'GangScheduling',
      type,
      reason,
      note: note.length > MAX_NOTE ? `${note.slice(0, MAX_NOTE - 3)}...` : note,
      regarding: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    };
  }
}

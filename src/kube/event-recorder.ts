import { randomBytes } from 'node:crypto';
import type { Effect } from '../core/effects.ts';
import type { PodRef } from '../core/model.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Transport } from './transport.ts';
import type { WriteOutcome, WriteQueue } from './write-queue.ts';

export interface EventRecorderDeps {
  readonly transport: Pick<Transport, 'request'>;
  readonly queue: WriteQueue;
  readonly nowMs: () => number;
  /** Who writes: the pod's name. */
  readonly instance: string;
  readonly perSecond: number;
  readonly leaderOf: (gang: string) => PodRef | undefined;
  /** The long reason of a waiting gang, in sentences; undefined: it does not wait any more. */
  readonly adviceOf: (gang: string) => readonly string[] | undefined;
  readonly onEvent: (outcome: WriteOutcome | 'limited') => void;
}

interface Told {
  readonly pod: PodRef;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
}

/** The API server refuses longer notes (noteLengthLimit, pkg/apis/core/validation/events.go, 1.36). */
const MAX_NOTE = 1024;
/** The same thing about the same pod is not told again within this time. */
const AGAIN_MS = 10 * 60_000;
const MAX_REMEMBERED = 20_000;

/**
 * Tells the people who own a gang what becomes of it, as Kubernetes Events on its leader. Decisions only leave a note
 * here; what to say is worked out when its turn comes, at a limited rate.
 */
export class EventRecorder {
  readonly #deps: EventRecorderDeps;
  readonly #bucket: TokenBucket;
  /** By gang and kind: only the latest is worth telling. */
  readonly #waiting = new Map<string, Effect>();
  /** When a text was told last, by pod and reason. */
  readonly #told = new Map<string, { readonly note: string; readonly atMs: number }>();

  constructor(deps: EventRecorderDeps) {
    this.#deps = deps;
    this.#bucket = new TokenBucket(deps.perSecond, deps.perSecond * 5);
  }

  onEffects(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (!TOLD.has(effect.kind)) continue;
      this.#waiting.set(`${effect.kind} ${effect.gang}`, effect);
      if (this.#waiting.size <= MAX_REMEMBERED) continue;
      this.#waiting.delete(this.#waiting.keys().next().value!);
      this.#deps.onEvent('limited');
    }
  }

  /** Call a few times a second: tells what waits, as far as the rate allows. */
  flush(): void {
    const now = this.#deps.nowMs();
    for (const [key, effect] of this.#waiting) {
      if (!this.#bucket.take(now)) return;
      this.#waiting.delete(key);
      const told = this.#tell(effect);
      if (told) this.#record(told, now);
    }
  }

  #tell(effect: Effect): Told | undefined {
    switch (effect.kind) {
      case 'gang-admitted': {
        const nodes = new Set(effect.slots.map(({ node }) => node)).size;
        const note = `All ${effect.slots.length} members that the gang needs to start have a reserved place, on ${nodes} nodes.`;
        return { pod: effect.leader, type: 'Normal', reason: 'GangAdmitted', note };
      }
      case 'gang-waits': {
        const advice = this.#deps.adviceOf(effect.gang);
        if (!advice) return undefined;
        const note = [`${capital(effect.reason)}.`, ...advice].join(' ');
        return { pod: effect.leader, type: 'Warning', reason: 'GangWaits', note };
      }
      case 'slots-expired':
        return this.#about(
          effect.gang,
          'ReservationExpired',
          `${effect.slots} reserved places were not taken up in time and are given up.`,
        );
      case 'slot-unplaced':
        return this.#about(
          effect.gang,
          'SlotLost',
          `The place of a member (role ${effect.role}) on node ${effect.from} is lost and there is no other yet.`,
        );
      case 'slot-moved':
      case 'gang-adopted':
      case 'gang-released':
      case 'wake-leader':
        return undefined;
    }
  }

  #about(gang: string, reason: string, note: string): Told | undefined {
    const pod = this.#deps.leaderOf(gang);
    return pod && { pod, type: 'Warning', reason, note };
  }

  #record({ pod, type, reason, note }: Told, now: number): void {
    const { queue, transport, onEvent } = this.#deps;
    const key = `${pod.uid} ${reason}`;
    const last = this.#told.get(key);
    if (last?.note === note && now - last.atMs < AGAIN_MS) return;
    this.#told.delete(key);
    this.#told.set(key, { note, atMs: now });
    if (this.#told.size > MAX_REMEMBERED) this.#told.delete(this.#told.keys().next().value!);
    const body = this.#eventOf({ pod, type, reason, note }, now);
    const path = `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(pod.namespace)}/events`;
    queue.push(`event ${key}`, async () => void (await transport.request({ method: 'POST', path, body })), onEvent);
  }

  #eventOf({ pod: { namespace, name, uid }, type, reason, note }: Told, now: number) {
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${randomBytes(8).toString('hex')}`, namespace },
      eventTime: new Date(now).toISOString().replace('Z', '000Z'),
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

/** What people are told of; the rest is for logs and metrics. */
const TOLD: ReadonlySet<Effect['kind']> = new Set(['gang-admitted', 'gang-waits', 'slots-expired', 'slot-unplaced']);

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

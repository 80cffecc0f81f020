import TinyQueue from 'tinyqueue';
import type { PodRef } from '../../core/model.ts';

const FLUSH_EVERY_MS = 30_000;
const FLUSH_AFTER_MS = 300_000;
const FIRST_BACKOFF_MS = 1000;
/** Back-offs end, and pods in back-off are ordered, by whole windows of this length. */
const WINDOW_MS = 1000;

/** The pods that the queue orders. */
export interface Queueable {
  readonly info: PodRef & { readonly priority: number };
  /** Anything but `waiting`: the pod is gone, or bound, and is dropped when its turn comes. */
  readonly state: string;
}

/** A pod in the queue, and its history there, which the queue alone writes. */
export interface Queued<P> {
  readonly pod: P;
  readonly priority: number;
  /** How often it was rejected (UnschedulableCount). */
  rejections: number;
  /** When it came, or when its last attempt ended. */
  sinceMs: number;
  /** No attempt before, unless there is nothing else to do; on whole windows. */
  backoffEndMs: number;
  /** Among equals, the one that came first goes first. */
  order: number;
}

/**
 * What rejected a pod, and so which events may help it. `room`: NodeResourcesFit on one node at least; `node`: labels or
 * taints of every node; `extender`: the extender, on one node at least.
 */
export type Rejector = 'room' | 'node' | 'extender';

/**
 * kube-scheduler's three queues of waiting pods (pkg/scheduler/backend/queue, v1.36): active (priority, then time),
 * back-off (1, 2, 4 ... s after an attempt, up to a maximum), unschedulable (until an event that may help, or five
 * minutes).
 */
export class SchedulingQueue<P extends Queueable> {
  readonly #active = new TinyQueue<Queued<P>>([], byPriority);
  readonly #backoff: TinyQueue<Queued<P>>;
  /** By UID, in order of time. */
  readonly #unschedulable: Readonly<Record<Rejector, Map<string, Queued<P>>>> = {
    room: new Map(),
    node: new Map(),
    extender: new Map(),
  };
  #order = 0;
  readonly #isEager: boolean;
  readonly #maxBackoffMs: number;

  /**
   * @param isEager SchedulerPopFromBackoffQ (on since 1.33): an empty active queue takes pods out of back-off early, and
   * back-offs end a whole second late
   */
  constructor({ isEager, maxBackoffMs }: { readonly isEager: boolean; readonly maxBackoffMs: number }) {
    this.#isEager = isEager;
    this.#maxBackoffMs = maxBackoffMs;
    this.#backoff = new TinyQueue<Queued<P>>([], (a, b) => a.backoffEndMs - b.backoffEndMs || byPriority(a, b));
  }

  add(pod: P, nowMs: number): void {
    const { priority } = pod.info;
    this.#active.push({ pod, priority, rejections: 0, sinceMs: nowMs, backoffEndMs: -Infinity, order: this.#order++ });
  }

  /** @param nowMs when the attempt ended */
  reject(queued: Queued<P>, by: Rejector, nowMs: number): void {
    const endMs = nowMs + Math.min(this.#maxBackoffMs, FIRST_BACKOFF_MS * 2 ** queued.rejections);
    queued.rejections++;
    queued.sinceMs = nowMs;
    queued.backoffEndMs = this.#isEager ? windowOf(endMs) : endMs;
    queued.order = this.#order++;
    this.#unschedulable[by].set(queued.pod.info.uid, queued);
  }

  /** Something happened that may help the pods that were rejected by one of these, all or those for which it holds. */
  wake(rejectors: readonly Rejector[], nowMs: number, mayHelp: (pod: P) => boolean = () => true): void {
    for (const by of rejectors) {
      for (const [uid, queued] of this.#unschedulable[by]) {
        if (!mayHelp(queued.pod)) continue;
        this.#unschedulable[by].delete(uid);
        this.#requeue(queued, nowMs);
      }
    }
  }

  /** The pod itself changed in a way that concerns no plugin, such as an annotation: only an extender may care. */
  podChanged(uid: string, nowMs: number): void {
    const queued = this.#unschedulable.extender.get(uid);
    if (!queued) return;
    this.#unschedulable.extender.delete(uid);
    this.#requeue(queued, nowMs);
  }

  pop(nowMs: number): Queued<P> | undefined {
    this.#promote(nowMs);
    for (;;) {
      const queued = this.#active.pop() ?? (this.#isEager ? this.#backoff.pop() : undefined);
      if (!queued || queued.pod.state === 'waiting') return queued;
    }
  }

  /** The time at which there is a pod to pop if nothing else happens; Infinity: no pod waits. */
  nextMs(nowMs: number): number {
    if (this.#active.length > 0 || (this.#isEager && this.#backoff.length > 0)) return nowMs;
    const first = this.#backoff.peek();
    let next = first ? Math.ceil(first.backoffEndMs / WINDOW_MS) * WINDOW_MS : Infinity;
    for (const queued of this.#oldest()) next = Math.min(next, flushOf(queued));
    return next;
  }

  *#oldest(): Generator<Queued<P>> {
    for (const pods of Object.values(this.#unschedulable))
      for (const [, queued] of pods.entries()) {
        yield queued;
        break;
      }
  }

  #promote(nowMs: number): void {
    const atMs = windowOf(nowMs);
    for (let next = this.#backoff.peek(); next && !this.#isBackingOff(next, atMs); next = this.#backoff.peek()) {
      this.#backoff.pop();
      this.#active.push(next);
    }
    for (const pods of Object.values(this.#unschedulable)) {
      for (const [uid, queued] of pods) {
        if (flushOf(queued) > nowMs) break;
        pods.delete(uid);
        this.#requeue(queued, nowMs);
      }
    }
  }

  #requeue(queued: Queued<P>, nowMs: number): void {
    if (queued.pod.state !== 'waiting') return;
    (this.#isBackingOff(queued, nowMs) ? this.#backoff : this.#active).push(queued);
  }

  #isBackingOff({ backoffEndMs }: Queued<P>, nowMs: number): boolean {
    return this.#isEager ? backoffEndMs >= windowOf(nowMs) : backoffEndMs > nowMs;
  }
}

/** QueueSort: PrioritySort. */
function byPriority(a: Queued<unknown>, b: Queued<unknown>): number {
  return b.priority - a.priority || a.sinceMs - b.sinceMs || a.order - b.order;
}

const windowOf = (ms: number) => Math.floor(ms / WINDOW_MS) * WINDOW_MS;

/** When the pod leaves the unschedulable queue if no event helps it: at the first flush after five minutes. */
function flushOf({ sinceMs }: Queued<unknown>): number {
  return Math.ceil((sinceMs + FLUSH_AFTER_MS + 1) / FLUSH_EVERY_MS) * FLUSH_EVERY_MS;
}

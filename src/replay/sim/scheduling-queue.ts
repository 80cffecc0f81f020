import TinyQueue from 'tinyqueue';
import type { SimPod } from './job-run.ts';

const FLUSH_EVERY_MS = 30_000;
const FLUSH_AFTER_MS = 300_000;
const MAX_BACKOFF_MS = 10_000;

/**
 * kube-scheduler's three queues of waiting pods (pkg/scheduler/backend/queue/scheduling_queue.go, 1.35): active
 * (priority, then time), back-off (1, 2, 4, 8, 10 s after an attempt), unschedulable (until an event, or five minutes).
 * Every event of a pod or node wakes all pods that an extender rejected.
 */
export class SchedulingQueue {
  readonly #active = new TinyQueue<SimPod>(
    [],
    (a, b) => b.info.priority - a.info.priority || a.queuedMs - b.queuedMs || a.order - b.order,
  );
  readonly #backoff = new TinyQueue<SimPod>([], (a, b) => a.backoffEndMs - b.backoffEndMs || a.order - b.order);
  #unschedulable: SimPod[] = [];
  #order = 0;
  readonly #isEager: boolean;

  /** @param isEager SchedulerPopFromBackoffQ (on since 1.33): an empty active queue takes pods out of back-off early */
  constructor(isEager: boolean) {
    this.#isEager = isEager;
  }

  add(pod: SimPod, nowMs: number): void {
    pod.queuedMs = nowMs;
    pod.order = this.#order++;
    this.#active.push(pod);
  }

  reject(pod: SimPod, nowMs: number): void {
    pod.attempts++;
    pod.lastAttemptMs = nowMs;
    pod.backoffEndMs = nowMs + Math.min(MAX_BACKOFF_MS, 1000 * 2 ** (pod.attempts - 1));
    this.#unschedulable.push(pod);
  }

  /** Call when something changed in the cluster. */
  wake(nowMs: number): void {
    if (this.#unschedulable.length === 0) return;
    for (const pod of this.#unschedulable) this.#requeue(pod, nowMs);
    this.#unschedulable = [];
  }

  pop(nowMs: number): SimPod | undefined {
    this.#promote(nowMs);
    for (;;) {
      const pod = this.#active.pop() ?? (this.#isEager ? this.#backoff.pop() : undefined);
      if (!pod || pod.state === 'waiting') return pod;
    }
  }

  /** The time at which there is a pod to pop if nothing else happens; Infinity: no pod waits. */
  nextMs(nowMs: number): number {
    if (this.#active.length > 0 || (this.#isEager && this.#backoff.length > 0)) return nowMs;
    const backoff = this.#backoff.peek();
    let next = backoff ? backoff.backoffEndMs : Infinity;
    const oldest = this.#unschedulable[0];
    if (oldest)
      next = Math.min(next, Math.ceil((oldest.lastAttemptMs + FLUSH_AFTER_MS + 1) / FLUSH_EVERY_MS) * FLUSH_EVERY_MS);
    return next;
  }

  #promote(nowMs: number): void {
    for (let next = this.#backoff.peek(); next && next.backoffEndMs <= nowMs; next = this.#backoff.peek()) {
      this.#backoff.pop();
      this.add(next, nowMs);
    }
    if (this.#unschedulable.length === 0 || nowMs - this.#unschedulable[0]!.lastAttemptMs <= FLUSH_AFTER_MS) return;
    const isOld = (pod: SimPod) => nowMs - pod.lastAttemptMs > FLUSH_AFTER_MS;
    for (const pod of this.#unschedulable) if (isOld(pod)) this.#requeue(pod, nowMs);
    this.#unschedulable = this.#unschedulable.filter((pod) => !isOld(pod));
  }

  #requeue(pod: SimPod, nowMs: number): void {
    if (pod.state !== 'waiting') return;
    if (pod.backoffEndMs <= nowMs) this.add(pod, nowMs);
    else this.#backoff.push(pod);
  }
}

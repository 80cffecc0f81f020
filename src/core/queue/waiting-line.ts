import type { Gang } from '../gang/gang.ts';

/**
 * A gang that has not been asked about for so long blocks nobody: its leader may be gated, or have no node that
 * kube-scheduler would offer. kube-scheduler asks again after 5.5 min at the latest
 * (flushUnschedulablePodsLeftover, pkg/scheduler/backend/queue/scheduling_queue.go, 1.36).
 */
const ASKED_WITHIN_MS = 360_000;

/** Waiting gangs by queue. Order: priority, then who asked first, then key. */
export class WaitingLine {
  readonly #queues = new Map<string, Gang[]>();
  readonly #byKey = new Map<string, { readonly gang: Gang; readonly queue: string }>();

  get(key: string): Gang | undefined {
    return this.#byKey.get(key)?.gang;
  }

  /** Adds a gang, or puts it in its place again after its priority or queue changed. */
  put(gang: Gang): void {
    this.remove(gang.key);
    const name = gang.spec.queue;
    const queue = this.#queues.get(name) ?? [];
    const at = queue.findIndex((other) => isAhead(gang, other));
    queue.splice(at < 0 ? queue.length : at, 0, gang);
    this.#queues.set(name, queue);
    this.#byKey.set(gang.key, { gang, queue: name });
  }

  remove(key: string): void {
    const known = this.#byKey.get(key);
    if (!known) return;
    this.#byKey.delete(key);
    const queue = this.#queues.get(known.queue)!;
    queue.splice(queue.indexOf(known.gang), 1);
    if (queue.length === 0) this.#queues.delete(known.queue);
  }

  /** A copy, queue by queue, each in its order: the line may change while it is walked. */
  inOrder(): readonly Gang[] {
    return [...this.#queues.values()].flat();
  }

  /** The gangs ahead of this one in its queue, in order. */
  aheadOf(gang: Gang): readonly Gang[] {
    const queue = this.#queues.get(gang.spec.queue) ?? [];
    return queue.slice(0, Math.max(0, queue.indexOf(gang)));
  }

  /** The first gang ahead of this one that holds up those behind it. */
  blockerOf(gang: Gang, nowMs: number): Gang | undefined {
    for (const other of this.#queues.get(gang.spec.queue) ?? []) {
      if (other === gang) return undefined;
      if (isBlocking(other, nowMs)) return other;
    }
    return undefined;
  }
}

function isAhead(a: Gang, b: Gang): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.firstAskMs !== b.firstAskMs) return a.firstAskMs < b.firstAskMs;
  return a.key < b.key;
}

export function isBlocking(gang: Gang, nowMs: number): boolean {
  return (
    !gang.admitted &&
    gang.eviction === undefined &&
    gang.refusal?.kind !== 'unschedulable' &&
    nowMs - gang.firstAskMs >= gang.policy.queue.blockAfterMs &&
    nowMs - gang.lastAskMs <= ASKED_WITHIN_MS
  );
}

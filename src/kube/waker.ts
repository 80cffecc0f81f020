import type { Effect } from '../core/effects.ts';
import type { PodRef } from '../core/model.ts';
import type { Clock } from '../clock.ts';
import { GATE } from '../intake/pod.ts';
import type { PodsApi } from './pods-api.ts';
import { TokenBucket } from './token-bucket.ts';
import type { WriteOutcome, WriteQueue } from './write-queue.ts';

export interface WakerDeps {
  readonly api: Pick<PodsApi, 'wake' | 'liftGate'>;
  readonly queue: WriteQueue;
  readonly clock: Pick<Clock, 'nowMs' | 'toWall'>;
  readonly perSecond: number;
  readonly onWake: (outcome: WriteOutcome) => void;
}

/** A pod is not woken twice within this time. */
const AGAIN_MS = 1000;

/** Makes kube-scheduler ask about a pod: lifts muster's gate, or changes an annotation. The rate is limited. */
export class Waker {
  readonly #deps: WakerDeps;
  readonly #bucket: TokenBucket;
  readonly #waiting = new Map<string, { readonly pod: PodRef; readonly gated: boolean }>();
  readonly #lastMs = new Map<string, number>();

  constructor(deps: WakerDeps) {
    this.#deps = deps;
    this.#bucket = new TokenBucket(deps.perSecond, deps.perSecond);
  }

  onEffects(effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.kind === 'wake-leader') this.wake(effect.leader, effect.gated);
  }

  wake(pod: PodRef, gated = false): void {
    this.#waiting.set(pod.uid, { pod, gated });
    this.flush();
  }

  /** Call a few times a second: wakes the pods that the rate limit held back. */
  flush(): void {
    const { clock } = this.#deps;
    const now = clock.nowMs();
    for (const [uid, atMs] of this.#lastMs) if (now - atMs > AGAIN_MS) this.#lastMs.delete(uid);
    for (const [uid, { pod, gated }] of this.#waiting) {
      if (this.#lastMs.has(uid)) continue;
      if (!this.#bucket.take(now)) return;
      this.#waiting.delete(uid);
      this.#lastMs.set(uid, now);
      const { api, queue, onWake } = this.#deps;
      queue.push(`wake ${uid}`, () => (gated ? api.liftGate(pod, GATE) : api.wake(pod, clock.toWall(now))), onWake);
    }
  }
}

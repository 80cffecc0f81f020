import type { PodInfo, PodRef } from '../core/model.ts';
import type { PodsApi } from './pods-api.ts';
import { ApiError } from './transport.ts';

export interface NominatorDeps {
  readonly api: Pick<PodsApi, 'nominate'>;
  /**
   * Takes the member's slot for it, as filter would. Undefined: there is none, or kube-scheduler has asked already, or
   * this replica does not decide.
   */
  readonly claim: (pod: PodInfo) => string | undefined;
  readonly onNomination: (outcome: 'done' | 'dropped' | 'failed') => void;
  /** How long a member waits before it is nominated. */
  readonly afterMs?: number;
}

/** kube-scheduler asks about a pod within milliseconds, unless others stand before it in its queue. */
const AFTER_MS = 50;
const PARALLEL = 8;

/**
 * Writes to members that stand in kube-scheduler's queue which node they will get (status.nominatedNodeName), so that
 * it looks at that node alone instead of at all. A member that it asks about at once is left alone: the write would come
 * too late. A nomination is a hint: where it fails, nothing is lost, and it is not tried again.
 */
export class Nominator {
  readonly #deps: NominatorDeps;
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #due: PodInfo[] = [];
  #running = 0;

  constructor(deps: NominatorDeps) {
    this.#deps = deps;
  }

  /** A member that is not bound was heard of. */
  onPending(pod: PodInfo): void {
    if (this.#waiting.has(pod.uid)) return;
    const timer = setTimeout(() => {
      this.#due.push(pod);
      this.#next();
    }, this.#deps.afterMs ?? AFTER_MS);
    this.#waiting.set(pod.uid, timer);
  }

  /** It is bound, or gone. */
  drop(uid: string): void {
    clearTimeout(this.#waiting.get(uid));
    this.#waiting.delete(uid);
  }

  stop(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#due.length = 0;
  }

  #next(): void {
    while (this.#running < PARALLEL && this.#due.length > 0) {
      const pod = this.#due.shift()!;
      if (!this.#waiting.has(pod.uid)) continue;
      const node = this.#deps.claim(pod);
      if (node === undefined) continue;
      this.#running++;
      void this.#nominate(pod, node).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #nominate({ namespace, name, uid }: PodRef, node: string): Promise<void> {
    const { api, onNomination } = this.#deps;
    try {
      await api.nominate({ namespace, name, uid }, node);
      onNomination('done');
    } catch (error) {
      // 404, 409, 422: it is gone, another pod has its name, or it is bound already.
      const isLate = error instanceof ApiError && [404, 409, 422].includes(error.status);
      onNomination(isLate ? 'dropped' : 'failed');
    }
  }
}

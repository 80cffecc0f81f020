import type { PodInfo, PodRef } from '../core/model.ts';
import type { PodsApi } from './pods-api.ts';
import { ApiError } from './transport.ts';

export interface NominatorDeps {
  readonly api: Pick<PodsApi, 'nominate'>;
  /**
   * Claims a slot for the member, as filter would, and returns its node. Undefined: there is no slot, kube-scheduler
   * has asked already, or this replica does not decide.
   */
  readonly claim: (pod: PodInfo) => string | undefined;
  readonly onNomination: (outcome: 'done' | 'dropped' | 'failed') => void;
  /** How long a member has to wait before it is nominated, in ms. */
  readonly afterMs?: number;
}

/** kube-scheduler asks about a pod within milliseconds, unless other pods are ahead of it in its queue. */
const AFTER_MS = 50;
const PARALLEL = 8;

/**
 * Nominates the nodes of members that wait in kube-scheduler's queue (status.nominatedNodeName), so that kube-scheduler
 * evaluates that node alone instead of all. Skips a member that kube-scheduler asks about at once, since the write
 * would come too late. A nomination is only a hint: a failed one costs nothing and is not retried.
 */
export class Nominator {
  readonly #deps: NominatorDeps;
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #due: PodInfo[] = [];
  #running = 0;

  constructor(deps: NominatorDeps) {
    this.#deps = deps;
  }

  /** Call for a member that is not bound. */
  onPending(pod: PodInfo): void {
    if (this.#waiting.has(pod.uid)) return;
    const timer = setTimeout(() => {
      this.#due.push(pod);
      this.#next();
    }, this.#deps.afterMs ?? AFTER_MS);
    this.#waiting.set(pod.uid, timer);
  }

  /** Call for a member that is bound or gone. */
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
      // 404, 409, 422: the pod is gone, another pod has its name, or it is bound already.
      const isLate = error instanceof ApiError && [404, 409, 422].includes(error.status);
      onNomination(isLate ? 'dropped' : 'failed');
    }
  }
}

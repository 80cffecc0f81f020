import type { Effect } from '../core/effects.ts';
import type { PodInfo, PodRef } from '../core/model.ts';
import type { PodsApi } from './pods-api.ts';
import { ApiError } from './transport.ts';

export interface NominatorDeps {
  readonly api: Pick<PodsApi, 'nominate'>;
  /** Where a member is on its way to a node; `queued`: kube-scheduler is still to ask about it. */
  readonly stageOf: (pod: PodInfo) => 'queued' | 'asked' | 'no-gang';
  /** Claims a slot for the member, as filter would, where it is worth a write. @returns its node */
  readonly claim: (pod: PodInfo) => string | undefined;
  /** How many questions about members kube-scheduler has asked so far. */
  readonly asks: () => number;
  readonly nowMs: () => number;
  /** `always`: all members that have a slot; `never`: none that kube-scheduler has not asked about. */
  readonly mode: NominateMode;
  readonly onNomination: (outcome: 'done' | 'dropped' | 'failed') => void;
}

export type NominateMode = 'auto' | 'always' | 'never';

/** How often the queue is looked at. */
const LOOK_MS = 10;
/** So long a write takes until kube-scheduler knows of it, at most times. */
const LEAD_MS = 25;
/** A question takes so long until it has been measured. */
const FIRST_GUESS_MS = 5;
/** A pod that is not asked about for so long is not in kube-scheduler's queue. */
const FORGET_MS = 5000;
/** So many questions measure how long one takes. */
const ENOUGH_ASKS = 5;
/** A look reads so many members, those that are asked about first, and claims a place for so many at most. */
const MOST_READ = 1000;
const MOST_CLAIMS = 100;
const PARALLEL = 8;

interface Waiting {
  readonly pod: PodInfo;
  readonly sinceMs: number;
  /** It has been decided on. */
  isDecided: boolean;
}

/**
 * Nominates nodes (status.nominatedNodeName), so that kube-scheduler looks at that node alone: for members that it has just
 * refused because it did not offer their node, and for those that will wait in its queue for longer than a write takes.
 * How long they wait is measured: the members ahead of them, times the time that a question takes. A nomination is only a
 * hint: a failed one costs nothing and is not retried.
 */
export class Nominator {
  readonly #deps: NominatorDeps;
  /** Members without a node by gang and UID. */
  readonly #pending = new Map<string, Map<string, PodInfo>>();
  readonly #gangOf = new Map<string, string>();
  /** Members that kube-scheduler is to ask about, by UID, in the order in which it is. */
  readonly #queue = new Map<string, Waiting>();
  readonly #writes: { readonly pod: PodRef; readonly node: string }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running = 0;
  #msPerAsk = FIRST_GUESS_MS;
  #measured = { asks: 0, atMs: 0 };

  constructor(deps: NominatorDeps) {
    this.#deps = deps;
  }

  /** Call for a member that is not bound. */
  onPending(pod: PodInfo): void {
    const gang = pod.membership?.gang ?? '';
    if (this.#gangOf.has(pod.uid)) return;
    if (this.#deps.mode === 'never') return;
    this.#gangOf.set(pod.uid, gang);
    const known = this.#pending.get(gang);
    if (known) known.set(pod.uid, pod);
    else this.#pending.set(gang, new Map([[pod.uid, pod]]));
    this.#enqueue(pod);
  }

  /** Call for a member that is bound or gone. */
  drop(uid: string): void {
    const gang = this.#gangOf.get(uid);
    if (gang === undefined) return;
    this.#gangOf.delete(uid);
    this.#queue.delete(uid);
    const known = this.#pending.get(gang);
    known?.delete(uid);
    if (known?.size === 0) this.#pending.delete(gang);
  }

  /** Nominates whom a decision says, and looks again at the members of a gang that has been admitted. */
  onEffects(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'nominate') this.#write(effect.pod, effect.node);
      if (effect.kind !== 'gang-admitted') continue;
      for (const pod of this.#pending.get(effect.gang)?.values() ?? []) this.#enqueue(pod);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queue.clear();
    this.#writes.length = 0;
  }

  #enqueue(pod: PodInfo): void {
    if (this.#queue.size === 0) this.#measured = { asks: this.#deps.asks(), atMs: this.#deps.nowMs() };
    this.#queue.set(pod.uid, { pod, sinceMs: this.#deps.nowMs(), isDecided: false });
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MS);
  }

  /** Nominates those that wait long enough, in the order in which they are asked about. */
  #look(): void {
    const { deps, nowMs } = { deps: this.#deps, nowMs: this.#deps.nowMs() };
    this.#measure(nowMs);
    let [ahead, claims] = [0, 0];
    for (const [uid, one] of this.#queue) {
      if (ahead === MOST_READ || claims === MOST_CLAIMS) break;
      if (deps.stageOf(one.pod) !== 'queued' || nowMs - one.sinceMs > FORGET_MS) {
        this.#queue.delete(uid);
        continue;
      }
      if (!one.isDecided && (deps.mode === 'always' || ahead * this.#msPerAsk >= LEAD_MS)) {
        one.isDecided = true;
        claims++;
        const node = deps.claim(one.pod);
        if (node !== undefined) this.#write(one.pod, node);
      }
      ahead++;
    }
    this.#timer = this.#queue.size > 0 ? setTimeout(() => this.#look(), LOOK_MS) : undefined;
  }

  /** How long a question takes while there are members to ask about. */
  #measure(nowMs: number): void {
    const { asks, atMs } = this.#measured;
    const more = this.#deps.asks() - asks;
    if (more < ENOUGH_ASKS) return;
    this.#msPerAsk = (this.#msPerAsk + (nowMs - atMs) / more) / 2;
    this.#measured = { asks: asks + more, atMs: nowMs };
  }

  #write(pod: PodRef, node: string): void {
    this.#writes.push({ pod, node });
    this.#next();
  }

  #next(): void {
    while (this.#running < PARALLEL) {
      const write = this.#writes.shift();
      if (!write) return;
      this.#running++;
      void this.#nominate(write.pod, write.node).finally(() => {
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

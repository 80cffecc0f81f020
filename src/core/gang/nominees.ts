import type { Candidates, GangPod, PodRef } from '../model.ts';
import { LEAST_NODES, mayBeSample } from '../placement/sample.ts';
import { refOf } from './gang.ts';

interface LastOffer {
  readonly size: number;
  /** Of all nodes, 0..1. */
  readonly share: number;
  readonly isSample: boolean;
}

interface Nominee {
  readonly gang: string;
  readonly pod: PodRef;
  /** The node that it was told. */
  readonly node: string;
  /** When it was told. */
  readonly sinceMs: number;
  /** When kube-scheduler asked about it last, and muster woke it last. */
  askedMs: number;
  wokenMs: number;
}

/**
 * So long after the refusal kube-scheduler knows of the nomination: where it still does not offer the node, its own
 * filters refuse it.
 */
const PATIENCE_MS = 500;
/**
 * kube-scheduler's first back-off. Before 1.32 a nomination alone does not bring a refused pod back (isPodUpdated,
 * pkg/scheduler/backend/queue/scheduling_queue.go).
 */
const WAKE_AFTER_MS = 1000;
/** After such a pause kube-scheduler has nothing else to ask. */
const QUIET_MS = 500;
/** Or it is so busy. */
const WAKE_AT_LAST_MS = 10_000;

/**
 * Members that kube-scheduler offered a sample of the nodes without their own, and that were refused for that: they are
 * nominated, and asked about again.
 */
export class Nominees {
  /** By UID. */
  readonly #all = new Map<string, Nominee>();
  #lastAskMs = -Infinity;
  #offer: LastOffer = { size: 0, share: 1, isSample: false };
  #asks = 0;

  /** None is changed by the caller. */
  get all(): Iterable<Readonly<Nominee>> {
    return this.#all.values();
  }

  has(uid: string): boolean {
    return this.#all.has(uid);
  }

  /** What kube-scheduler offered last, but for pods that suit few nodes, such as nominated ones. */
  get offer(): LastOffer {
    return this.#offer;
  }

  /** How many questions about members kube-scheduler has asked. */
  get asks(): number {
    return this.#asks;
  }

  /** kube-scheduler asks about some member. Fewer nodes than it ever samples suit the pod alone: they say nothing of others. */
  asked({ size }: Pick<Candidates, 'size'>, nodes: number, nowMs: number): void {
    this.#asks++;
    this.#lastAskMs = nowMs;
    if (size >= Math.min(LEAST_NODES, nodes))
      this.#offer = { size, share: size / Math.max(1, nodes), isSample: mayBeSample(size, nodes) };
  }

  /**
   * The pod is refused because its node is not offered.
   * @returns whether it is to be nominated now: it is the first time, or its node is another one
   */
  refused(pod: GangPod, node: string, nowMs: number): boolean {
    const known = this.#all.get(pod.uid);
    if (known?.node === node) {
      known.askedMs = nowMs;
      return false;
    }
    const { gang } = pod.membership;
    this.#all.set(pod.uid, { gang, pod: refOf(pod), node, sinceMs: nowMs, askedMs: nowMs, wokenMs: -Infinity });
    return true;
  }

  /** Whether the pod has been nominated for so long that its node would have been offered if it could be. */
  isInVain(uid: string, nowMs: number): boolean {
    const known = this.#all.get(uid);
    return known !== undefined && nowMs - known.sinceMs >= PATIENCE_MS;
  }

  /** It has got a node, or is gone. */
  drop(uid: string): void {
    this.#all.delete(uid);
  }

  /** Those about which kube-scheduler does not ask again by itself: it has to be woken. Each is told every ten seconds. */
  takeSleeping(nowMs: number): readonly Pick<Nominee, 'gang' | 'pod'>[] {
    const isQuiet = nowMs - this.#lastAskMs >= QUIET_MS;
    const out: Nominee[] = [];
    for (const one of this.#all.values()) {
      const afterMs = isQuiet && one.wokenMs < one.askedMs ? WAKE_AFTER_MS : WAKE_AT_LAST_MS;
      if (nowMs - Math.max(one.wokenMs, one.askedMs) < afterMs) continue;
      one.wokenMs = nowMs;
      out.push(one);
    }
    return out;
  }
}

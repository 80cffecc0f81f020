import type { PodInfo, PodRef } from '../core/model.ts';
import type { IntakeContext } from '../intake/gang-objects.ts';
import type { Identity } from '../intake/identity.ts';
import { rereadMembership, type MembershipSource } from '../intake/pod.ts';

/** A pod as the API server has it. */
export interface KnownPod {
  readonly info: PodInfo;
  /** Present while other objects decide which gang the pod is in: they may change before kube-scheduler asks. */
  readonly source?: MembershipSource;
}

/** Requests that wait at the same time. kube-scheduler asks about one pod after the other. */
const MAX_WAITING = 64;
const UNKNOWN: Identity = { kind: 'unknown' };
const SETTLED: Identity = { kind: 'settled' };

/**
 * The living pods of the API server, by UID: those without a node in full, of the others only that they exist. It says
 * which pod a request is about, since the pod in a request may be forged.
 */
export class KnownPods {
  readonly #context: IntakeContext;
  /** Undefined: the pod is bound. */
  readonly #pods = new Map<string, KnownPod | undefined>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #waits = 0;

  constructor(context: IntakeContext) {
    this.#context = context;
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  put(pod: KnownPod): void {
    const { uid, node } = pod.info;
    this.#pods.set(uid, node === undefined ? pod : undefined);
    for (const resolve of this.#waiting.get(uid) ?? []) resolve();
  }

  remove(uid: string): void {
    this.#pods.delete(uid);
  }

  /**
   * The pod of a request. kube-scheduler's view is sometimes a few milliseconds ahead, so that an unknown pod is waited
   * for.
   * @param patienceMs how long; 0: not at all
   */
  identify(ref: PodRef, patienceMs: number): Identity | Promise<Identity> {
    if (patienceMs === 0 || this.#pods.has(ref.uid) || this.#waits >= MAX_WAITING) return this.#identityOf(ref);
    return this.#heardOf(ref.uid, patienceMs).then(() => this.#identityOf(ref));
  }

  #identityOf({ namespace, name, uid }: PodRef): Identity {
    if (!this.#pods.has(uid)) return UNKNOWN;
    const known = this.#pods.get(uid);
    if (known && (known.info.namespace !== namespace || known.info.name !== name)) return UNKNOWN;
    if (!known || known.info.deleting) return SETTLED;
    const { info, source } = known;
    return { kind: 'pending', pod: source ? rereadMembership(info, source, this.#context) : info };
  }

  /** Resolves when the pod is heard of, or after this time. */
  async #heardOf(uid: string, patienceMs: number): Promise<void> {
    const others = this.#waiting.get(uid) ?? new Set();
    this.#waiting.set(uid, others);
    this.#waits++;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, patienceMs);
      function done(): void {
        clearTimeout(timer);
        others.delete(done);
        resolve();
      }
      others.add(done);
    });
    this.#waits--;
    if (others.size === 0) this.#waiting.delete(uid);
  }
}

import { textAt, objectAt, type Json } from '../intake/field.ts';
import type { Mirror } from './reflector.ts';

export interface LeadershipOptions {
  /**
   * `namespace/name` of the kube-schedulers' Lease; undefined: there is one muster, and it leads. The holder identity
   * is `<pod name>_<uuid>` of a kube-scheduler (cmd/kube-scheduler/app/server.go, 1.36), and muster runs in the same
   * pod.
   */
  readonly lease: string | undefined;
  /** The name of the pod. */
  readonly identity: string;
  readonly nowMs: () => number;
}

/** kube-scheduler's default leaseDuration: a kube-scheduler that asked within it has not lost the lease to another. */
const ASKED_MS = 15_000;

/** Whether this muster decides: the kube-scheduler beside it holds the lease, or has just asked. */
export class Leadership {
  readonly #options: LeadershipOptions;
  #holder: string | undefined;
  #askedMs = -Infinity;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  isLeading(): boolean {
    const { lease, nowMs } = this.#options;
    return lease === undefined || this.#isHolder() || nowMs() - this.#askedMs < ASKED_MS;
  }

  /** Notes a request of kube-scheduler. @returns whether this muster takes over: it did not decide before */
  asked(): boolean {
    const isTakeover = !this.isLeading();
    this.#askedMs = this.#options.nowMs();
    return isTakeover;
  }

  /** The mirror that watches the lease; undefined without a lease. */
  mirror(): Mirror<string> | undefined {
    const { lease } = this.#options;
    if (lease === undefined) return undefined;
    const [namespace, name] = lease.split('/') as [string, string];
    return {
      kind: 'leases',
      path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases?fieldSelector=metadata.name%3D${name}`,
      isOptional: true,
      keyOf: () => lease,
      project: (object: Json) => textAt(objectAt(object, 'spec', 'Lease') ?? {}, 'holderIdentity', 'Lease.spec') ?? '',
      onPut: (_key, holder) => (this.#holder = holder),
      onGone: () => (this.#holder = undefined),
    };
  }

  #isHolder(): boolean {
    return this.#holder?.startsWith(`${this.#options.identity}_`) ?? false;
  }
}

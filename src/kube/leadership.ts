import { integerAt, objectAt, textAt, type Json } from '../intake/field.ts';
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

/** A Lease as its holder last wrote it. */
interface LeaseRecord {
  readonly holder: string;
  /** When the holder renewed it, by the holder's clock: only whether it changes counts. */
  readonly renewed: string;
  readonly durationMs: number;
}

/**
 * Whether this muster decides: the kube-scheduler beside it holds the lease, or has just asked. A lease counts for its
 * duration after muster saw it change, by muster's own clock, as in client-go (tools/leaderelection, 0.36): what the
 * clocks of others say does not matter.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  #record: LeaseRecord | undefined;
  /** When the record changed. */
  #changedMs = -Infinity;
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
  mirror(): Mirror<LeaseRecord> | undefined {
    const { lease } = this.#options;
    if (lease === undefined) return undefined;
    const [namespace, name] = lease.split('/') as [string, string];
    return {
      kind: 'leases',
      path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases?fieldSelector=metadata.name%3D${name}`,
      isOptional: true,
      keyOf: () => lease,
      project: recordOf,
      onPut: (_key, record) => this.#put(record),
      onGone: () => (this.#record = undefined),
    };
  }

  /** The same record may come again: after a new list. */
  #put(record: LeaseRecord): void {
    if (record.holder === this.#record?.holder && record.renewed === this.#record.renewed) return;
    this.#record = record;
    this.#changedMs = this.#options.nowMs();
  }

  #isHolder(): boolean {
    const { identity, nowMs } = this.#options;
    if (!this.#record?.holder.startsWith(`${identity}_`)) return false;
    return nowMs() - this.#changedMs < this.#record.durationMs;
  }
}

function recordOf(object: Json): LeaseRecord {
  const spec = objectAt(object, 'spec', 'Lease') ?? {};
  const seconds = integerAt(spec, 'leaseDurationSeconds', 'Lease.spec');
  return {
    holder: textAt(spec, 'holderIdentity', 'Lease.spec') ?? '',
    renewed: textAt(spec, 'renewTime', 'Lease.spec') ?? '',
    durationMs: seconds === undefined ? ASKED_MS : seconds * 1000,
  };
}

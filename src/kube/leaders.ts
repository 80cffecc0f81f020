import type { PodInfo, PodRef } from '../core/model.ts';

/** What is needed of a leader to write to it. */
export interface LeaderRecord {
  readonly ref: PodRef;
  readonly gang: string;
  readonly isBound: boolean;
  /** metadata.resourceVersion, for compare-and-set. */
  readonly version: string;
  /** Its annotation muster.dev/reservation. */
  readonly reservation: string | undefined;
}

/** The leaders of gangs, as the API server had them last. */
export class Leaders {
  readonly #byUid = new Map<string, LeaderRecord>();

  get(uid: string): LeaderRecord | undefined {
    return this.#byUid.get(uid);
  }

  /** What is older than what is known is passed over: a write's answer may come before the watch's older events. */
  put({ namespace, name, uid, node, membership, reservation }: PodInfo, version: string): void {
    const known = this.#byUid.get(uid);
    if (known && Number(version) < Number(known.version)) return;
    this.#byUid.set(uid, {
      ref: { namespace, name, uid },
      gang: membership!.gang,
      isBound: node !== undefined,
      version,
      reservation: reservation?.text,
    });
  }

  /** The answer to a write of ours. */
  written(
    uid: string,
    { version, reservation }: { readonly version: string; readonly reservation: string | undefined },
  ) {
    const known = this.#byUid.get(uid);
    if (known && Number(version) > Number(known.version)) this.#byUid.set(uid, { ...known, version, reservation });
  }

  remove(uid: string): void {
    this.#byUid.delete(uid);
  }
}

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
  /** Where it tells of its members' work; undefined: nowhere, or it does not run. */
  readonly reportUrl: string | undefined;
}

/** The leaders of gangs, as the API server had them last. */
export class Leaders {
  readonly #byUid = new Map<string, LeaderRecord>();

  get(uid: string): LeaderRecord | undefined {
    return this.#byUid.get(uid);
  }

  /** What is older than what is known is passed over: a write's answer may come before the watch's older events. */
  put(pod: PodInfo, version: string): void {
    const { namespace, name, uid, node, membership, reservation } = pod;
    const known = this.#byUid.get(uid);
    if (known && Number(version) < Number(known.version)) return;
    this.#byUid.set(uid, {
      ref: { namespace, name, uid },
      gang: membership!.gang,
      isBound: node !== undefined,
      version,
      reservation: reservation?.text,
      reportUrl: reportUrlOf(pod),
    });
  }

  /** Those that tell of their members' work. */
  reporting(): { gang: string; reportUrl: string }[] {
    return [...this.#byUid.values()].flatMap(({ gang, reportUrl }) =>
      reportUrl === undefined ? [] : { gang, reportUrl },
    );
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

function reportUrlOf({ address, membership }: PodInfo): string | undefined {
  const at = membership?.spec?.reportsAt;
  if (address === undefined || !at) return undefined;
  const host = address.includes(':') ? `[${address}]` : address;
  return `http://${host}:${at.port}/api/v1/applications/${encodeURIComponent(at.app)}/executors`;
}

import type { PodInfo, PodRef } from '../core/model.ts';

/** A gang's leader, with the fields needed to write to it. */
export interface LeaderRecord {
  readonly ref: PodRef;
  readonly gang: string;
  readonly isBound: boolean;
  /** metadata.resourceVersion, for compare-and-set. */
  readonly version: string;
  /** Its annotation muster.dev/reservation. */
  readonly reservation: string | undefined;
  /** The address that reports its members' work; undefined: it has none, or the leader does not run. */
  readonly reportUrl: string | undefined;
}

/** The leaders of gangs as of the API server's last event. */
export class Leaders {
  readonly #byUid = new Map<string, LeaderRecord>();

  get(uid: string): LeaderRecord | undefined {
    return this.#byUid.get(uid);
  }

  /** Ignores a version older than the known one: the answer to a write may come before older events of the watch. */
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

  /** The leaders that report their members' work. */
  reporting(): { gang: string; reportUrl: string }[] {
    return [...this.#byUid.values()].flatMap(({ gang, reportUrl }) =>
      reportUrl === undefined ? [] : { gang, reportUrl },
    );
  }

  /** Records the answer to a write of this replica. */
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

import type { FreeingGang, Gang } from './gang.ts';

const MINUTE_MS = 60_000;
/** A pod that could not be evicted is not tried again for so long. */
const REFUSED_MS = 300_000;
const DAY_MS = 86_400_000;
/** Losses remembered of one gang: more than any budget counts. */
const MOST_LOSSES = 10_000;

/** Which evictions are under way, for which gangs, and which happened lately. */
export class Evictions {
  readonly #refusedUntilMs = new Map<string, number>();
  /** Evictions of the last minute, oldest first. */
  #recent: { readonly atMs: number; readonly queue: string }[] = [];
  /** When a gang of this name lost a member last: it may end and be submitted again. */
  readonly #lastLossMs = new Map<string, number>();
  readonly #beneficiary = new Map<string, Gang>();
  readonly #planned = new Set<FreeingGang>();

  /** The gang that makes use of a victim's room, by the victim's UID. */
  get beneficiary(): ReadonlyMap<string, Gang> {
    return this.#beneficiary;
  }

  /** Gangs for which others are being evicted. Written by transitions.ts. */
  get planned(): ReadonlySet<FreeingGang> {
    return this.#planned;
  }

  /** The gang waits for victims. */
  begin(gang: FreeingGang): void {
    this.#planned.add(gang);
  }

  /** The gang waits for no victim any more. */
  end(gang: Gang): void {
    this.#planned.delete(gang as FreeingGang);
  }

  /** The pod leaves for the gang. */
  leaves(uid: string, beneficiary: Gang): void {
    this.#beneficiary.set(uid, beneficiary);
  }

  /** The pod is gone, or stays after all. */
  leftOrStays(uid: string): void {
    this.#beneficiary.delete(uid);
  }

  /** A pod was chosen. @param gang its own, undefined for a single pod */
  note(gang: Gang | undefined, nowMs: number): void {
    this.#recent.push({ atMs: nowMs, queue: gang?.spec.queue ?? '' });
    if (!gang) return;
    gang.losses.push(nowMs);
    if (gang.losses.length > MOST_LOSSES) gang.losses.shift();
    this.#lastLossMs.set(gang.key, nowMs);
  }

  /** A pod that was chosen at that time is spared. */
  takeBack(gang: Gang | undefined, chosenMs: number): void {
    const queue = gang?.spec.queue ?? '';
    removeFirst(this.#recent, (one) => one.atMs === chosenMs && one.queue === queue);
    if (!gang) return;
    removeFirst(gang.losses, (atMs) => atMs === chosenMs);
    const last = gang.losses.at(-1);
    if (last === undefined) this.#lastLossMs.delete(gang.key);
    else this.#lastLossMs.set(gang.key, last);
  }

  /** When a gang of this name lost a member last; undefined: not in the last day. */
  lastLossMs(key: string): number | undefined {
    return this.#lastLossMs.get(key);
  }

  /** Evictions of the last 60 s. @param queue of victims in this queue alone */
  lately(nowMs: number, queue?: string): number {
    let count = 0;
    for (const one of this.#recent)
      if (isLate(one.atMs, nowMs) && (queue === undefined || one.queue === queue)) count++;
    return count;
  }

  /** The pod cannot be evicted, or does not go: it is left alone for a while. */
  refuse(uid: string, nowMs: number): void {
    this.#refusedUntilMs.set(uid, nowMs + REFUSED_MS);
  }

  isRefused(uid: string, nowMs: number): boolean {
    return this.#refusedUntilMs.size > 0 && (this.#refusedUntilMs.get(uid) ?? -Infinity) > nowMs;
  }

  podEnded(uid: string): void {
    this.#refusedUntilMs.delete(uid);
  }

  expire(nowMs: number): void {
    this.#recent = this.#recent.filter(({ atMs }) => isLate(atMs, nowMs));
    for (const [uid, untilMs] of this.#refusedUntilMs) if (untilMs <= nowMs) this.#refusedUntilMs.delete(uid);
    for (const [key, atMs] of this.#lastLossMs) if (nowMs - atMs >= DAY_MS) this.#lastLossMs.delete(key);
  }
}

/** A clock that was set back must not keep for ever what is still to come. */
const isLate = (atMs: number, nowMs: number) => atMs <= nowMs && nowMs - atMs < MINUTE_MS;

function removeFirst<T>(list: T[], isIt: (one: T) => boolean): void {
  const at = list.findIndex(isIt);
  if (at >= 0) list.splice(at, 1);
}

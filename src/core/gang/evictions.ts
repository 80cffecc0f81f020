import type { FreeingGang, Gang } from './gang.ts';

const MINUTE_MS = 60_000;
/** How long a pod that could not be evicted is no victim again. */
const REFUSED_MS = 300_000;
const DAY_MS = 86_400_000;
/** Losses kept per gang: more than any budget counts. */
const MOST_LOSSES = 10_000;

/** The evictions under way with the gangs they are for, and recent evictions. */
export class Evictions {
  readonly #refusedUntilMs = new Map<string, number>();
  /** Evictions of the last minute, oldest first. */
  #recent: { readonly atMs: number; readonly queue: string }[] = [];
  /** When a gang last lost a member, by key: the gang may end and be submitted again. */
  readonly #lastLossMs = new Map<string, number>();
  readonly #beneficiary = new Map<string, Gang>();
  readonly #planned = new Set<FreeingGang>();

  /** The gang that gets a victim's room, by the victim's UID. */
  get beneficiary(): ReadonlyMap<string, Gang> {
    return this.#beneficiary;
  }

  /** Gangs for which pods are being evicted. Written by transitions.ts. */
  get planned(): ReadonlySet<FreeingGang> {
    return this.#planned;
  }

  /** The gang waits for its victims to leave. */
  begin(gang: FreeingGang): void {
    this.#planned.add(gang);
  }

  /** The gang no longer waits for victims. */
  end(gang: Gang): void {
    this.#planned.delete(gang as FreeingGang);
  }

  /** The pod leaves to make room for the gang. */
  leaves(uid: string, beneficiary: Gang): void {
    this.#beneficiary.set(uid, beneficiary);
  }

  /** The pod is gone, or stays. */
  leftOrStays(uid: string): void {
    this.#beneficiary.delete(uid);
  }

  /** Counts a selected victim. @param gang the victim's own; undefined for a single pod */
  note(gang: Gang | undefined, nowMs: number): void {
    const [oldest] = this.#recent;
    if (oldest && !isRecent(oldest.atMs, nowMs)) this.#forgetOld(nowMs);
    this.#recent.push({ atMs: nowMs, queue: gang?.queue.path ?? '' });
    if (!gang) return;
    gang.losses.push(nowMs);
    if (gang.losses.length > MOST_LOSSES) gang.losses.shift();
    this.#lastLossMs.set(gang.key, nowMs);
  }

  /** Takes back the count of a victim that was selected at that time and stays. */
  takeBack(gang: Gang | undefined, selectedMs: number): void {
    const queue = gang?.queue.path ?? '';
    removeFirst(this.#recent, (one) => one.atMs === selectedMs && one.queue === queue);
    if (!gang) return;
    removeFirst(gang.losses, (atMs) => atMs === selectedMs);
    const last = gang.losses.at(-1);
    if (last === undefined) this.#lastLossMs.delete(gang.key);
    else this.#lastLossMs.set(gang.key, last);
  }

  /** When a gang of this key last lost a member; undefined: not in the last day. */
  lastLossMs(key: string): number | undefined {
    return this.#lastLossMs.get(key);
  }

  /** Number of evictions in the last 60 s. @param queue counts only victims of this queue */
  lately(nowMs: number, queue?: string): number {
    let count = 0;
    for (const one of this.#recent)
      if (isRecent(one.atMs, nowMs) && (queue === undefined || one.queue === queue)) count++;
    return count;
  }

  /** The pod cannot be evicted or does not leave: it is no victim for a while. */
  refuse(uid: string, nowMs: number): void {
    this.#refusedUntilMs.set(uid, nowMs + REFUSED_MS);
  }

  isRefused(uid: string, nowMs: number): boolean {
    return this.#refusedUntilMs.size > 0 && (this.#refusedUntilMs.get(uid) ?? -Infinity) > nowMs;
  }

  /** UIDs of the pods that are no victims for a while. */
  *refused(nowMs: number): Iterable<string> {
    for (const [uid, untilMs] of this.#refusedUntilMs) if (untilMs > nowMs) yield uid;
  }

  podEnded(uid: string): void {
    this.#refusedUntilMs.delete(uid);
  }

  expire(nowMs: number): void {
    this.#forgetOld(nowMs);
    for (const [uid, untilMs] of this.#refusedUntilMs) if (untilMs <= nowMs) this.#refusedUntilMs.delete(uid);
    for (const [key, atMs] of this.#lastLossMs) if (nowMs - atMs >= DAY_MS) this.#lastLossMs.delete(key);
  }

  #forgetOld(nowMs: number): void {
    this.#recent = this.#recent.filter(({ atMs }) => isRecent(atMs, nowMs));
  }
}

/** An entry of the future does not count: it would stay until the clock, which was set back, reaches it again. */
const isRecent = (atMs: number, nowMs: number) => atMs <= nowMs && nowMs - atMs < MINUTE_MS;

function removeFirst<T>(list: T[], isIt: (one: T) => boolean): void {
  const at = list.findIndex(isIt);
  if (at >= 0) list.splice(at, 1);
}

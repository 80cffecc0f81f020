import type { Effect } from '../core/effects.ts';
import type { PodRef, SlotCounts } from '../core/model.ts';
import { formatReservation } from '../intake/reservation.ts';
import type { LeaderRecord, Leaders } from './leaders.ts';
import type { PodsApi } from './pods-api.ts';
import { ApiError } from './transport.ts';
import type { WriteOutcome, WriteQueue } from './write-queue.ts';

export interface ReservationWriterDeps {
  readonly api: Pick<PodsApi, 'writeReservation' | 'read'>;
  readonly queue: WriteQueue;
  readonly leaders: Pick<Leaders, 'get' | 'written'>;
  /** The pod that carries the gang's reservation; undefined: the gang is not admitted. */
  readonly leaderOf: (gang: string) => PodRef | undefined;
  readonly reservationOf: (gang: string) => { readonly leader: PodRef; readonly slots: SlotCounts } | undefined;
  readonly isLeading: () => boolean;
  readonly onWrite: (outcome: WriteOutcome | 'overtaken', gang: string) => void;
}

/** The effects that change the nodes of a gang's slots. */
const CHANGES: ReadonlySet<Effect['kind']> = new Set([
  'gang-admitted',
  'gang-adopted',
  'slot-moved',
  'slot-unplaced',
  'slots-expired',
]);

/**
 * Changes of a reservation that is written are collected for so long, in ms: the slots of a gang often move one after
 * the other. muster may be killed meanwhile: then the slots go where the older text has them, as far as they fit there.
 */
const COLLECT_MS = 100;

/**
 * Writes each gang's slots to its leader's annotation: the first time as soon as the leader is bound, and soon after
 * they change. Only the replica that decides writes, with compare-and-set, so that an older view never replaces a newer
 * one. Nothing is written before the leader is bound: the change would make kube-scheduler ask about the pod again, and
 * a gang without a bound leader has nothing to lose.
 */
export class ReservationWriter {
  readonly #deps: ReservationWriterDeps;
  readonly #dirty = new Set<string>();
  /** Gangs with a write that is queued or under way. */
  readonly #sent = new Set<string>();
  /** Gangs whose changes are being collected. */
  readonly #collected = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: ReservationWriterDeps) {
    this.#deps = deps;
  }

  /** The number of gangs whose reservation annotation is out of date. */
  get backlog(): number {
    let backlog = this.#dirty.size;
    for (const gang of this.#sent) if (!this.#dirty.has(gang)) backlog++;
    return backlog;
  }

  onEffects(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'gang-released') this.#dirty.delete(effect.gang);
      else if (CHANGES.has(effect.kind)) this.mark(effect.gang);
    }
  }

  /** The gang's slots have changed. O(1), since a gang of a thousand may change a thousand times. */
  mark(gang: string): void {
    this.#dirty.add(gang);
    this.flush(gang);
  }

  flushAll(): void {
    for (const gang of [...this.#dirty]) this.flush(gang);
  }

  /** Sees to it that the gang's slots are written if the annotation is out of date and the leader is bound. */
  flush(gang: string): void {
    const { leaders, leaderOf, isLeading } = this.#deps;
    if (!this.#dirty.has(gang) || this.#sent.has(gang) || !isLeading()) return;
    const ref = leaderOf(gang);
    const leader = ref && leaders.get(ref.uid);
    if (!ref) this.#dirty.delete(gang);
    else if (leader?.isBound && leader.reservation === undefined) this.#push(gang);
    else if (leader?.isBound) this.#collect(gang);
  }

  /** Queues at once what is being collected. */
  flushCollected(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const gang of this.#collected) if (this.#dirty.has(gang) && !this.#sent.has(gang)) this.#push(gang);
    this.#collected.clear();
  }

  #collect(gang: string): void {
    this.#collected.add(gang);
    this.#timer ??= setTimeout(() => this.flushCollected(), COLLECT_MS);
  }

  #push(gang: string): void {
    const { queue, onWrite } = this.#deps;
    let isWritten = false;
    const run = async () => {
      isWritten = await this.#write(gang);
    };
    this.#sent.add(gang);
    queue.push(`reservation ${gang}`, run, (outcome, error) => {
      this.#sent.delete(gang);
      if (outcome === 'failed' && error instanceof Overtaken) onWrite('overtaken', gang);
      else if (outcome !== 'done' || isWritten) onWrite(outcome, gang);
      // The slots may have changed during the write. After a failure the next second tries again.
      if (outcome === 'done') this.flush(gang);
    });
  }

  /** @returns whether there was anything to write */
  async #write(gang: string): Promise<boolean> {
    const { reservationOf, leaders, isLeading } = this.#deps;
    const reservation = reservationOf(gang);
    const leader = reservation && leaders.get(reservation.leader.uid);
    if (reservation && !(leader?.isBound && isLeading())) return false;
    this.#dirty.delete(gang);
    const text = reservation && formatReservation(reservation.slots);
    if (!leader || text === undefined || text === leader.reservation) return false;
    try {
      await this.#compareAndSet(leader, text);
      return true;
    } catch (error) {
      this.#dirty.add(gang);
      throw error;
    }
  }

  /** Retries if the version changed for another reason (kubelet's status); a changed reservation is a conflict. */
  async #compareAndSet({ ref, version, reservation }: LeaderRecord, text: string): Promise<void> {
    const { api, leaders } = this.#deps;
    let base = version;
    for (let tries = 0; ; tries++) {
      try {
        leaders.written(ref.uid, await api.writeReservation(ref, base, text));
        return;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 409 || tries === 5) throw error;
        const present = await api.read(ref);
        if (present.reservation === text) return;
        if (present.reservation !== reservation) throw new Overtaken(ref.name);
        base = present.version;
      }
    }
  }
}

/** Another replica wrote the annotation in the meantime; the watch will deliver it. */
class Overtaken extends ApiError {
  constructor(pod: string) {
    super(410, 'Overtaken', `the reservation on pod ${pod} was written by another replica meanwhile`);
  }
}

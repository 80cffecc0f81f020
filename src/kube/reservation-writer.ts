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
 * Writes each gang's slots to its leader's annotation as soon as the leader is bound, and whenever they change. Only
 * the replica that decides writes, with compare-and-set, so that an older view never replaces a newer one. Nothing is
 * written before the leader is bound: the change would make kube-scheduler ask about the pod again, and a gang without
 * a bound leader has nothing to lose.
 */
export class ReservationWriter {
  readonly #deps: ReservationWriterDeps;
  readonly #dirty = new Set<string>();

  constructor(deps: ReservationWriterDeps) {
    this.#deps = deps;
  }

  /** The number of gangs whose reservation annotation is out of date. */
  get backlog(): number {
    return this.#dirty.size;
  }

  onEffects(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'gang-released') this.#dirty.delete(effect.gang);
      else if (CHANGES.has(effect.kind)) this.mark(effect.gang);
    }
  }

  mark(gang: string): void {
    this.#dirty.add(gang);
    this.flush(gang);
  }

  flushAll(): void {
    for (const gang of [...this.#dirty]) this.flush(gang);
  }

  /** Writes the gang's slots if the annotation is out of date and the leader is bound. */
  flush(gang: string): void {
    const { queue, isLeading, onWrite } = this.#deps;
    if (!this.#dirty.has(gang) || !isLeading()) return;
    const due = this.#due(gang);
    if (due === 'clean') this.#dirty.delete(gang);
    if (typeof due === 'string') return;
    queue.push(
      `reservation ${gang}`,
      () => this.#write(gang),
      (outcome, error) => {
        if (outcome === 'failed' && error instanceof Overtaken) onWrite('overtaken', gang);
        else onWrite(outcome, gang);
      },
    );
  }

  /** The write that is due; `early`: the leader is not bound yet; `clean`: there is nothing to write. */
  #due(gang: string): { leader: LeaderRecord; text: string } | 'early' | 'clean' {
    const reservation = this.#deps.reservationOf(gang);
    if (!reservation) return 'clean';
    const leader = this.#deps.leaders.get(reservation.leader.uid);
    if (!leader?.isBound) return 'early';
    const text = formatReservation(reservation.slots);
    return text === leader.reservation ? 'clean' : { leader, text };
  }

  async #write(gang: string): Promise<void> {
    const due = this.#due(gang);
    if (due === 'clean') this.#dirty.delete(gang);
    if (typeof due === 'string' || !this.#deps.isLeading()) return;
    const { leader, text } = due;
    await this.#compareAndSet(leader, text);
    this.#dirty.delete(gang);
    // The slots may have changed during the write.
    const now = this.#deps.reservationOf(gang);
    if (now && formatReservation(now.slots) !== text) this.mark(gang);
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

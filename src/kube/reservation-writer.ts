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

/** What changes where a gang's slots are. */
const CHANGES: ReadonlySet<Effect['kind']> = new Set([
  'gang-admitted',
  'gang-adopted',
  'slot-moved',
  'slot-unplaced',
  'slots-expired',
]);

/**
 * Writes each gang's slots to its leader's annotation as soon as the leader is bound, and whenever they change. Only
 * the replica that decides writes, and only over what it has seen (compare-and-set): an older view never replaces a
 * newer one. Before the leader is bound nothing is written: the pod would be asked about again for it, and a gang whose
 * leader is not bound has nothing to lose.
 */
export class ReservationWriter {
  readonly #deps: ReservationWriterDeps;
  readonly #dirty = new Set<string>();

  constructor(deps: ReservationWriterDeps) {
    this.#deps = deps;
  }

  /** Gangs whose reservation is not written down as it stands. */
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

  /** Writes the gang's slots where they are to be written and can be. */
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

  /** What to write; `early`: the leader is not bound yet; `clean`: it is written, or there is nothing to write. */
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
    // What changed while it was being written is still to be written.
    const now = this.#deps.reservationOf(gang);
    if (now && formatReservation(now.slots) !== text) this.mark(gang);
  }

  /** A version that moved on for another reason (kubelet's status) is no conflict; another's reservation is. */
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

/** Another replica has written since: its annotation will be heard on the watch. */
class Overtaken extends ApiError {
  constructor(pod: string) {
    super(410, 'Overtaken', `the reservation on pod ${pod} was written by another replica meanwhile`);
  }
}

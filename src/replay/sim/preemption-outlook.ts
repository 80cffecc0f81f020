import type { ChangeLog } from '../../core/cluster/change-log.ts';
import type { PodKind } from '../kube-scheduler/pod-kind.ts';
import type { Truth } from './truth.ts';

/**
 * On which nodes evictions would make room for pods of one kind and priority: those where a pod of lower priority is and
 * the pods fit if all of these go. It looks only at the nodes that changed since the last time, so that a pod for which
 * no eviction helps is refused without a look at any node.
 */
export class PreemptionOutlook {
  /** The nodes that the pods do not pass for want of room alone (Unschedulable, and not ...AndUnresolvable). */
  readonly places: Int32Array;
  readonly #truth: Truth;
  readonly #kind: PodKind;
  readonly #priority: number;
  readonly #isPlace: Uint8Array;
  readonly #helps: Uint8Array;
  #hopeful = 0;
  /** Positions in the table's rowLog and in the nominationLog up to which this is right. */
  readonly #seen = { rows: -Infinity, nominations: -Infinity };

  constructor(truth: Truth, kind: PodKind, priority: number) {
    this.#truth = truth;
    this.#kind = kind;
    this.#priority = priority;
    this.places = truth.search.roomyPlaces(kind);
    this.#isPlace = new Uint8Array(truth.search.places);
    for (const place of this.places) this.#isPlace[place] = 1;
    this.#helps = new Uint8Array(truth.search.places);
  }

  /** Whether evictions help on no node but the pod's own nominated one, whose room does not count against it. */
  isHopeless(): boolean {
    return this.#hopeful === 0;
  }

  /** Whether evictions help there, for a pod that is not nominated there itself. */
  helpsAt(place: number): boolean {
    return this.#helps[place] === 1;
  }

  catchUp(): void {
    const { table, nominationLog } = this.#truth;
    const [rows, nominations] = [table.rowLog.position, nominationLog.position];
    if (this.#follow(table.rowLog, this.#seen.rows)) this.#follow(nominationLog, this.#seen.nominations);
    this.#seen.rows = rows;
    this.#seen.nominations = nominations;
  }

  /** @returns false: it had to look at all nodes */
  #follow(log: ChangeLog, seen: number): boolean {
    const { search } = this.#truth;
    if (!log.remembers(seen) || log.position - seen > this.places.length) {
      for (const place of this.places) this.#look(place);
      return false;
    }
    for (let at = seen; at < log.position; at++) {
      const place = search.placeOf(log.at(at));
      if (place !== undefined && this.#isPlace[place] === 1) this.#look(place);
    }
    return true;
  }

  #look(place: number): void {
    const helps = this.#wouldFit(this.#truth.search.rowAt(place)) ? 1 : 0;
    this.#hopeful += helps - this.#helps[place]!;
    this.#helps[place] = helps;
  }

  #wouldFit(row: number): boolean {
    const { table, nominations } = this.#truth;
    const lower = this.#truth.podsAt(row).filter(({ priority }) => priority < this.#priority);
    if (lower.length === 0) return false;
    const nominated = nominations.before({ uid: '', priority: this.#priority }, table.nameAt(row));
    return this.#kind.vector.every((amount, c) => {
      const room = table.free[c]![row]! - (nominated?.[c] ?? 0);
      return amount === 0 || amount <= lower.reduce((sum, { vector }) => sum + (vector[c] ?? 0), room);
    });
  }
}

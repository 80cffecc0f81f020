import type { PodKind } from '../kube-scheduler/pod-kind.ts';
import type { Truth } from './truth.ts';

/**
 * On which nodes evictions might make room for pods of one kind and priority: those where a pod of lower priority is and
 * the pods fit if all of these go, whatever is nominated to others. It looks only at the nodes that changed since the
 * last time, so that a pod for which no eviction helps is refused without a look at any node.
 */
export class PreemptionOutlook {
  /** The nodes that the pods do not pass for want of room alone (Unschedulable, and not ...AndUnresolvable). */
  readonly places: Int32Array;
  readonly #truth: Truth;
  readonly #kind: PodKind;
  readonly #priority: number;
  readonly #isPlace: Uint8Array;
  readonly #mayHelp: Uint8Array;
  #hopeful = 0;
  #position = -Infinity;

  constructor(truth: Truth, kind: PodKind, priority: number) {
    this.#truth = truth;
    this.#kind = kind;
    this.#priority = priority;
    this.places = truth.search.roomyPlaces(kind);
    this.#isPlace = new Uint8Array(truth.search.places);
    for (const place of this.places) this.#isPlace[place] = 1;
    this.#mayHelp = new Uint8Array(truth.search.places);
  }

  isHopeless(): boolean {
    return this.#hopeful === 0;
  }

  mayHelpAt(place: number): boolean {
    return this.#mayHelp[place] === 1;
  }

  catchUp(): void {
    const { table, search } = this.#truth;
    const { rowLog } = table;
    if (rowLog.remembers(this.#position) && rowLog.position - this.#position <= this.places.length) {
      for (let at = this.#position; at < rowLog.position; at++) {
        const place = search.placeOf(rowLog.at(at));
        if (place !== undefined) this.#look(place);
      }
    } else for (const place of this.places) this.#look(place);
    this.#position = rowLog.position;
  }

  #look(place: number): void {
    const mayHelp = this.#isPlace[place] === 1 && this.#wouldFit(this.#truth.search.rowAt(place)) ? 1 : 0;
    this.#hopeful += mayHelp - this.#mayHelp[place]!;
    this.#mayHelp[place] = mayHelp;
  }

  #wouldFit(row: number): boolean {
    const { table } = this.#truth;
    const lower = this.#truth.podsAt(row).filter(({ priority }) => priority < this.#priority);
    if (lower.length === 0) return false;
    return this.#kind.vector.every((amount, c) => {
      const freed = lower.reduce((sum, { vector }) => sum + (vector[c] ?? 0), table.free[c]![row]!);
      return amount === 0 || amount <= freed;
    });
  }
}

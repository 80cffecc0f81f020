/** Of so many start times the record is made, roughly: older ones count less and less. */
const MEMORY = 200;
/** Fewer say nothing. */
const ENOUGH = 40;
/** If more of them came late, muster is careful, until as few as LATE_AGAIN did. */
const LATE = 0.25;
const LATE_AGAIN = 0.15;

/** How the start times that were told turned out of late, and whether to be careful therefore. */
export class PromiseRecord {
  #count = 0;
  #late = 0;
  #isCareful = false;

  get isCareful(): boolean {
    return this.#isCareful;
  }

  add(isLate: boolean): void {
    const kept = 1 - 1 / MEMORY;
    this.#count = this.#count * kept + 1;
    this.#late = this.#late * kept + Number(isLate);
    if (this.#count < ENOUGH) return;
    const share = this.#late / this.#count;
    this.#isCareful = share > (this.#isCareful ? LATE_AGAIN : LATE);
  }
}

/** How often two accounts agreed. */
export class Tally {
  all = 0;
  agreed = 0;
  /** The first that disagreed. */
  readonly first: string[] = [];

  add(agrees: boolean, what: () => string): void {
    this.all++;
    if (agrees) this.agreed++;
    else if (this.first.length < 5) this.first.push(what());
  }

  get share(): number {
    return this.all === 0 ? 1 : this.agreed / this.all;
  }
}

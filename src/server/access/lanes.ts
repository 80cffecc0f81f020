import { MusterError } from '../../core/errors.ts';

/** Runs at most so many things at once; others wait for their turn. */
export class Lanes {
  #free: number;
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];

  /** @param most how many may wait */
  constructor(lanes: number, most: number) {
    this.#free = lanes;
    this.#most = most;
  }

  /** @throws MusterError MUSTER_BUSY where too many wait */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= this.#most)
      throw new MusterError('MUSTER_BUSY', `${this.#most} questions to the API server wait.`);
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

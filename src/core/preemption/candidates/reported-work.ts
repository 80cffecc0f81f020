import type { WorkFigures } from '../../model.ts';

/** Figures of an app expire after this time. */
const FIGURES_MS = 300_000;

/** Figures that apps report on the work of their members. */
export class ReportedWork {
  readonly #byGang = new Map<string, { readonly figures: ReadonlyMap<string, WorkFigures>; readonly atMs: number }>();

  /** Replaces the gang's figures. @param figures by pod UID */
  put(gang: string, figures: ReadonlyMap<string, WorkFigures>, nowMs: number): void {
    this.#byGang.set(gang, { figures, atMs: nowMs });
  }

  of(gang: string, uid: string, nowMs: number): WorkFigures | undefined {
    const known = this.#byGang.get(gang);
    return known && nowMs - known.atMs < FIGURES_MS ? known.figures.get(uid) : undefined;
  }

  /** Whether there are figures of the gang. */
  has(gang: string, nowMs: number): boolean {
    const known = this.#byGang.get(gang);
    return known !== undefined && nowMs - known.atMs < FIGURES_MS;
  }

  forget(gang: string): void {
    this.#byGang.delete(gang);
  }

  expire(nowMs: number): void {
    for (const [key, { atMs }] of this.#byGang) if (nowMs - atMs >= FIGURES_MS) this.#byGang.delete(key);
  }
}

import { meaningOf, type KeyMeaning } from './keys.ts';
import { KnownRuns } from './known-runs.ts';
import { quantile } from './quantile.ts';
import type { SavedHistory } from './saved-history.ts';

/** What is known of one key, for people. */
export interface KeyFigures extends KeyMeaning {
  /** How many runs ended; older ones count less. */
  readonly runs: number;
  /** Half of the runs took no longer, nine of ten, in ms; of an estimate: the share of it that they took. */
  readonly median: number;
  readonly p90: number;
  /** Mean of |ln(actual / foretold)|; absent: there was no forecast yet. */
  readonly error?: number;
}

const HOUR_MS = 3_600_000;

/** All keys of an export, the one that was learned of last first. */
export function keyFigures({ keys }: SavedHistory): readonly KeyFigures[] {
  return keys.flatMap(([key, record]) => {
    const meaning = meaningOf(key);
    if (!meaning) return [];
    const { times, error } = KnownRuns.of(record);
    const parts = [{ share: 1, survival: times.survival(), shift: 0 }];
    // Runs with an estimate are kept as if it had been an hour.
    const unit = meaning.what === 'estimate' ? HOUR_MS : 1;
    const [median, p90] = [0.5, 0.9].map((share) => quantile(parts, share, 0) / unit) as [number, number];
    return { ...meaning, runs: times.count, median, p90, ...(error === undefined ? {} : { error }) };
  });
}

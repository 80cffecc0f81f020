import { endlessRun, KnownRun, unknownRun } from './forecasts.ts';
import { Histogram } from './histogram.ts';
import { AS_WRITTEN, basisOf, levelsOf, type Level, type NameOf } from './keys.ts';
import { KnownKeys, MOST_KEYS } from './known-keys.ts';
import { ENOUGH_RUNS, KnownRuns } from './known-runs.ts';
import type { Part } from './quantile.ts';
import { readHistory, type SavedHistory } from './saved-history.ts';
import type { EndedRun, Forecast, RunIdentity, RunTimes } from './run-times.ts';

/** A level that knows few runs is mixed with a broader one, which weighs as much as so many runs. */
const BROADER_RUNS = 2;
/** Who is off by less than a factor of 1.5, as a mean of logarithms, foretells well. */
const GOOD_ERROR = Math.log(1.5);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What was learned so long ago counts half. */
const HALF_LIFE_MS = 30 * DAY_MS;
/** A run that goes on for so many times its estimate shows what that is worth, however it ends. */
const DISPROVED_TIMES = 4;
/** An app that was cut so often after a day, and never ended, never ends. */
const ENDLESS_TRIES = 3;

/** An estimate of an hour before any of its namespace is known: log-normal, sigma 0.4, of the weight of two runs. */
const ESTIMATE = new Histogram();
for (const z of [0.126, 0.385, 0.674, 1.036, 1.645])
  for (const sign of [-1, 1]) ESTIMATE.add(HOUR_MS * Math.exp(0.4 * sign * z), false, BROADER_RUNS / 10);

const NO_RUNS = new KnownRuns();

interface Found {
  readonly kind: Level['kind'];
  readonly runs: KnownRuns;
}

interface Asked {
  readonly levels: readonly Level[];
  readonly forecast: Forecast;
  /** Nothing has been learned since. */
  readonly changes: number;
}

/**
 * How long runs take, learned from those that have ended. The forecast is that of the most special level that knows three
 * runs and foretells no worse than a broader one, or of an app's first runs beside a broader level. Bounded: 20,000 keys
 * of some 900 bytes. Asking changes nothing.
 *
 * To keep it across restarts: `export` every few minutes, `import` on start. Times of the wall go into these two alone.
 */
export class RunHistory implements RunTimes {
  readonly #known = new KnownKeys();
  /** What was last foretold of a run: gangs are asked about again and again. */
  readonly #asked = new WeakMap<RunIdentity, Asked>();
  readonly #nameOf: NameOf;
  #changes = 0;
  /** The time of the wall for which the counts hold. */
  #agedMs: number | undefined;

  /** @param nameOf what stands for names in keys, so that an export need not tell them */
  constructor(nameOf = AS_WRITTEN) {
    this.#nameOf = nameOf;
  }

  /** O(1) for an object that was asked about before, as long as nothing has been learned since: keep it, and do not change it. */
  forecast(run: RunIdentity): Forecast {
    const asked = this.#asked.get(run);
    if (asked?.changes === this.#changes) return asked.forecast;
    const levels = asked?.levels ?? levelsOf(run, this.#nameOf);
    const forecast = this.#foretell(run, levels);
    this.#asked.set(run, { levels, forecast, changes: this.#changes });
    return forecast;
  }

  #foretell(run: RunIdentity, levels: readonly Level[]): Forecast {
    if (run.isEndless) return endlessRun('endless', run.capMs);
    if (this.#neverEnded(levels)) return endlessRun('never ended so far', run.capMs);
    const known = this.#worthwhile(levels);
    const best = known.find((_one, i) => mayTell(known, i));
    if (!best) return unknownRun(run.capMs);
    const { kind, runs } = best;
    return new KnownRun({
      runs: Math.round(runs.times.count),
      basis: basisOf(kind, run),
      error: runs.error,
      capMs: run.capMs,
      parts: () => mixed(best, broaderThan(known, known.indexOf(best)), run),
    });
  }

  /** A failed run is taken for one that was cut: else an app that often fails at once were taken for a short one. */
  learn(run: RunIdentity, { ranMs, how }: EndedRun): void {
    if (run.isEndless || !(ranMs >= 0 && ranMs < Infinity)) return;
    this.#changes++;
    for (const { kind, key } of levelsOf(run, this.#nameOf)) {
      const ms = kind === 'estimate' ? (ranMs / expectedOf(run)) * HOUR_MS : ranMs;
      this.#known.learn(key, ms, how !== 'succeeded');
    }
  }

  /** How many keys are known. */
  get size(): number {
    return this.#known.size;
  }

  /** Grows with everything learned: what was exported at the same number need not be exported again. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * All that is known, as a plain value for JSON, of some 100 bytes for each key. What has become 30 days older since the
   * last export or import counts half from now on, though a level that knows three runs goes on to know them.
   * @param wallMs the time of the wall
   * @param mostKeys if that is too much: only so many keys: first those that have come again, and of these the ones learned of last
   */
  export(wallMs: number, mostKeys = MOST_KEYS): SavedHistory {
    this.#age(wallMs);
    const keys: SavedHistory['keys'][number][] = [];
    for (const [key, runs] of this.#known.entries()) {
      if (keys.length >= mostKeys) break;
      keys.push([key, runs.record()]);
    }
    return { version: 1, savedMs: wallMs, keys };
  }

  /**
   * Takes over what was exported, in place of all that is known; what was exported 30 days ago counts half.
   * @param saved from outside: anything
   * @param wallMs the time of the wall now
   * @throws MusterError MUSTER_HISTORY_INVALID for a broken value or another version; then nothing has changed
   */
  import(saved: unknown, wallMs: number): void {
    const { savedMs, keys } = readHistory(saved);
    this.#known.clear();
    // The last one set is the last to be forgotten.
    for (const [key, record] of keys.slice(0, MOST_KEYS).toReversed()) this.#known.put(key, KnownRuns.of(record));
    this.#agedMs = savedMs;
    this.#age(wallMs);
    this.#changes++;
  }

  #age(wallMs: number): void {
    const factor = 0.5 ** (Math.max(0, wallMs - (this.#agedMs ?? wallMs)) / HALF_LIFE_MS);
    if (factor < 1)
      for (const [, { times }] of this.#known.entries())
        times.scale(Math.max(factor, Math.min(1, ENOUGH_RUNS / times.count)));
    this.#agedMs = wallMs;
  }

  /** The levels that may tell something: an estimate does by itself, and an app with its first run. */
  #worthwhile(levels: readonly Level[]): readonly Found[] {
    const known: Found[] = [];
    for (const { kind, key } of levels) {
      const runs = this.#known.get(key);
      if (kind === 'estimate') {
        if (!isDisproved(runs ?? NO_RUNS)) known.push({ kind, runs: runs ?? NO_RUNS });
      } else if (runs && (runs.isEnough || (kind === 'app' && runs.times.count > 0))) known.push({ kind, runs });
    }
    return known;
  }

  #neverEnded(levels: readonly Level[]): boolean {
    const app = levels.find(({ kind }) => kind === 'app');
    const times = app && this.#known.get(app.key)?.times;
    return times !== undefined && times.count === 0 && times.cutAfter(DAY_MS) >= ENDLESS_TRIES;
  }
}

/**
 * Whether the level foretells well, or no worse than a broader one: that of a queue may be better because the queue runs
 * another app most of the time. With fewer runs than are enough it tells nothing alone.
 */
function mayTell(known: readonly Found[], at: number): boolean {
  const { runs } = known[at]!;
  const broader = broaderThan(known, at);
  if (!broader) return runs.isEnough || known[at]!.kind === 'estimate';
  return (runs.error ?? 0) <= Math.max(GOOD_ERROR, broader.runs.error ?? Infinity);
}

/**
 * The next level that knows enough runs, and more: often an app has had one size so far, and a queue one app. Before an
 * app has enough of them, its owner's estimate is as good.
 */
function broaderThan(known: readonly Found[], at: number): Found | undefined {
  const { runs } = known[at]!;
  for (let i = at + 1; i < known.length; i++) {
    const other = known[i]!;
    if (other.kind === 'estimate' && !runs.isEnough) return other;
    if (other.runs.isEnough && other.runs.times.count > runs.times.count) return other;
  }
  return undefined;
}

/** More of these runs were cut, or failed, long after their estimates than ended by themselves. */
const isDisproved = ({ times }: KnownRuns): boolean =>
  times.cutAfter(DISPROVED_TIMES * HOUR_MS) >= Math.max(ENOUGH_RUNS, times.count);

const expectedOf = ({ expectedMs = HOUR_MS }: RunIdentity): number => expectedMs;

/** What two levels tell together: the fewer runs the first one knows, the more the broader one counts. */
function mixed(best: Found, broader: Found | undefined, run: RunIdentity): readonly Part[] {
  if (!broader || best.kind === 'estimate') return partsOf(best, 1, run);
  const { count } = best.runs.times;
  const share = count / (count + BROADER_RUNS);
  return [...partsOf(best, share, run), ...partsOf(broader, 1 - share, run)];
}

function partsOf({ kind, runs: { times } }: Found, share: number, run: RunIdentity): readonly Part[] {
  if (kind !== 'estimate') return [{ share, survival: times.survival(), shift: 0 }];
  const shift = Math.log(expectedOf(run) / HOUR_MS);
  const own = share * (times.count / (times.count + BROADER_RUNS));
  const estimate = { share: share - own, survival: ESTIMATE.survival(), shift };
  return own === 0 ? [estimate] : [{ share: own, survival: times.survival(), shift }, estimate];
}

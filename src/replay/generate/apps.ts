import { isoTime } from '../../core/iso-time.ts';
import type { Random } from '../random.ts';
import { drawCount, drawDeviation, drawShape, type Shape } from './shapes.ts';

/** An app that runs again and again, with the same size and about the same run time. */
export interface App extends Shape {
  readonly name: string;
  readonly namespace: string;
  /** How the name of a run is told from those of others. */
  readonly suffix: 'time' | 'epoch' | 'random';
}

/** How much the run times of an app differ, as the deviation of their logarithm: share of the apps. Assumed. */
const SIGMAS = [
  [0.1, 0.4],
  [0.3, 0.4],
  [0.8, 0.2],
] as const;
const SUFFIXES = [
  ['time', 0.4],
  ['epoch', 0.3],
  ['random', 0.3],
] as const;
/** Zipf's exponent: with 100 apps the most popular one has a twentieth of the runs. Assumed. */
const ZIPF = 0.5;
/** A run is drawn for so many places in a distribution, per app. */
const DRAWS_PER_APP = 20;
const POPULATIONS = 15;
const KINDS = ['load', 'join', 'rank', 'score', 'export', 'merge', 'train', 'report'] as const;

/**
 * A population of apps. Few of them make up many of the jobs, so that their sizes and run times are not drawn one by one:
 * each app has the place in the distributions that its share of the runs takes up, and all runs together keep them.
 */
export class Apps {
  readonly #apps: readonly App[];
  /** The share of the runs that belong to an app or to one before it. */
  readonly #upTo: Float64Array;

  /** @param pickNamespace draws the namespace of an app */
  constructor(random: Random, count: number, pickNamespace: () => string) {
    const weights = Array.from({ length: count }, (_, i) => 1 / (i + 1) ** ZIPF);
    const total = weights.reduce((sum, one) => sum + one, 0);
    const shares = weights.map((one) => one / total);
    this.#upTo = Float64Array.from(sums(shares));
    this.#apps = typicalShapes(random, shares).map((shape, i) => ({
      name: `${KINDS[i % KINDS.length]}-${letters(Math.floor(i / KINDS.length))}`,
      namespace: pickNamespace(),
      suffix: random.pick(SUFFIXES),
      ...shape,
    }));
  }

  /** The app of a run. */
  pick(random: Random): App {
    const at = random.uniform();
    let [low, high] = [0, this.#apps.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at < this.#upTo[middle]!) high = middle;
      else low = middle + 1;
    }
    return this.#apps[low]!;
  }
}

/** Where generated traces begin. */
const BEGIN_MS = Date.UTC(2026, 0, 1);

/** The name under which a run of the app is submitted: as schedules, workflows and operators make them. */
export function runName(random: Random, { name, suffix }: App, atS: number): string {
  const atMs = BEGIN_MS + Math.floor(atS * 1000);
  switch (suffix) {
    case 'time':
      return `${name}-${isoTime(atMs).slice(0, 16).replaceAll(/[-:]/g, '').toLowerCase()}`;
    case 'epoch':
      return `${name}-${atMs}`;
    case 'random':
      return `${name}-${random
        .below(2 ** 32)
        .toString(16)
        .padStart(8, '0')}`;
  }
}

/**
 * The shapes of apps with these shares of the runs. Whether a few of them are both large and long decides how much work a
 * day has: of several populations this is the one in the middle.
 */
function typicalShapes(random: Random, shares: readonly number[]): readonly Shape[] {
  const draws = (draw: (random: Random) => number) =>
    Float64Array.from({ length: DRAWS_PER_APP * shares.length }, () => draw(random)).sort();
  const [counts, deviations] = [draws(drawCount), draws(drawDeviation)];
  const populations = Array.from({ length: POPULATIONS }, () => {
    const [ofCounts, ofDeviations] = [placed(random, shares, counts), placed(random, shares, deviations)];
    const shapes = shares.map((_, i) =>
      drawShape(random, { count: ofCounts[i]!, deviation: ofDeviations[i]!, sigma: random.pick(SIGMAS) }),
    );
    return { shapes, work: shapes.reduce((sum, shape, i) => sum + shares[i]! * workOf(shape), 0) };
  });
  return populations.sort((a, b) => a.work - b.work)[POPULATIONS >> 1]!.shapes;
}

const workOf = ({ workers: { count, request }, medianS, sigma }: Shape): number =>
  count * (request.get('cpu') ?? 0) * medianS * Math.exp(sigma ** 2 / 2);

/** A value for each share: in a random order they stand next to each other in the sorted draws, and take the middle one. */
function placed(random: Random, shares: readonly number[], draws: Float64Array): readonly number[] {
  const order = shares.map((_, i) => [random.uniform(), i] as const).sort(([a], [b]) => a - b);
  const values: number[] = [];
  let from = 0;
  for (const [, i] of order) {
    values[i] = draws[Math.floor((from + shares[i]! / 2) * draws.length)]!;
    from += shares[i]!;
  }
  return values;
}

function sums(shares: readonly number[]): readonly number[] {
  let sum = 0;
  return shares.map((share) => (sum += share));
}

/** 0, 1, ... 25, 26, 27 as `a`, `b` ... `z`, `aa`, `ab`: digits in a name would be taken for those of a run. */
function letters(i: number): string {
  const rest = i < 26 ? '' : letters(Math.floor(i / 26) - 1);
  return rest + String.fromCharCode(97 + (i % 26));
}

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { randomExponential, randomGeometric, randomLogNormal } from 'd3-random';

/** A seeded random generator: the same seed gives the same draws. */
export interface Random {
  /** 0 <= x < 1 */
  uniform(): number;
  between(low: number, high: number): number;
  /** A whole number, 0 <= n < end. */
  below(end: number): number;
  /** A log-normal draw; `mu` and `sigma` are the mean and deviation of its logarithm. */
  logNormal(mu: number, sigma: number): number;
  exponential(rate: number): number;
  /** 1, 2, 3 ... with mean 1/p. */
  geometric(p: number): number;
  /** One of the values, by weight. */
  pick<T>(choices: readonly (readonly [value: T, weight: number])[]): T;
}

/** @param keys the purpose of the draws: streams with different keys are independent */
export function seeded(...keys: readonly (number | string)[]): Random {
  const generator = xoroshiro128plus(hash(keys.join('/')));
  const uniform = () => uniformFloat64(generator);
  return {
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    below: (end) => Math.floor(uniform() * end),
    logNormal: (mu, sigma) => randomLogNormal.source(uniform)(mu, sigma)(),
    exponential: (rate) => randomExponential.source(uniform)(rate)(),
    geometric: (p) => randomGeometric.source(uniform)(p)(),
    pick: (choices) => pick(choices, uniform()),
  };
}

function pick<T>(choices: readonly (readonly [value: T, weight: number])[], at: number): T {
  const total = choices.reduce((sum, [, weight]) => sum + weight, 0);
  let left = at * total;
  for (const [value, weight] of choices) {
    left -= weight;
    if (left < 0) return value;
  }
  return choices.at(-1)![0];
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value | 0;
}

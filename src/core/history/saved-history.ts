import { MusterError } from '../errors.ts';
import { BINS } from './histogram.ts';
import type { KnownRunsRecord } from './known-runs.ts';

/** What RunHistory knows, as it is written down. The key that was learned of last stands first. */
export interface SavedHistory {
  readonly version: 1;
  /** The time of the wall, in ms. */
  readonly savedMs: number;
  readonly keys: readonly (readonly [key: string, runs: KnownRunsRecord])[];
}

const MAX_KEY = 310;
/** More than any histogram counts. */
const MAX_COUNT = 1e6;

/**
 * Reads what RunHistory.export wrote.
 * @throws MusterError MUSTER_HISTORY_INVALID
 */
export function readHistory(value: unknown): SavedHistory {
  const { version, savedMs, keys } = objectOf(value, 'the history');
  if (version !== 1) throw bad(`version ${String(version).slice(0, 20)}: this muster knows version 1 alone`);
  return {
    version,
    savedMs: amountOf(savedMs, 'savedMs'),
    keys: listOf(keys, 'keys').map((pair, i) => keyOf(pair, `keys[${i}]`)),
  };
}

function keyOf(pair: unknown, where: string): readonly [string, KnownRunsRecord] {
  const [key, record] = listOf(pair, where);
  if (typeof key !== 'string' || key.length > MAX_KEY) throw bad(`${where}[0]: expected a key`);
  const { ended, cut, leastMs, mostMs, error } = objectOf(record, `${where}[1]`);
  return [
    key,
    {
      ended: countsOf(ended, `${where}[1].ended`),
      ...(cut === undefined ? {} : { cut: countsOf(cut, `${where}[1].cut`) }),
      ...(leastMs === undefined ? {} : { leastMs: amountOf(leastMs, `${where}[1].leastMs`) }),
      mostMs: amountOf(mostMs, `${where}[1].mostMs`),
      ...(error === undefined ? {} : { error: amountOf(error, `${where}[1].error`) }),
    },
  ];
}

function countsOf(value: unknown, where: string): [number, number][] {
  const counts = listOf(value, where);
  if (counts.length > BINS) throw bad(`${where}: expected at most ${BINS} bins`);
  return counts.map((pair, i) => {
    const [bin, count] = listOf(pair, `${where}[${i}]`);
    if (!Number.isInteger(bin) || Number(bin) < 0 || Number(bin) >= BINS) throw bad(`${where}[${i}]: expected a bin`);
    const amount = amountOf(count, `${where}[${i}]`);
    if (amount > MAX_COUNT) throw bad(`${where}[${i}]: expected a count`);
    return [Number(bin), amount];
  });
}

function objectOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${where}: expected an object`);
  return value as Readonly<Record<string, unknown>>;
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(`${where}: expected a list`);
  return value;
}

function amountOf(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw bad(`${where}: expected a number`);
  return value;
}

const bad = (what: string) => new MusterError('MUSTER_HISTORY_INVALID', `${what}.`);

import { MusterError } from '../../core/errors.ts';
import { shown } from '../wording.ts';

const KIB = 1024;
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  k: KIB,
  kb: KIB,
  m: KIB ** 2,
  mb: KIB ** 2,
  g: KIB ** 3,
  gb: KIB ** 3,
  t: KIB ** 4,
  tb: KIB ** 4,
  p: KIB ** 5,
  pb: KIB ** 5,
};

export type SparkConf = ReadonlyMap<string, string>;

/** @param expected what a valid value is, such as `a size such as 4g` */
export function invalidConf(key: string, value: string, expected: string): MusterError {
  return new MusterError('MUSTER_OBJECT_INVALID', `${key}: expected ${expected}, got ${shown(value)}.`);
}

/**
 * A size in MiB as Spark reads it: whole numbers with an optional unit (b, k, m, g, t, p), rounded down.
 * @param bare the unit of a number without one: MiB for most keys, bytes for spark.memory.offHeap.size
 * @returns undefined if the key is not set
 * @throws MusterError MUSTER_OBJECT_INVALID
 * @see JavaUtils.byteStringAs and ConfigBuilder.bytesConf, Spark 3.1 to 4.1
 */
export function mebibytes(conf: SparkConf, key: string, bare: 'm' | 'b' = 'm'): number | undefined {
  const text = conf.get(key);
  if (text === undefined) return undefined;
  const [, digits, unit] = /^([0-9]{1,15})([a-z]{1,2})?$/.exec(text.trim().toLowerCase()) ?? [];
  const factor = UNITS[unit ?? bare];
  if (digits === undefined || factor === undefined) throw invalidConf(key, text, 'a size such as 4g or 512m');
  const size = Math.floor(Number(digits) * (factor / KIB ** 2));
  if (!Number.isSafeInteger(size * KIB ** 2)) throw invalidConf(key, text, 'a size below 8 PiB');
  return size;
}

/** @throws MusterError MUSTER_OBJECT_INVALID */
export function integer(conf: SparkConf, key: string): number | undefined {
  const text = conf.get(key)?.trim();
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,10}$/.test(text)) throw invalidConf(key, text, 'a non-negative integer');
  return Number(text);
}

/** @throws MusterError MUSTER_OBJECT_INVALID */
export function fraction(conf: SparkConf, key: string): number | undefined {
  const text = conf.get(key)?.trim();
  if (text === undefined) return undefined;
  const value = /^[0-9]*\.?[0-9]+([eE][-+]?[0-9]{1,2})?$/.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw invalidConf(key, text, 'a number such as 0.1');
  return value;
}

/** @throws MusterError MUSTER_OBJECT_INVALID */
export function flag(conf: SparkConf, key: string): boolean {
  const text = (conf.get(key) ?? 'false').trim().toLowerCase();
  if (text !== 'true' && text !== 'false') throw invalidConf(key, text, 'true or false');
  return text === 'true';
}

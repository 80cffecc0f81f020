import { MusterError } from '../core/errors.ts';
import { shown } from './wording.ts';

const NANO = 1_000_000_000n;
const FORM = /^([+-]?)(\d{0,64})(?:\.(\d{0,64}))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/**
 * A Kubernetes quantity in billionths of its unit. It is exact; a finer value is rounded up to a billionth, as in
 * apimachinery (pkg/api/resource/quantity.go, v0.36).
 *
 * @param value from JSON or YAML: text such as `500m`, `1.5Gi`, `2e3`, or a number
 * @param where the field's path, for the error
 * @throws MusterError MUSTER_QUANTITY_INVALID for anything else, and for a negative quantity
 */
export function parseQuantity(value: unknown, where: string): bigint {
  const text = typeof value === 'number' ? String(value) : value;
  const match = typeof text === 'string' && text.length <= 140 ? FORM.exec(text) : null;
  if (!match) throw invalid(where, 'expected a quantity', value);
  const [, sign, whole = '', fraction = '', suffix = '', exponent] = match;
  if (whole === '' && fraction === '') throw invalid(where, 'expected a quantity', value);
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return 0n;
  if (sign === '-') throw invalid(where, 'must not be negative', value);
  const binary = BINARY[suffix];
  const power = exponent === undefined ? (DECIMAL[suffix] ?? 0) : Number(exponent);
  const nano = (binary === undefined ? digits : digits << binary) * NANO;
  return scaled(nano, power - fraction.length);
}

/** `value * 10^power`, rounded up. */
function scaled(value: bigint, power: number): bigint {
  return power >= 0 ? value * 10n ** BigInt(power) : ceilDiv(value, 10n ** BigInt(-power));
}

function ceilDiv(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/**
 * Billionths as a whole number of units, rounded up: millicores for cpu, else the resource's own unit.
 * @throws MusterError MUSTER_QUANTITY_INVALID above 2^53 - 1
 */
export function wholeUnits(nano: bigint, resource: string, where: string): number {
  const units = unitsOf(nano, resource);
  if (units > BigInt(Number.MAX_SAFE_INTEGER))
    throw invalid(`${where}.${resource.slice(0, 80)}`, 'must be at most 2^53 - 1', units.toString());
  return Number(units);
}

/** As `wholeUnits`, but larger amounts become 2^53 - 1. */
export function cappedUnits(nano: bigint, resource: string): number {
  return Number(minOf(unitsOf(nano, resource), BigInt(Number.MAX_SAFE_INTEGER)));
}

const unitsOf = (nano: bigint, resource: string) => ceilDiv(nano, resource === 'cpu' ? NANO / 1000n : NANO);

const minOf = (a: bigint, b: bigint) => (a < b ? a : b);

function invalid(where: string, rule: string, value: unknown): MusterError {
  return new MusterError('MUSTER_QUANTITY_INVALID', `${where}: ${rule}, got ${shown(value)}.`);
}

import { stringify } from 'yaml';
import { DEFAULT_POLICY, type Policy } from '../core/policy/policy.ts';
import type { Rules } from '../core/policy/rules.ts';

/** What a policy file says, as plain values. */
type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain };

/**
 * The rules as the YAML of a policy file, without the fields that have their default value. `parseRules` reads
 * the same from it.
 */
export function policyText({ policies }: Rules): string {
  return stringify({ policies: policies.map((policy) => ({ name: policy.name, ...fieldsOf(policy) })) });
}

function fieldsOf(policy: Policy): Record<string, Plain> {
  const [own, usual] = [plain(policy), plain(DEFAULT_POLICY)] as [Record<string, Plain>, Record<string, Plain>];
  return difference(own, usual);
}

/** The fields of `own` that differ from `usual`; lists and maps of free keys count as a whole. */
function difference(own: Record<string, Plain>, usual: Record<string, Plain>): Record<string, Plain> {
  const out: Record<string, Plain> = {};
  for (const [key, value] of Object.entries(own)) {
    const before = usual[key];
    if (JSON.stringify(value) === JSON.stringify(before)) continue;
    out[key] = isMap(value) && isMap(before) && key !== 'spotLabels' ? difference(value, before) : value;
  }
  return out;
}

const isMap = (value: Plain | undefined): value is Record<string, Plain> =>
  typeof value === 'object' && !Array.isArray(value);

/** A duration in the file lacks the `Ms` of its name in the core, and 'never' and 'leader' are infinite there. */
function plain(value: unknown, key = ''): Plain {
  if (typeof value === 'number')
    return key.endsWith('Ms') ? durationText(value) : value === Infinity ? 'leader' : value;
  if (value instanceof Map) return plain(Object.fromEntries(value as ReadonlyMap<string, unknown>));
  if (Array.isArray(value)) return value.map((one) => plain(one));
  if (typeof value !== 'object' || value === null) return value as Plain;
  const fields = Object.entries(value).map(([name, one]) => [name.replace(/Ms$/, ''), plain(one, name)] as const);
  return Object.fromEntries(fields);
}

const MS = ['ms', 1] as const;
const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], MS] as const;

/** 5400000 -> `90m`, in the largest unit that needs no fraction; 0 -> 0; Infinity -> `never`. */
function durationText(ms: number): string | number {
  if (ms === 0) return 0;
  if (ms === Infinity) return 'never';
  const [name, size] = UNITS.find(([, one]) => ms % one === 0) ?? MS;
  return `${ms / size}${name}`;
}

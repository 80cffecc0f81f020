import { stringify } from 'yaml';
import { DEFAULT_POLICY, type Policy } from '../core/policy/policy.ts';
import type { Rules } from '../core/policy/rules.ts';
import { durationText, type Plain } from './plain-text.ts';
import { tenancyFieldsOf } from './tenancy-text.ts';

/**
 * The rules as the YAML of a policy file, without the fields that have their default value. `parseRules` reads
 * the same from it.
 */
export function policyText({ policies, tenancy }: Rules): string {
  const said = policies.map((policy) => ({ name: policy.name, ...fieldsOf(policy) }));
  return stringify({ policies: said, ...tenancyFieldsOf(tenancy) }, { aliasDuplicateObjects: false });
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

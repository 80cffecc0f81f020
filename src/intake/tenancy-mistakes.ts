import type { Tenancy } from '../core/policy/tenancy.ts';
import { duplicates, type Finding } from './finding.ts';
import { queueFindings } from './queue-mistakes.ts';
import { ruleFindings } from './rule-mistakes.ts';

/** Where what the file says of queues, rules, fairness and addresses does not go together. */
export function tenancyFindings(tenancy: Tenancy): readonly Finding[] {
  return [...queueFindings(tenancy), ...ruleFindings(tenancy), ...fairnessFindings(tenancy), ...poolFindings(tenancy)];
}

/** With a half-life of 0 past use would be forgotten at once; without end it would never be. */
function fairnessFindings({ fairness: { memory, halfLifeMs } }: Tenancy): Finding[] {
  if (memory === 0 || (halfLifeMs > 0 && halfLifeMs < Infinity)) return [];
  const input = halfLifeMs === 0 ? 0 : 'never';
  const message = `must be a finite duration above 0 while fairness.memory is ${memory}`;
  return [{ kind: 'mistake', path: ['fairness', 'halfLife'], message, input }];
}

function poolFindings({ addresses }: Tenancy): Finding[] {
  const keys = addresses.map(({ key }) => key);
  const endless = addresses.flatMap(({ key, size, sizes }, i): Finding[] => {
    if (size < Infinity || sizes.size > 0) return [];
    return [{ kind: 'mistake', path: ['addresses', i], message: 'needs size, or sizes by value', input: key }];
  });
  return [...duplicates(keys, ['addresses'], ['key', 'the pools']), ...endless];
}

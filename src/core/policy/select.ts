import type { PodInfo } from '../model.ts';
import { DEFAULT_POLICY, type Policy } from './policy.ts';

/** The first policy that matches the pod's namespace and labels; the default policy if none does. */
export function policyFor(policies: readonly Policy[], pod: Pick<PodInfo, 'namespace' | 'labels'>): Policy {
  return policies.find((policy) => matches(policy, pod)) ?? DEFAULT_POLICY;
}

function matches({ match }: Policy, { namespace, labels }: Pick<PodInfo, 'namespace' | 'labels'>): boolean {
  if (match.namespaces.length > 0 && !match.namespaces.includes(namespace)) return false;
  for (const [key, value] of match.labels) if (labels.get(key) !== value) return false;
  return true;
}

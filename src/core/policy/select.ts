import { classOf, type PodInfo } from '../model.ts';
import { DEFAULT_POLICY, type Policy } from './policy.ts';

type Matched = Pick<PodInfo, 'namespace' | 'labels' | 'class'>;

/** The first policy that matches the pod's namespace, labels and class; the default policy if none does. */
export function policyFor(policies: readonly Policy[], pod: Matched): Policy {
  return policies.find((policy) => matches(policy, pod)) ?? DEFAULT_POLICY;
}

function matches({ match }: Policy, pod: Matched): boolean {
  const { namespace, labels } = pod;
  if (match.namespaces.length > 0 && !match.namespaces.includes(namespace)) return false;
  if (match.classes.length > 0 && !match.classes.includes(classOf(pod))) return false;
  for (const [key, value] of match.labels) if (labels.get(key) !== value) return false;
  return true;
}

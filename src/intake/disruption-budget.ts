import type { DisruptionBudget, LabelRequirement, PriorityClass } from '../core/model.ts';
import { integerAt, nameAt, objectAt, objectsAt, textAt, textMapAt, textsAt, type Json } from './field.ts';

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
/** Selects no pod, as an absent selector does in policy/v1. */
const NO_POD: LabelRequirement = { key: '', operator: 'In', values: [] };

/**
 * A policy/v1 PodDisruptionBudget.
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function toDisruptionBudget(object: Json): DisruptionBudget {
  const kind = 'PodDisruptionBudget';
  const metadata = objectAt(object, 'metadata', kind) ?? {};
  const name = nameAt(metadata, 'name', `${kind}.metadata`);
  const namespace = nameAt(metadata, 'namespace', `${kind}.metadata`);
  const spec = objectAt(object, 'spec', kind) ?? {};
  const status = objectAt(object, 'status', kind) ?? {};
  const allowed = Math.max(0, integerAt(status, 'disruptionsAllowed', `${kind}.status`) ?? 0);
  return { key: `${namespace}/${name}`, namespace, selector: selectorAt(spec, `${kind}.spec`), allowed };
}

function selectorAt(spec: Json, where: string): readonly LabelRequirement[] {
  const selector = objectAt(spec, 'selector', where);
  if (!selector) return [NO_POD];
  const at = `${where}.selector`;
  const labels = [...textMapAt(selector, 'matchLabels', at)].map(([key, value]): LabelRequirement => ({
    key,
    operator: 'In',
    values: [value],
  }));
  const expressions = objectsAt(selector, 'matchExpressions', at).map((one, i): LabelRequirement => {
    const path = `${at}.matchExpressions[${i}]`;
    const operator = OPERATORS.find((known) => known === textAt(one, 'operator', path));
    return operator ? { key: nameAt(one, 'key', path), operator, values: textsAt(one, 'values', path) } : NO_POD;
  });
  return [...labels, ...expressions];
}

/**
 * A scheduling.k8s.io/v1 PriorityClass.
 * @throws MusterError MUSTER_OBJECT_INVALID
 */
export function toPriorityClass(object: Json): PriorityClass {
  const metadata = objectAt(object, 'metadata', 'PriorityClass') ?? {};
  return {
    name: nameAt(metadata, 'name', 'PriorityClass.metadata'),
    value: integerAt(object, 'value', 'PriorityClass') ?? 0,
  };
}

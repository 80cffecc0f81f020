import type { Constraints, Requirement, Taint, Toleration } from '../core/model.ts';
import { MusterError } from '../core/errors.ts';
import { nameAt, objectAt, objectsAt, own, textAt, textMapAt, textsAt, type Json } from './field.ts';
import { shown } from './wording.ts';
import { Interned, sharedKey } from './interning.ts';

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'] as const;
const TOLERATION_OPERATORS = ['Exists', 'Equal', 'Lt', 'Gt'] as const;

const known = new Interned<Constraints>();

/** Node selector, required node affinity and tolerations of a pod's spec. */
export function constraintsOf(spec: Json, where: string): Constraints {
  const said = [own(spec, 'nodeSelector'), own(spec, 'tolerations'), own(spec, 'affinity')];
  return known.of(sharedKey(said) ?? JSON.stringify(said), () => readConstraints(spec, where));
}

function readConstraints(spec: Json, where: string): Constraints {
  const nodeSelector = textMapAt(spec, 'nodeSelector', where);
  const tolerations = tolerationsAt(spec, where);
  const affinity = requiredTerms(spec, where);
  return affinity ? { nodeSelector, tolerations, affinity } : { nodeSelector, tolerations };
}

export function tolerationsAt(parent: Json, where: string): readonly Toleration[] {
  return objectsAt(parent, 'tolerations', where).map((one, i) => {
    const at = `${where}.tolerations[${i}]`;
    return {
      key: textAt(one, 'key', at) ?? '',
      operator: oneOf(TOLERATION_OPERATORS, textAt(one, 'operator', at) || 'Equal', `${at}.operator`),
      value: textAt(one, 'value', at) ?? '',
      effect: textAt(one, 'effect', at) ?? '',
    };
  });
}

export function taintsAt(spec: Json, where: string): readonly Taint[] {
  return objectsAt(spec, 'taints', where).map((one, i) => {
    const at = `${where}.taints[${i}]`;
    return {
      key: nameAt(one, 'key', at),
      value: textAt(one, 'value', at) ?? '',
      effect: textAt(one, 'effect', at) ?? '',
    };
  });
}

function requiredTerms(spec: Json, where: string): readonly (readonly Requirement[])[] | undefined {
  const affinity = objectAt(spec, 'affinity', where);
  const node = affinity && objectAt(affinity, 'nodeAffinity', `${where}.affinity`);
  const path = `${where}.affinity.nodeAffinity`;
  const key = 'requiredDuringSchedulingIgnoredDuringExecution';
  const required = node && objectAt(node, key, path);
  if (!required) return undefined;
  return objectsAt(required, 'nodeSelectorTerms', `${path}.${key}`).map((term, i) => {
    const at = `${path}.${key}.nodeSelectorTerms[${i}]`;
    return [...requirements(term, 'matchExpressions', 'label', at), ...requirements(term, 'matchFields', 'name', at)];
  });
}

function requirements(term: Json, list: string, on: Requirement['on'], where: string): Requirement[] {
  return objectsAt(term, list, where).map((one, i) => {
    const at = `${where}.${list}[${i}]`;
    const key = nameAt(one, 'key', at);
    return {
      on,
      key,
      operator: oneOf(OPERATORS, nameAt(one, 'operator', at), `${at}.operator`),
      values: textsAt(one, 'values', at),
    };
  });
}

function oneOf<const T extends string>(allowed: readonly T[], value: string, where: string): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  const expected = `expected one of ${allowed.join(', ')}`;
  throw new MusterError('MUSTER_OBJECT_INVALID', `${where}: ${expected}, got ${shown(value)}.`);
}

import type { ClusterEvent, DisruptionBudget, PriorityClass } from '../core/model.ts';
import { toDisruptionBudget, toPriorityClass } from '../intake/disruption-budget.ts';
import { nameAt, objectAt, type Json } from '../intake/field.ts';
import type { Mirror } from './reflector.ts';

type Observe = (event: ClusterEvent) => void;

/** Disruption budgets. The API server enforces them on evictions even if muster may not read them. */
export function disruptionBudgetSource(observe: Observe): Mirror<DisruptionBudget> {
  return {
    kind: 'poddisruptionbudgets',
    path: '/apis/policy/v1/poddisruptionbudgets',
    isOptional: true,
    keyOf: (object) => `${nameOf(object, 'namespace')}/${nameOf(object, 'name')}`,
    project: toDisruptionBudget,
    onPut: (_key, budget) => observe({ kind: 'budget', budget }),
    onGone: (key) => observe({ kind: 'budget-gone', key }),
  };
}

/** PriorityClasses. A class that is created again with another value applies to the pods that name it. */
export function priorityClassSource(observe: Observe): Mirror<PriorityClass> {
  return {
    kind: 'priorityclasses',
    path: '/apis/scheduling.k8s.io/v1/priorityclasses',
    isOptional: true,
    keyOf: (object) => nameOf(object, 'name'),
    project: toPriorityClass,
    onPut: (_key, priorityClass) => observe({ kind: 'priority-class', priorityClass }),
    onGone: (name) => observe({ kind: 'priority-class-gone', name }),
  };
}

const nameOf = (object: Json, key: 'name' | 'namespace') =>
  nameAt(objectAt(object, 'metadata', 'object') ?? {}, key, 'object.metadata');

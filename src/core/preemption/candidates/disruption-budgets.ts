import type { DisruptionBudget, LabelRequirement, PodInfo } from '../../model.ts';

/** The PodDisruptionBudgets of the cluster. */
export class DisruptionBudgets {
  /** By namespace, then by key. */
  readonly #budgets = new Map<string, Map<string, DisruptionBudget>>();

  put(budget: DisruptionBudget): void {
    const known = this.#budgets.get(budget.namespace);
    if (known) known.set(budget.key, budget);
    else this.#budgets.set(budget.namespace, new Map([[budget.key, budget]]));
  }

  remove(key: string): void {
    this.#budgets.get(key.slice(0, key.indexOf('/')))?.delete(key);
  }

  /** Whether there are none, as always with files and in replays. */
  get isEmpty(): boolean {
    for (const { size } of this.#budgets.values()) if (size > 0) return false;
    return true;
  }

  /** The budgets that count the pod's eviction. */
  of({ namespace, labels }: PodInfo): readonly DisruptionBudget[] {
    const known = this.#budgets.get(namespace);
    if (!known || known.size === 0) return [];
    return [...known.values()].filter(({ selector }) => selector.every((one) => meets(one, labels)));
  }
}

/** As in label selectors of apimachinery: NotIn and DoesNotExist hold if the label is missing. */
function meets({ key, operator, values }: LabelRequirement, labels: ReadonlyMap<string, string>): boolean {
  const value = labels.get(key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return false;
  }
}

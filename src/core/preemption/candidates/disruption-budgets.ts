import type { DisruptionBudget, LabelRequirement, PodInfo } from '../../model.ts';

/** Label keys and selectors that are tried for one pod: whoever may create budgets may create any number of them. */
const MOST_TRIED = 100;

/** The PodDisruptionBudgets of the cluster. */
export class DisruptionBudgets {
  readonly #namespaces = new Map<string, NamespaceBudgets>();

  put(budget: DisruptionBudget): void {
    const known = this.#namespaces.get(budget.namespace) ?? new NamespaceBudgets();
    this.#namespaces.set(budget.namespace, known);
    known.put(budget);
  }

  remove(key: string): void {
    const namespace = key.slice(0, key.indexOf('/'));
    const known = this.#namespaces.get(namespace);
    known?.remove(key);
    if (known?.size === 0) this.#namespaces.delete(namespace);
  }

  /** Whether there are none, as always with files and in replays. */
  get isEmpty(): boolean {
    return this.#namespaces.size === 0;
  }

  /**
   * The budgets that count the pod's eviction. It tries about 100 of those that share a label with the pod or name none;
   * the API server enforces all.
   */
  of({ namespace, labels }: PodInfo): readonly DisruptionBudget[] {
    return this.#namespaces.get(namespace)?.of(labels) ?? NONE;
  }
}

const NONE: readonly DisruptionBudget[] = [];

/** The budgets of one namespace, by a label that their pods must have: key, then value; key '' for no such label. */
class NamespaceBudgets {
  readonly #byLabel = new Map<string, Map<string, Map<string, DisruptionBudget>>>();
  readonly #places = new Map<string, Label>();

  get size(): number {
    return this.#places.size;
  }

  put(budget: DisruptionBudget): void {
    this.remove(budget.key);
    const { key, value } = labelOf(budget);
    this.#places.set(budget.key, { key, value });
    const values = this.#byLabel.get(key) ?? new Map<string, Map<string, DisruptionBudget>>();
    this.#byLabel.set(key, values);
    const known = values.get(value);
    if (known) known.set(budget.key, budget);
    else values.set(value, new Map([[budget.key, budget]]));
  }

  remove(budget: string): void {
    const place = this.#places.get(budget);
    const values = place && this.#byLabel.get(place.key);
    if (!values) return;
    this.#places.delete(budget);
    const known = values.get(place.value);
    known?.delete(budget);
    if (known?.size === 0) values.delete(place.value);
    if (values.size === 0) this.#byLabel.delete(place.key);
  }

  of(labels: ReadonlyMap<string, string>): readonly DisruptionBudget[] {
    let found: DisruptionBudget[] | undefined;
    let tried = 0;
    for (const [key, values] of this.#byLabel) {
      if (++tried > MOST_TRIED) break;
      const value = key === '' ? '' : labels.get(key);
      for (const budget of (value === undefined ? undefined : values.get(value)?.values()) ?? NONE) {
        if (budget.selector.every((one) => meets(one, labels))) (found ??= []).push(budget);
        if (++tried > MOST_TRIED) return found ?? NONE;
      }
    }
    return found ?? NONE;
  }
}

interface Label {
  readonly key: string;
  readonly value: string;
}

/** A label that every pod of the budget has; '' if its selector names none. */
function labelOf({ selector }: DisruptionBudget): Label {
  const one = selector.find(({ operator, values }) => operator === 'In' && values.length === 1);
  return one ? { key: one.key, value: one.values[0]! } : { key: '', value: '' };
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

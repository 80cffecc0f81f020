/**
 * Amounts by resource name: cpu in millicores, memory and ephemeral-storage in bytes, `pods` in pods,
 * anything else (nvidia.com/gpu, hugepages-2Mi) in its own unit. Non-negative integers up to 2^53 - 1.
 */
export type Resources = ReadonlyMap<string, number>;

/** One amount per column of the node table; a shorter vector has 0 in the columns it lacks. */
export type Vector = Float64Array;

/** No Kubernetes resource can have this name. */
const UNKNOWN = '(unknown)';

/** Gives every resource name that nodes or pods mention a column number. Columns are only ever added. */
export class ResourceColumns {
  readonly #columnOf = new Map<string, number>();
  readonly #names: string[] = [];
  /** Most pods share their amounts with many others, and a typed array takes more memory than all else of a pod. */
  readonly #vectors = new WeakMap<Resources, Vector>();
  /** The column of pod slots. */
  readonly pods: number;
  readonly #unknown: number;
  /** Called after a column was added: tables that are as wide as the columns grow with them. */
  onAdded: () => void = () => undefined;

  constructor(names: readonly string[] = ['cpu', 'memory', 'pods']) {
    for (const name of names) this.add(name);
    this.pods = this.add('pods');
    this.#unknown = this.add(UNKNOWN);
  }

  get names(): readonly string[] {
    return this.#names;
  }

  get size(): number {
    return this.#names.length;
  }

  indexOf(name: string): number | undefined {
    return this.#columnOf.get(name);
  }

  add(name: string): number {
    const known = this.#columnOf.get(name);
    if (known !== undefined) return known;
    const column = this.#names.push(name) - 1;
    this.#columnOf.set(name, column);
    this.onAdded();
    return column;
  }

  /**
   * As `vector`, for what a pod asks that is not bound yet: names that no node and no bound pod has share one column
   * of which no node has any, so that inventing names does not grow the table.
   */
  requestVector(amounts: Resources): Vector {
    const out = new Float64Array(this.size);
    for (const [name, amount] of amounts) out[this.#columnOf.get(name) ?? this.#unknown]! += amount;
    return out;
  }

  /** A vector for these amounts, the same for the same object; names not met before get a column. */
  vector(amounts: Resources): Vector {
    const known = this.#vectors.get(amounts);
    if (known) return known;
    const columns = Array.from(amounts.keys(), (name) => this.add(name));
    const out = new Float64Array(this.size);
    let next = 0;
    for (const amount of amounts.values()) out[columns[next++]!] = amount;
    this.#vectors.set(amounts, out);
    return out;
  }

  /** The non-zero amounts of a vector, by name. */
  amounts(vector: Vector): Map<string, number> {
    const out = new Map<string, number>();
    for (let c = 0; c < vector.length; c++) if (vector[c] !== 0) out.set(this.#names[c]!, vector[c]!);
    return out;
  }
}

/** Amounts that are equal name by name; a missing name is 0. */
export function sameAmounts(a: Resources, b: Resources): boolean {
  for (const [name, amount] of a) if ((b.get(name) ?? 0) !== amount) return false;
  for (const [name, amount] of b) if ((a.get(name) ?? 0) !== amount) return false;
  return true;
}

import { LRUCache } from 'lru-cache';

/**
 * Amounts by resource name: cpu in millicores, memory and ephemeral-storage in bytes, `pods` in pods,
 * anything else (nvidia.com/gpu, hugepages-2Mi) in its own unit. Non-negative integers up to 2^53 - 1.
 */
export type Resources = ReadonlyMap<string, number>;

/** One amount per column, at most FITS_NOWHERE; a shorter vector has 0 in the columns it lacks. */
export type Vector = Float64Array;

/**
 * A request of this amount or more fits nowhere: nodes have at most one less. Sums of vectors are exact while they stay
 * below 2^53: a node or a queue may have 127 bound pods with a request of this size beside its real ones. More than any
 * node has of anything (64 TiB of memory); the largest cluster has about 2^53 bytes in all.
 */
const FITS_NOWHERE = 2 ** 46;

/** So many different requests of bound pods are known again where another object says the same. */
const KEPT_VECTORS = 4096;

/**
 * A limit on columns for names that only bound pods request. Whoever may set spec.nodeName binds pods, and may invent names.
 * Nodes get columns beyond it.
 */
const MOST_COLUMNS = 128;

/** A name that no Kubernetes resource can have. */
const UNKNOWN = '(unknown)';

/** Column numbers for all resource names of nodes and pods. Columns are never removed. */
export class ResourceColumns {
  readonly #columnOf = new Map<string, number>();
  readonly #names: string[] = [];
  /** Shared, because many pods have the same amounts and a typed array takes more memory than the rest of a pod. */
  readonly #vectors = new WeakMap<Resources, Vector>();
  /** The same by their amounts. */
  readonly #alike = new LRUCache<string, Vector>({ max: KEPT_VECTORS });
  /** The columns of resources `cpu`, `memory` and `pods`. */
  readonly cpu: number;
  readonly memory: number;
  readonly pods: number;
  /** The column of all resources that no node and no bound pod has, and of those beyond MOST_COLUMNS. */
  readonly unknown: number;
  readonly #ignored: ReadonlySet<string>;
  /** Called after a column was added, so that tables can grow with the columns. */
  onAdded: () => void = () => undefined;

  /** @param ignored names that count nowhere: kube-scheduler leaves them to another extender */
  constructor(ignored: readonly string[] = []) {
    this.#ignored = new Set(ignored);
    this.cpu = this.add('cpu');
    this.memory = this.add('memory');
    this.pods = this.add('pods');
    this.unknown = this.add(UNKNOWN);
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
   * As `vector`, for the request of a pod that is not bound yet. Names that no node and no bound pod has share one
   * column, in which every node has 0, so that invented names do not grow the table.
   */
  requestVector(amounts: Resources): Vector {
    const out = new Float64Array(this.size);
    for (const [name, amount] of amounts) {
      if (this.#ignored.has(name)) continue;
      const column = this.#columnOf.get(name) ?? this.unknown;
      out[column] = Math.min(out[column]! + amount, FITS_NOWHERE);
    }
    return out;
  }

  /** The vector of a node's allocatable; new names get a column. */
  roomVector(amounts: Resources): Vector {
    return this.#widened(amounts, FITS_NOWHERE - 1, (name) => this.add(name));
  }

  /** The vector of a bound pod's request, mostly the same one for equal requests; new names get a column, up to a limit. */
  vector(amounts: Resources): Vector {
    const known = this.#vectors.get(amounts);
    if (known) return known;
    const made = this.#widened(amounts, FITS_NOWHERE, (name) => this.#columnOfPods(name));
    // A node may bring the name later.
    if (made[this.unknown]! > 0) return made;
    const key = made.join();
    const out = this.#alike.get(key) ?? made;
    this.#alike.set(key, out);
    this.#vectors.set(amounts, out);
    return out;
  }

  #columnOfPods(name: string): number {
    return this.#columnOf.get(name) ?? (this.size < MOST_COLUMNS ? this.add(name) : this.unknown);
  }

  #widened(amounts: Resources, most: number, columnOf: (name: string) => number): Vector {
    const counted = [...amounts].filter(([name]) => !this.#ignored.has(name));
    const columns = counted.map(([name]) => columnOf(name));
    const out = new Float64Array(this.size);
    counted.forEach(([, amount], i) => (out[columns[i]!] = Math.min(out[columns[i]!]! + amount, most)));
    return out;
  }

  isIgnored(name: string): boolean {
    return this.#ignored.has(name);
  }

  /** Whether no node and no bound pod has the resource, so that it counts in column `unknown`. */
  isUnknown(name: string): boolean {
    return !this.#columnOf.has(name) && !this.#ignored.has(name);
  }

  /** The non-zero amounts of a vector, by name. */
  amounts(vector: Vector): Map<string, number> {
    const out = new Map<string, number>();
    for (let c = 0; c < vector.length; c++) if (vector[c] !== 0) out.set(this.#names[c]!, vector[c]!);
    return out;
  }
}

/** Whether the amounts are equal name by name; a missing name is 0. */
export function sameAmounts(a: Resources, b: Resources): boolean {
  for (const [name, amount] of a) if ((b.get(name) ?? 0) !== amount) return false;
  for (const [name, amount] of b) if ((a.get(name) ?? 0) !== amount) return false;
  return true;
}

/** The sum with the vector added, or taken away: the same object, or a wider one where that has too few columns. */
export function plus(sum: Vector, vector: Vector, sign: 1 | -1): Vector {
  let out = sum;
  if (out.length < vector.length) {
    out = new Float64Array(vector.length);
    out.set(sum);
  }
  for (let c = 0; c < vector.length; c++) out[c]! += sign * vector[c]!;
  return out;
}

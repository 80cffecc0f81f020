import { LRUCache } from 'lru-cache';
import type { Constraints, NodeInfo, Requirement, Taint, Toleration } from '../model.ts';
import type { NodeTable } from './node-table.ts';

/** One bit per row of the node table. */
export type Bits = Uint32Array;

export const hasBit = (bits: Bits, row: number): boolean => ((bits[row >>> 5]! >>> (row & 31)) & 1) === 1;

/** Whether a row is in both. */
export const haveCommonRow = (bits: Bits, others: Bits): boolean =>
  bits.some((word, i) => (word & (others[i] ?? 0)) !== 0);

/** kube-scheduler treats a cordon as this taint: plugins/nodeunschedulable, v1.36. */
const CORDON: Taint = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' };

/**
 * Whether the node's labels, taints and cordon allow the pod, as decided by NodeAffinity, TaintToleration and
 * NodeUnschedulable of kube-scheduler v1.36. Does not look at room.
 */
export function nodeMatches(constraints: Constraints, node: NodeInfo): boolean {
  return mismatchOf(constraints, node) === undefined;
}

/** The first reason why the node is not eligible for the pod, as text; undefined: it is eligible. */
export function mismatchOf({ nodeSelector, affinity, tolerations }: Constraints, node: NodeInfo): string | undefined {
  for (const [key, value] of nodeSelector) if (node.labels.get(key) !== value) return `node selector ${key}=${value}`;
  if (affinity && !affinity.some((term) => term.length > 0 && term.every((one) => meets(one, node))))
    return 'node affinity, or a label that the policy or the queue requires';
  if (node.unschedulable && !isTolerated(CORDON, tolerations)) return 'cordoned';
  const taint = node.taints.find((one) => one.effect !== 'PreferNoSchedule' && !isTolerated(one, tolerations));
  return taint && `taint ${taint.key}${taint.value === '' ? '' : `=${taint.value}`}:${taint.effect}`;
}

function meets(requirement: Requirement, node: NodeInfo): boolean {
  const value = requirement.on === 'name' ? node.name : node.labels.get(requirement.key);
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return compare(value, requirement.values[0], (a, b) => a > b);
    case 'Lt':
      return compare(value, requirement.values[0], (a, b) => a < b);
  }
}

function compare(value: string | undefined, bound: string | undefined, test: (a: bigint, b: bigint) => boolean) {
  const integer = /^[+-]?\d{1,19}$/;
  if (value === undefined || bound === undefined || !integer.test(value) || !integer.test(bound)) return false;
  return test(BigInt(value.replace('+', '')), BigInt(bound.replace('+', '')));
}

/** Whether one of the tolerations covers the taint. */
export function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some((one) => {
    if (one.effect !== '' && one.effect !== taint.effect) return false;
    if (one.key !== taint.key && !(one.key === '' && one.operator === 'Exists')) return false;
    switch (one.operator) {
      case 'Exists':
        return true;
      case 'Equal':
        return one.value === taint.value;
      case 'Gt':
        return compare(taint.value, one.value, (a, b) => a > b);
      case 'Lt':
        return compare(taint.value, one.value, (a, b) => a < b);
    }
  });
}

/** The same constraints, which also require these labels on the node. */
export function withLabels(constraints: Constraints, labels: ReadonlyMap<string, string>): Constraints {
  if (labels.size === 0) return constraints;
  const term: Requirement[] = [...labels].map(([key, value]) => ({
    on: 'label',
    key,
    operator: 'In',
    values: [value],
  }));
  const terms = constraints.affinity?.map((one) => (one.length > 0 ? [...one, ...term] : one));
  return { ...constraints, affinity: terms ?? [term] };
}

/** Equal constraints have equal signatures. */
export function signatureOf(constraints: Constraints): string {
  const selector = [...constraints.nodeSelector].sort(([a], [b]) => (a < b ? -1 : 1));
  const tolerations = constraints.tolerations.map((t) => [t.key, t.operator, t.value, t.effect]);
  const affinity = constraints.affinity?.map((term) => term.map((r) => [r.on, r.key, r.operator, r.values]));
  return JSON.stringify([selector, tolerations, affinity ?? null]);
}

interface Mask {
  bits: Bits;
  /** Position in the table's shapeLog up to which the bits are right. */
  position: number;
}

/** Number of masks kept at once; with 15,000 nodes a mask has 2 kB. */
const KEPT_MASKS = 1024;

/**
 * For each set of constraints, the rows that meet them. Computed once per signature; later calls look only at the
 * rows that changed since.
 */
export class Eligibility {
  readonly #table: NodeTable;
  readonly #masks = new LRUCache<string, Mask>({ max: KEPT_MASKS });
  readonly #signatures = new WeakMap<Constraints, string>();

  constructor(table: NodeTable) {
    this.#table = table;
  }

  /** The mask of eligible rows. Read-only for callers, and valid only until the next event. */
  maskFor(constraints: Constraints): Bits {
    const signature = this.#signatureOf(constraints);
    const known = this.#masks.get(signature);
    const log = this.#table.shapeLog;
    const words = (this.#table.rows + 31) >>> 5;
    if (known && log.remembers(known.position)) {
      if (known.bits.length < words) known.bits = widened(known.bits, words * 2);
      for (; known.position < log.position; known.position++)
        this.#setBit(known.bits, log.at(known.position), constraints);
      return known.bits;
    }
    const bits = new Uint32Array(words);
    for (let row = 0; row < this.#table.rows; row++) this.#setBit(bits, row, constraints);
    this.#masks.set(signature, { bits, position: log.position });
    return bits;
  }

  #signatureOf(constraints: Constraints): string {
    let signature = this.#signatures.get(constraints);
    if (signature === undefined) {
      signature = signatureOf(constraints);
      this.#signatures.set(constraints, signature);
    }
    return signature;
  }

  #setBit(bits: Bits, row: number, constraints: Constraints): void {
    const node = this.#table.nodeAt(row);
    if (node && nodeMatches(constraints, node)) bits[row >>> 5]! |= 1 << (row & 31);
    else bits[row >>> 5]! &= ~(1 << (row & 31));
  }
}

function widened(bits: Bits, words: number): Bits {
  const wider = new Uint32Array(words);
  wider.set(bits);
  return wider;
}

import type { BoundPod, ClusterView } from '../cluster/cluster.ts';
import type { DomainLimit } from '../placement/need.ts';
import type { AddressPool } from '../policy/tenancy.ts';

/** An address that its pod has left. */
interface Cooling {
  readonly value: string;
  readonly untilMs: number;
}

/** The addresses of one pool. */
interface Pool {
  readonly rules: AddressPool;
  /** The oldest first. */
  readonly cooling: Cooling[];
  /** How many were left in each domain when it was last looked. */
  left: Int32Array;
}

/**
 * How many addresses are left in each zone or subnet: what pods do not have, bound ones and those for which room is
 * held, and what ended pods have not had within the cooldown. Only gangs and their members are kept from a domain without
 * addresses: pods of no gang go where kube-scheduler sends them, and are counted.
 */
export class Addresses {
  #pools: Pool[] = [];
  /** Changes when a domain has more addresses left than before: a refusal because of them stands until then. */
  version = 0;

  constructor(pools: readonly AddressPool[]) {
    this.setPools(pools);
  }

  /** New rules; addresses that cool down go on doing so where the pool has the same label. */
  setPools(pools: readonly AddressPool[]): void {
    const before = new Map(this.#pools.map(({ rules, cooling }) => [rules.key, cooling]));
    this.#pools = pools.map((rules) => ({ rules, cooling: before.get(rules.key) ?? [], left: new Int32Array(0) }));
    this.version++;
  }

  /** A pod that had an address is gone. */
  podGone({ table }: ClusterView, { pod, row }: BoundPod, nowMs: number): void {
    if (this.#pools.length === 0 || pod.hostNetwork) return;
    for (const { rules, cooling } of this.#pools) {
      const value = table.nodeAt(row)?.labels.get(rules.key);
      if (value !== undefined) cooling.push({ value, untilMs: nowMs + rules.cooldownMs });
    }
  }

  /** Frees addresses that have cooled down. */
  expire(cluster: ClusterView, nowMs: number): void {
    for (const pool of this.#pools) {
      const { cooling } = pool;
      const kept = cooling.findIndex(({ untilMs }) => untilMs > nowMs);
      cooling.splice(0, kept < 0 ? cooling.length : kept);
    }
    this.look(cluster);
  }

  /** Changes the version if a domain has more left than at the last look. Call before it is noted in a refusal. O(nodes). */
  look(cluster: ClusterView): void {
    for (const pool of this.#pools) {
      const left = leftIn(cluster, pool);
      if (left.some((count, domain) => count > (pool.left[domain] ?? 0))) this.version++;
      pool.left = left;
    }
  }

  /** How many more pods may go to each domain now; empty: no addresses are counted. O(nodes). */
  limits(cluster: ClusterView): readonly DomainLimit[] {
    return this.#pools.map((pool) => ({
      of: cluster.domains.indexFor(pool.rules.key).of,
      left: leftIn(cluster, pool),
    }));
  }

  /** When the next address has cooled down, in ms; Infinity: none cools down. */
  get dueMs(): number {
    return Math.min(...this.#pools.map(({ cooling }) => cooling[0]?.untilMs ?? Infinity));
  }

  /** The labels whose values name the pools. */
  get keys(): readonly string[] {
    return this.#pools.map(({ rules }) => rules.key);
  }
}

function leftIn({ domains, occupancy, table }: ClusterView, { rules, cooling }: Pool): Int32Array {
  const { of, names } = domains.indexFor(rules.key);
  const { addresses } = occupancy;
  const left = Int32Array.from(names, (name) => (rules.sizes.get(name) ?? rules.size) - rules.keep);
  for (let row = 0; row < table.rows; row++) if (of[row]! >= 0) left[of[row]!]! -= addresses[row]!;
  const numberOf = new Map(names.map((name, domain) => [name, domain]));
  for (const { value } of cooling) {
    const domain = numberOf.get(value);
    if (domain !== undefined) left[domain]!--;
  }
  return left;
}

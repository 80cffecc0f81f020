import { LRUCache } from 'lru-cache';
import { staysWithNode, type ClusterView } from '../cluster/cluster.ts';
import { hasBit, type Bits } from '../cluster/eligibility.ts';
import { suitableFor, type Need, type Room } from '../placement/need.ts';
import type { Planner } from '../placement/planner.ts';
import type { Policy } from '../policy/policy.ts';
import type { Resources } from '../resources.ts';
import type { Gang } from './gang.ts';

/** Why the empty cluster could not hold a gang. */
export type Obstacle =
  /** This need does not fit even alone: no node is eligible for it, or those that are have too little room. */
  | { readonly kind: 'no node' | 'role'; readonly need: number }
  /** Each need fits alone, and all would fit if the policy did not require one domain for them. */
  | { readonly kind: 'topology' }
  /** Each need fits alone; the planner finds no place for all of them. */
  | { readonly kind: 'together' };

/** The number of verdicts kept: as many kinds of gangs may wait before one of them is planned again. */
const KEPT_VERDICTS = 1024;

interface Verdict {
  readonly obstacle: Obstacle | undefined;
  /** When it was found, as positions of the table: growth ends an obstacle, and a loss ends its absence. */
  readonly growth: number;
  readonly shrunk: number;
}

/**
 * Answers whether a gang could start if no pod were there but its own and those that stay with their nodes (of
 * DaemonSets, static ones). The planner itself answers, on that room: so the needs count together, and topology counts.
 * A cordoned node counts as gone, and a node that an autoscaler may add is not there yet: both are news when they come.
 *
 * Equal needs share a verdict as long as the empty cluster is the same. Changes nothing that a decision depends on.
 */
export class Feasibility {
  readonly #cluster: ClusterView;
  readonly #planner: Planner;
  readonly #verdicts = new LRUCache<string, Verdict>({ max: KEPT_VERDICTS });
  readonly #numbers = new WeakMap<Policy | Bits, number>();
  #numbered = 0;

  constructor(cluster: ClusterView, planner: Planner) {
    this.#cluster = cluster;
    this.#planner = planner;
  }

  /** What keeps the empty cluster from holding the gang; undefined: nothing does. @param needs all that it lacks */
  obstacle(gang: Gang, needs: readonly Need[]): Obstacle | undefined {
    const { table } = this.#cluster;
    // What its own members take is not the same for gangs with equal needs.
    if (this.#cluster.boundMembers(gang.key).size > 0) return this.#find(gang, needs);
    const key = this.#keyOf(gang.policy, needs);
    const known = this.#verdicts.get(key);
    const { growthLog, shrunk } = table;
    const isKnown = known && (known.obstacle ? known.growth === growthLog.position : known.shrunk === shrunk);
    if (isKnown) return known.obstacle;
    const obstacle = this.#find(gang, needs);
    this.#verdicts.set(key, { obstacle, growth: growthLog.position, shrunk });
    return obstacle;
  }

  #find(gang: Gang, all: readonly Need[]): Obstacle | undefined {
    const { policy } = gang;
    // Whoever closes nodes now is not there then.
    const needs = all.map((need) => ({ ...need, eligible: suitableFor(need) }));
    const request = { needs, policy, siblings: [], room: emptyRoom(this.#cluster, gang) };
    const plan = this.#planner.plan(request);
    if (plan.kind === 'placed') return undefined;
    if (plan.need !== undefined) return { kind: hasNode(needs[plan.need]!) ? 'role' : 'no node', need: plan.need };
    if (policy.topology.mode !== 'require') return { kind: 'together' };
    const anywhere = { ...policy, topology: { ...policy.topology, mode: 'none' } as const };
    return { kind: this.#planner.plan({ ...request, policy: anywhere }).kind === 'placed' ? 'topology' : 'together' };
  }

  #keyOf(policy: Policy, needs: readonly Need[]): string {
    const texts = needs.map((need) => {
      return `${need.count} ${need.isLeader} ${this.#numberOf(suitableFor(need))} ${need.vector.join()}`;
    });
    return [this.#numberOf(policy), ...texts].join('|');
  }

  #numberOf(one: Policy | Bits): number {
    const number = this.#numbers.get(one) ?? this.#numbered++;
    this.#numbers.set(one, number);
    return number;
  }
}

/** What would be free with no pod there but the gang's own and those that stay with their nodes. */
export function emptyRoom(cluster: ClusterView, { key }: Gang): Room {
  const { empty } = cluster.table;
  const own = [...cluster.boundMembers(key).values()].filter((bound) => bound.row >= 0 && !staysWithNode(bound));
  if (own.length === 0) return empty;
  const room = empty.map((column) => column.slice());
  for (const { row, vector } of own) vector.forEach((amount, c) => (room[c]![row]! -= amount));
  return room;
}

/** A resource that the need's pods request and none of the nodes for them has. */
export function missingResource({ table, columns }: ClusterView, gang: Gang, need: Need): string | undefined {
  for (const [name, amount] of requestOf(gang, need)) {
    if (amount === 0 || columns.isIgnored(name)) continue;
    const column = table.allocatable[columns.indexOf(name) ?? -1];
    if (!column || !column.some((there, row) => there > 0 && row < table.rows && hasBit(suitableFor(need), row)))
      return name;
  }
  return undefined;
}

/** What a pod of the need requests. */
export const requestOf = ({ leader, spec }: Gang, { role, isLeader, count }: Need): Resources =>
  isLeader && count === 1 ? leader.request : (spec.roles.find(({ name }) => name === role)?.request ?? new Map());

const hasNode = (need: Need): boolean => suitableFor(need).some((bits) => bits !== 0);

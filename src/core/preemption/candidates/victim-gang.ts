import type { Gang } from '../../gang/gang.ts';
import { hasSingleRole, minToStart } from '../../model.ts';
import { gangCores, isGivenUp, type CostModel } from './eviction-cost.ts';

/** A gang that may lose members: what one search takes from it so far, and what that does to it. */
export class VictimGang {
  readonly gang: Gang;
  /** Rows of its candidates so far. */
  readonly rows: number[] = [];
  readonly #costs: CostModel;
  /** Members of a role that may go before the gang is below its minimum. */
  readonly #elastic = new Map<string, number>();
  readonly #taken = new Map<string, number>();
  #cores: number | undefined;
  #lost = 0;
  /** Its leader is selected, and every member with it. */
  isWhole = false;

  constructor(costs: CostModel, gang: Gang) {
    this.#costs = costs;
    this.gang = gang;
  }

  /** Its members are alike: below its minimum it cannot work at all. */
  get hasSingleRole(): boolean {
    return hasSingleRole(this.gang.spec);
  }

  /** Whether what is taken leaves the gang below its minimum. */
  get isBroken(): boolean {
    if (this.isWhole) return true;
    for (const [role, taken] of this.#taken) if (taken > this.#elasticOf(role)) return true;
    return false;
  }

  /** Whether one more member of the role may go and the gang keeps its minimum. */
  hasElastic(role: string): boolean {
    return (this.#taken.get(role) ?? 0) < this.#elasticOf(role);
  }

  /** Whether any member of the role could go so. */
  mayHaveElastic(role: string): boolean {
    return this.#elasticOf(role) > 0;
  }

  /** Core-seconds for falling below the minimum, once for the gang. */
  get breakCost(): number {
    return this.#costs.weights.brokenGang * this.minCores;
  }

  get minCores(): number {
    return (this.#cores ??= gangCores(this.#costs.cluster, this.gang, this.#costs.weights));
  }

  /** Members selected, those included on which the gang did not count. */
  get lost(): number {
    return this.#lost;
  }

  count({ role, isGivenUp }: { readonly role: string; readonly isGivenUp: boolean }, change: 1 | -1): void {
    this.#lost += change;
    if (!isGivenUp) this.#taken.set(role, (this.#taken.get(role) ?? 0) + change);
  }

  #elasticOf(role: string): number {
    let elastic = this.#elastic.get(role);
    if (elastic === undefined) this.#elastic.set(role, (elastic = this.#countElastic(role)));
    return elastic;
  }

  #countElastic(role: string): number {
    const { cluster } = this.#costs;
    const { spec } = this.gang;
    const least = spec.roles.reduce((sum, one) => sum + minToStart(spec, one), 0);
    // The usual case, and no need to look at every member: none is there beyond the minimum.
    if (cluster.boundMembers(spec.key).size <= least) return 0;
    const declared = spec.roles.find(({ name }) => name === role);
    if (!declared) return Infinity;
    const running = cluster.runningMembers(spec.key, role).filter(({ pod }) => !isGivenUp(pod, this.gang));
    return Math.max(0, running.length - minToStart(spec, declared));
  }
}

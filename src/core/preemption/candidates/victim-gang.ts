import type { Gang } from '../../gang/gang.ts';
import { gangCores, isGivenUp, type CostModel } from './eviction-cost.ts';
import type { Candidate } from './candidate.ts';

/** A gang that may lose members: what one search takes from it so far, and what that does to it. */
export class VictimGang {
  readonly gang: Gang;
  readonly candidates: Candidate[] = [];
  readonly #costs: CostModel;
  /** Members of a role that may go before the gang is below its minimum. */
  readonly #elastic = new Map<string, number>();
  readonly #taken = new Map<string, number>();
  #cores: number | undefined;
  #lost = 0;
  /** Its leader is taken, and everybody with it. */
  isWhole = false;

  constructor(costs: CostModel, gang: Gang) {
    this.#costs = costs;
    this.gang = gang;
  }

  /** Members of a gang of one role are equals: below its minimum it cannot work at all. */
  get hasSingleRole(): boolean {
    return this.gang.spec.roles.length === 1;
  }

  isLeader(role: string): boolean {
    return this.gang.spec.roles[0]!.name === role;
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

  /** Members taken, those that nobody counted on included. */
  get lost(): number {
    return this.#lost;
  }

  count({ role, isGivenUp }: Candidate, change: 1 | -1): void {
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
    const { roles, key } = this.gang.spec;
    const leastOf = (at: number) => Math.max(at === 0 ? 1 : 0, roles[at]!.min);
    const least = roles.reduce((sum, _, at) => sum + leastOf(at), 0);
    // The usual case, and no need to look at every member: nobody is there beyond the minimum.
    if (cluster.boundMembers(key).size <= least) return 0;
    const at = roles.findIndex(({ name }) => name === role);
    if (at < 0) return Infinity;
    const running = cluster.runningMembers(key, role).filter(({ pod }) => !isGivenUp(pod, this.gang));
    return Math.max(0, running.length - leastOf(at));
  }
}

import type { Gang } from '../../gang/gang.ts';
import { hasSingleRole, membersToStart, minToStart } from '../../model.ts';
import { gangCores, isGivenUp, type CostModel } from './eviction-cost.ts';

/** A gang with members among the candidates and the number of members that one search has selected. */
export class VictimGang {
  readonly gang: Gang;
  /** Rows of its candidates created so far. */
  readonly rows: number[] = [];
  readonly #costs: CostModel;
  /** By role, the number of members that may leave before the gang is below its minimum. */
  readonly #elastic = new Map<string, number>();
  readonly #selected = new Map<string, number>();
  /** The part of #selected that has run for less than the minimum runtime. */
  readonly #young = new Map<string, number>();
  #cores: number | undefined;
  #lost = 0;
  /** Its leader is selected, with every member. */
  isWhole = false;

  constructor(costs: CostModel, gang: Gang) {
    this.#costs = costs;
    this.gang = gang;
  }

  /** Whether its members are alike, so that it cannot work below its minimum. */
  get hasSingleRole(): boolean {
    return hasSingleRole(this.gang.spec);
  }

  /** Whether the selected members leave the gang below its minimum. */
  get isBroken(): boolean {
    if (this.isWhole) return true;
    for (const [role, selected] of this.#selected) if (selected > this.#elasticOf(role)) return true;
    return false;
  }

  /** Whether the gang keeps its minimum with one more member of the role selected. */
  hasElastic(role: string): boolean {
    return (this.#selected.get(role) ?? 0) < this.#elasticOf(role);
  }

  /** Whether all selected young members of the role, and one more, can be those that the gang does without. */
  sparesYoung(role: string): boolean {
    return (this.#young.get(role) ?? 0) < this.#elasticOf(role);
  }

  /** Whether the gang keeps its minimum with one member of the role selected. */
  mayHaveElastic(role: string): boolean {
    return this.#elasticOf(role) > 0;
  }

  /** The cost of falling below the minimum, in core-seconds, once for the gang. */
  get breakCost(): number {
    return this.#costs.weights.brokenGang * this.minCores;
  }

  get minCores(): number {
    return (this.#cores ??= gangCores(this.#costs.cluster, this.gang, this.#costs.weights));
  }

  /** The number of selected members, including those that the gang gave up. */
  get lost(): number {
    return this.#lost;
  }

  count({ role, isGivenUp, isYoung }: CountedTraits, change: 1 | -1): void {
    this.#lost += change;
    if (isGivenUp) return;
    this.#selected.set(role, (this.#selected.get(role) ?? 0) + change);
    if (isYoung) this.#young.set(role, (this.#young.get(role) ?? 0) + change);
  }

  #elasticOf(role: string): number {
    let elastic = this.#elastic.get(role);
    if (elastic === undefined) this.#elastic.set(role, (elastic = this.#countElastic(role)));
    return elastic;
  }

  #countElastic(role: string): number {
    const { cluster } = this.#costs;
    const { spec } = this.gang;
    // The usual case, without a look at every member: the gang has no more members than its minimum.
    if (cluster.boundMembers(spec.key).size <= membersToStart(spec)) return 0;
    const declared = spec.roles.find(({ name }) => name === role);
    if (!declared) return Infinity;
    const running = cluster.runningMembers(spec.key, role).filter(({ pod }) => !isGivenUp(pod, this.gang));
    return Math.max(0, running.length - minToStart(spec, declared));
  }
}

interface CountedTraits {
  readonly role: string;
  readonly isGivenUp: boolean;
  readonly isYoung: boolean;
}

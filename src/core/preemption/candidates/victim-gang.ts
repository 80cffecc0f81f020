import type { Gang } from '../../gang/gang.ts';
import { hasSingleRole, membersToStart, minToStart } from '../../model.ts';
import { gangCores, isGivenUp, type CostModel } from './eviction-cost.ts';

/** A gang with members among the candidates and the number of members that one search has selected. */
export class VictimGang {
  readonly gang: Gang;
  /** Rows of its candidates created so far. */
  readonly rows: number[] = [];
  readonly #costs: CostModel;
  /** By role. */
  readonly #members = new Map<string, MemberCount>();
  /** The number of roles of which the selected members leave fewer than the minimum. */
  #brokenRoles = 0;
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
    return this.isWhole || this.#brokenRoles > 0;
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

  count({ members, isGivenUp, isYoung }: CountedTraits, change: 1 | -1): void {
    this.#lost += change;
    if (isGivenUp || !members) return;
    const wasBroken = members.selected > members.elastic;
    members.selected += change;
    if (isYoung) members.young += change;
    const isBroken = members.selected > members.elastic;
    if (isBroken !== wasBroken) this.#brokenRoles += isBroken ? 1 : -1;
  }

  /** The members of the role, as far as they are counted here. */
  membersOf(role: string): MemberCount {
    let members = this.#members.get(role);
    if (!members) this.#members.set(role, (members = { elastic: this.#countElastic(role), selected: 0, young: 0 }));
    return members;
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

/** Members of one role. */
export interface MemberCount {
  /** How many may leave before the gang is below its minimum. */
  readonly elastic: number;
  /** How many the search has selected, without those that the gang gives up. */
  selected: number;
  /** The part of them that has run for less than the minimum runtime. */
  young: number;
}

/** Whether the gang keeps its minimum with one more such member selected. */
export const hasElastic = ({ selected, elastic }: MemberCount): boolean => selected < elastic;

/** Whether all selected young members of the role, and one more, can be those that the gang does without. */
export const sparesYoung = ({ young, elastic }: MemberCount): boolean => young < elastic;

interface CountedTraits {
  /** Those of its role. */
  readonly members: MemberCount | undefined;
  readonly isGivenUp: boolean;
  readonly isYoung: boolean;
}

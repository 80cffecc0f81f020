import type { BoundMember, BoundPod } from '../../cluster/cluster.ts';
import type { Gang } from '../../gang/gang.ts';
import { NO_OTHERS, type GangCandidate, type PodCandidate } from './candidate.ts';
import { coresOf, isGivenUp, podCost, wholeGangCost, type CostModel } from './eviction-cost.ts';
import { rightOver } from './exclusion-rules.ts';
import type { PoolInput } from './pool-kind.ts';
import { leafOf, levelAt } from './share-rules.ts';
import type { VictimGang } from './victim-gang.ts';

interface Members {
  readonly gangOf: (gang: Gang) => VictimGang;
  /** The members that may be evicted by themselves. */
  readonly members: ReadonlyMap<VictimGang, readonly PodCandidate[]>;
}

/** Creates the candidates that are evicted whole. */
export class WholeGangs {
  readonly #input: PoolInput;
  readonly #costs: CostModel;
  readonly #gangOf: (gang: Gang) => VictimGang;
  readonly #members: Map<VictimGang, PodCandidate[]>;

  constructor(input: PoolInput, costs: CostModel, { gangOf, members }: Members) {
    this.#input = input;
    this.#costs = costs;
    this.#gangOf = gangOf;
    this.#members = new Map([...members].map(([gang, of]) => [gang, [...of]]));
  }

  /** The leader with all members, including those on rows that do not matter here. */
  ledBy({ bound, gang: of }: { readonly bound: BoundMember; readonly gang: Gang }): GangCandidate {
    const { weights, cluster } = this.#costs;
    const gang = this.#gangOf(of);
    return this.#wholeGang(gang, this.#membersOf(gang, bound), {
      bound,
      freed: [bound],
      role: bound.pod.membership.role,
      leaf: of.queue,
      right: rightOver(this.#input, bound.pod, of),
      level: this.#levelOf(of),
      cores: coresOf(cluster.columns, bound.vector, weights),
      ...this.#youthOf(bound),
    });
  }

  /** The gangs of one role, as candidates that are evicted whole and have no leader. */
  ofOneRole(): GangCandidate[] {
    return [...this.#members.keys()].flatMap((gang) => {
      const members = gang.hasSingleRole ? this.#membersOf(gang, undefined) : [];
      const [first] = members;
      if (!first) return [];
      const { role, leaf, right, level, isYoung, youngUntilMs } = first;
      const own = { bound: undefined, freed: [], role, leaf, right, level, cores: 0, isYoung, youngUntilMs };
      return [this.#wholeGang(gang, members, own)];
    });
  }

  #wholeGang(gang: VictimGang, others: readonly PodCandidate[], own: OwnTraits): GangCandidate {
    const ofMembers = others.reduce((sum, { cost }) => sum + cost, 0);
    const cost = wholeGangCost(this.#costs, gang.gang, { leader: own.bound, ofMembers });
    return { kind: 'gang', ...own, others, gang, cost, isGivenUp: false };
  }

  /** Candidates of all members but the leader, including those on rows that do not matter here. */
  #membersOf(gang: VictimGang, leader: BoundPod | undefined): PodCandidate[] {
    const { cluster } = this.#costs;
    const members = this.#members.get(gang) ?? [];
    if (members.length === 0 && leader === undefined) return [];
    const known = new Set(members.map(({ bound }) => bound.pod.uid));
    for (const [uid, bound] of cluster.boundMembers(gang.gang.key)) {
      if (known.has(uid) || uid === leader?.pod.uid || bound.isLeaving || bound.pod.deleting) continue;
      if (bound.row >= 0) members.push(this.#follower(gang, bound));
    }
    this.#members.set(gang, members);
    return [...members].sort((a, b) => a.bound.row - b.bound.row);
  }

  /** A member that is evicted with its whole gang only. */
  #follower(gang: VictimGang, bound: BoundMember): PodCandidate {
    const { cluster, weights } = this.#costs;
    const { pod, vector } = bound;
    gang.rows.push(bound.row);
    return {
      kind: 'pod',
      freed: [bound],
      bound,
      others: NO_OTHERS,
      gang,
      members: gang.membersOf(pod.membership.role),
      role: pod.membership.role,
      leaf: leafOf(this.#input.ctx, pod, gang.gang),
      right: rightOver(this.#input, pod, gang.gang),
      level: this.#levelOf(gang.gang),
      isFollower: true,
      cost: podCost(this.#costs, bound, gang.gang),
      cores: coresOf(cluster.columns, vector, weights),
      isGivenUp: pod.membership.isElastic === true || isGivenUp(pod, gang.gang),
      ...this.#youthOf(bound),
    };
  }

  /** The level of the gang's leader, and of all that goes with it. */
  #levelOf({ priority, queue }: Gang): number {
    return levelAt(priority, this.#input.claim?.rankOf(queue) ?? 0);
  }

  #youthOf({ pod }: BoundPod): Youth {
    const { rules, nowMs } = this.#input;
    const youngUntilMs = (pod.evictionTraits?.startedMs ?? Infinity) + rules.minRuntimeMs;
    return { isYoung: rules.minRuntimeMs > 0 && nowMs < youngUntilMs, youngUntilMs };
  }
}

/** The traits of a whole gang that do not come from its members. */
type OwnTraits = Pick<GangCandidate, 'bound' | 'freed' | 'role' | 'leaf' | 'right' | 'level' | 'cores' | keyof Youth>;

type Youth = Pick<GangCandidate, 'isYoung' | 'youngUntilMs'>;

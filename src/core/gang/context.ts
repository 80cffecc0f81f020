import type { Cluster, ClusterView } from '../cluster/cluster.ts';
import type { InFlight } from '../cluster/in-flight.ts';
import type { Effect } from '../effects.ts';
import type { PodInfo } from '../model.ts';
import type { Planner } from '../placement/planner.ts';
import type { Policy } from '../policy/policy.ts';
import type { Queues } from '../queue/queues.ts';
import type { QueueUsage } from '../queue/usage.ts';
import type { Evictions } from './evictions.ts';
import type { Gang } from './gang.ts';
import type { Ledger } from './ledger.ts';

/** A pod that waits because its declaration is wrong or not there yet. */
interface Problem {
  readonly pod: PodInfo;
  readonly sinceMs: number;
  readonly reason: string;
}

/** What can be read of gangs and of what they share; the planner plans on scratch room. */
export interface GangContextView {
  readonly cluster: ClusterView;
  readonly ledger: Pick<Ledger, 'slotOf' | 'slotsAt' | 'elasticHolds' | 'elasticHoldOf' | 'degraded'>;
  readonly planner: Planner;
  readonly queues: Pick<Queues<Gang>, 'get' | 'inAdmissionOrder' | 'aheadOf' | 'firstAhead'>;
  readonly usage: Pick<QueueUsage, 'of' | 'queues'>;
  readonly inFlight: Pick<InFlight, 'total'>;
  /** By key. */
  readonly gangs: ReadonlyMap<string, Readonly<Gang>>;
  /** The gang of each UID in some gang's leaderUids. */
  readonly gangOfLeader: ReadonlyMap<string, Readonly<Gang>>;
  /** What PriorityClasses are worth, by name. */
  readonly classes: ReadonlyMap<string, number>;
  readonly evictions: Pick<Evictions, 'beneficiary' | 'planned' | 'lastLossMs' | 'lately' | 'isRefused'>;
  /** Pods of these schedulers are muster's own. */
  readonly schedulerNames: ReadonlySet<string>;
  readonly policyOf: (pod: PodInfo) => Policy;
  /** By UID. */
  readonly problems: ReadonlyMap<string, Problem>;
  /** Why no new gang may be admitted now (the snapshot cannot be trusted); a sentence for the user. */
  readonly hold: string | undefined;
  /** Another replica decides: what it wrote to the leaders' annotations goes before what is held here. */
  readonly isFollowing: boolean;
}

/** The part of the scheduler's state that the life of gangs reads and changes; core/state.ts has the whole. */
export interface GangContext extends GangContextView {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly queues: Queues<Gang>;
  readonly usage: QueueUsage;
  readonly inFlight: InFlight;
  readonly gangs: Map<string, Gang>;
  readonly gangOfLeader: Map<string, Gang>;
  readonly classes: Map<string, number>;
  readonly evictions: Evictions;
  readonly problems: Map<string, Problem>;
  /** Collects what the present call asks of the outside. */
  readonly emit: (effect: Effect) => void;
}

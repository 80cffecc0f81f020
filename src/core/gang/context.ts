import type { Meter } from '../account/meter.ts';
import type { Cluster, ClusterView, RoomCounter } from '../cluster/cluster.ts';
import type { InFlight } from '../cluster/in-flight.ts';
import type { Effect } from '../effects.ts';
import type { AwaitedOutcomes } from '../history/awaited-outcomes.ts';
import type { RunTimes } from '../history/run-times.ts';
import type { PodInfo } from '../model.ts';
import type { Planner } from '../placement/planner.ts';
import type { Policy } from '../policy/policy.ts';
import type { WeightEngine } from '../policy/score.ts';
import type { ImagePulls } from '../queue/image-pulls.ts';
import type { Queues } from '../queue/queues.ts';
import type { Rates } from '../queue/rates.ts';
import type { Shares } from '../queue/shares.ts';
import type { QueueTree } from '../queue/tree.ts';
import type { Usage } from '../queue/usage.ts';
import type { Addresses } from './addresses.ts';
import type { Asleep } from './asleep.ts';
import type { Claimants } from './claimants.ts';
import type { Evictions } from './evictions.ts';
import type { Feasibility } from './feasibility.ts';
import type { Gang } from './gang.ts';
import type { Ledger } from './ledger.ts';
import type { Loans } from './loans.ts';
import type { Nominees } from './nominees.ts';
import type { Overclaims } from './overclaims.ts';
import type { ReclaimHistory } from './reclaim-history.ts';

/** A pod that waits because its declaration is wrong or not there yet. */
interface Problem {
  readonly pod: PodInfo;
  readonly sinceMs: number;
  readonly reason: string;
}

/** Read-only view of the gangs and of the state that they share. The planner plans on scratch room. */
export interface GangContextView {
  readonly cluster: ClusterView;
  readonly ledger: Pick<Ledger, 'slotOf' | 'slotsAt' | 'podHolds' | 'podHoldOf' | 'unplaced' | 'held'>;
  readonly planner: Planner;
  readonly feasibility: Feasibility;
  readonly weights: WeightEngine;
  readonly queues: Pick<
    Queues<Gang>,
    | 'get'
    | 'waiting'
    | 'size'
    | 'inAdmissionOrder'
    | 'eachInAdmissionOrder'
    | 'inTurns'
    | 'standing'
    | 'aheadInAllQueues'
    | 'aheadOf'
    | 'firstAhead'
    | 'hasTurnBefore'
  >;
  readonly tree: QueueTree;
  readonly usage: Omit<Usage, keyof RoomCounter | 'assign' | 'recountSingles' | 'setGroups'>;
  /** What each queue is entitled to. */
  readonly shares: Omit<Shares, 'refresh'>;
  /** How fast gangs may be admitted. */
  readonly rates: Pick<Rates, 'isOn' | 'hasRegistries' | 'dueMs' | 'views'>;
  /** How many addresses are left where. */
  readonly addresses: Pick<Addresses, 'limits' | 'keys' | 'version' | 'dueMs'>;
  /** What everybody has in use, over time. */
  readonly meter: Pick<Meter, 'nowMs' | 'nodes' | 'rows' | 'overhead' | 'stateOf'>;
  readonly inFlight: Pick<InFlight, 'total' | 'requests' | 'pods' | 'expected' | 'holds'>;
  /** By key. */
  readonly gangs: ReadonlyMap<string, Readonly<Gang>>;
  /** The gang of each UID in some gang's leaderUids. */
  readonly gangOfLeader: ReadonlyMap<string, Readonly<Gang>>;
  /** Values of PriorityClasses by name. */
  readonly classes: ReadonlyMap<string, number>;
  readonly evictions: Pick<Evictions, 'beneficiary' | 'planned' | 'lastLossMs' | 'lately' | 'isRefused' | 'refused'>;
  readonly overclaims: Pick<Overclaims, 'at'>;
  readonly loans: Pick<Loans, 'overdue' | 'hasReturned' | 'areOfPods'>;
  readonly reclaims: Pick<ReclaimHistory, 'timesOf' | 'pausesUntil' | 'isRecent'>;
  /** The names of muster's schedulers. */
  readonly schedulerNames: ReadonlySet<string>;
  readonly policyOf: (pod: PodInfo) => Policy;
  /** What is known of how long runs take. */
  readonly runTimes: Pick<RunTimes, 'forecast'>;
  /** Ended runs of which it is not known yet how they ended */
  readonly outcomes: Pick<AwaitedOutcomes, 'size'>;
  /** By UID. */
  readonly problems: ReadonlyMap<string, Problem>;
  /** The first complete list of nodes and pods has been observed, and the gangs that run are restored. */
  readonly isSynced: boolean;
  /** Why no gang may be admitted now (the snapshot cannot be trusted), for the user; undefined: there is no hold. */
  readonly hold: string | undefined;
  /** Another replica decides: its reservations in the leaders' annotations count, not those held here. */
  readonly isFollowing: boolean;
}

/** The part of the scheduler's state that folder gang reads and changes; core/state.ts has all of it. */
export interface GangContext extends GangContextView {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly queues: Queues<Gang>;
  readonly usage: Usage;
  readonly shares: Shares;
  readonly rates: Rates;
  readonly imagePulls: ImagePulls;
  readonly addresses: Addresses;
  readonly meter: Meter;
  readonly inFlight: InFlight;
  readonly gangs: Map<string, Gang>;
  /** The gangs whose leader has a deadline. */
  readonly withDeadline: Set<Gang>;
  readonly gangOfLeader: Map<string, Gang>;
  readonly classes: Map<string, number>;
  readonly evictions: Evictions;
  readonly overclaims: Overclaims;
  readonly loans: Loans;
  readonly claimants: Claimants;
  readonly asleep: Asleep;
  readonly nominees: Nominees;
  readonly reclaims: ReclaimHistory;
  readonly problems: Map<string, Problem>;
  readonly runTimes: RunTimes;
  /** Where ended runs are learned from. */
  readonly outcomes: AwaitedOutcomes;
  /** The gang with which the next round of admissions begins; undefined: the first in admission order. */
  roundStart: string | undefined;
  /** Collects the effects of the present call. */
  readonly emit: (effect: Effect) => void;
}

import type { Cluster } from '../cluster/cluster.ts';
import type { Effect } from '../effects.ts';
import type { InFlight } from '../cluster/in-flight.ts';
import type { PodInfo } from '../model.ts';
import type { Planner } from '../placement/planner.ts';
import type { Evictions } from '../preemption/plan/history.ts';
import type { NominatedRoom } from '../preemption/verb/nominated-room.ts';
import type { Policy } from '../policy/policy.ts';
import type { WaitingLine } from '../queue/waiting-line.ts';
import type { Gang } from './gang.ts';
import type { Ledger } from './ledger.ts';

interface Problem {
  readonly pod: PodInfo;
  readonly sinceMs: number;
  readonly reason: string;
}

/** What the parts of the gang life cycle share. */
export interface GangContext {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly planner: Planner;
  readonly line: WaitingLine;
  readonly inFlight: InFlight;
  readonly gangs: Map<string, Gang>;
  /** The gang of each UID in some gang's leaderUids. */
  readonly gangOfLeader: Map<string, Gang>;
  /** Gangs with unplaced slots. */
  readonly degraded: Set<Gang>;
  /** What PriorityClasses are worth, by name. */
  readonly classes: Map<string, number>;
  readonly evictions: Evictions;
  readonly nominated: NominatedRoom;
  /** Pods of these schedulers are muster's own. */
  readonly schedulerNames: ReadonlySet<string>;
  /** Collects what the present call asks of the outside. */
  readonly emit: (effect: Effect) => void;
  readonly policyOf: (pod: PodInfo) => Policy;
  /** Pods that wait because their declaration is wrong or not there yet, by UID. */
  readonly problems: Map<string, Problem>;
  /** Why no new gang may be admitted now (the snapshot cannot be trusted); a sentence for the user. */
  hold: string | undefined;
  /** Another replica decides: what it wrote to the leaders' annotations goes before what is held here. */
  isFollowing: boolean;
}

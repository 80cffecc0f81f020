import { Meter } from './account/meter.ts';
import { Cluster } from './cluster/cluster.ts';
import { InFlight } from './cluster/in-flight.ts';
import { NominatedRoom } from './cluster/nominated-room.ts';
import type { Effect } from './effects.ts';
import { Addresses } from './gang/addresses.ts';
import { Asleep } from './gang/asleep.ts';
import { Claimants } from './gang/claimants.ts';
import { Evictions } from './gang/evictions.ts';
import { Feasibility } from './gang/feasibility.ts';
import type { Gang } from './gang/gang.ts';
import { Ledger } from './gang/ledger.ts';
import { Loans } from './gang/loans.ts';
import { Nominees } from './gang/nominees.ts';
import { occupantsOf, watchesNodes } from './gang/occupants.ts';
import { Overclaims } from './gang/overclaims.ts';
import { ReclaimHistory } from './gang/reclaim-history.ts';
import { accountOfSingle } from './gang/tenants.ts';
import { StartPlans } from './backfill/start-plans.ts';
import { AwaitedOutcomes } from './history/awaited-outcomes.ts';
import { RunHistory } from './history/run-history.ts';
import type { RunTimes } from './history/run-times.ts';
import { isGangPod, type GangPod, type PodInfo } from './model.ts';
import { Planner } from './placement/planner.ts';
import type { Policy } from './policy/policy.ts';
import { OPEN_TENANCY, type Tenancy } from './policy/tenancy.ts';
import { WeightEngine } from './policy/score.ts';
import { policyFor } from './policy/select.ts';
import { StartPromises } from './outlook/promises.ts';
import { RoomRequests } from './provisioning/room-requests.ts';
import type { PreemptionContext, PreemptionContextView } from './preemption/candidates/context.ts';
import { DisruptionBudgets } from './preemption/candidates/disruption-budgets.ts';
import { PodColumns } from './preemption/candidates/pod-columns.ts';
import { ReportedWork } from './preemption/candidates/reported-work.ts';
import { BeyondMax } from './preemption/plan/beyond-max.ts';
import type { RoomRound } from './preemption/plan/make-room.ts';
import { ImagePulls } from './queue/image-pulls.ts';
import { Queues } from './queue/queues.ts';
import { Rates } from './queue/rates.ts';
import { Shares } from './queue/shares.ts';
import { QueueTree } from './queue/tree.ts';
import { Unfairness } from './queue/unfairness.ts';
import { Usage } from './queue/usage.ts';

export interface SchedulerOptions {
  /** In the order of the file; a default policy follows the last. */
  readonly policies: readonly Policy[];
  /** The queues; absent: there is one for each name that a pod says, without limits. */
  readonly tenancy?: Tenancy;
  /** Pods of these schedulers that are in no gang are scored by prioritize; others are left alone. */
  readonly schedulerNames: readonly string[];
  /** Names of resources that kube-scheduler leaves to other extenders; absent: none. */
  readonly ignoredResources?: readonly string[];
  /** How long runs take; absent: a history that begins with nothing and learns. */
  readonly runTimes?: RunTimes;
}

/** What reads see of the state: nothing in it can be changed through this view. */
export interface StateView extends PreemptionContextView {
  /** In the order of the file; a default policy follows the last. */
  readonly policies: readonly Policy[];
  /** The start times that gangs have been told. */
  readonly promises: Pick<StartPromises, 'promisedTo' | 'size'>;
  /** What the autoscaler has been asked for. */
  readonly roomRequests: Pick<RoomRequests, 'gangs' | 'of' | 'counts' | 'validMs'>;
  /** For how long queues have been treated unfairly. */
  readonly unfairness: Pick<Unfairness, 'ofQueue'>;
  /** When the last event was observed, in ms. */
  readonly lastEventMs: number | undefined;
  /** Pending pods seen before `synced` about which kube-scheduler may not ask. By UID. */
  readonly early: ReadonlyMap<string, PodInfo>;
}

/** Everything that the scheduler knows. The folders see the part of it that is theirs. */
export interface SchedulerState extends PreemptionContext {
  readonly promises: StartPromises;
  readonly roomRequests: RoomRequests;
  readonly unfairness: Unfairness;
  policies: readonly Policy[];
  tree: QueueTree;
  isSynced: boolean;
  /** Gangs are being restored: news of bound members counts as it does later. */
  isRestoring: boolean;
  lastEventMs: number | undefined;
  readonly early: Map<string, PodInfo>;
  hold: string | undefined;
  isFollowing: boolean;
  /** What queues hold beyond a max that was lowered. */
  readonly beyondMax: BeyondMax;
  /** The searches for victims that are under way in slices. */
  roomRound: RoomRound | undefined;
}

/** Nothing has been heard yet. */
const UNTOLD = {
  isSynced: false,
  isRestoring: false,
  lastEventMs: undefined,
  hold: undefined,
  isFollowing: false,
  roundStart: undefined,
  roomRound: undefined,
};

function newQueues({ tenancy = OPEN_TENANCY }: SchedulerOptions) {
  const shares = new Shares();
  const meter = new Meter();
  return {
    queues: new Queues<Gang>(shares),
    tree: new QueueTree(tenancy),
    shares,
    meter,
    usage: new Usage(meter),
    unfairness: new Unfairness(),
    rates: new Rates(tenancy.rates),
    imagePulls: new ImagePulls(),
    addresses: new Addresses(tenancy.addresses),
    startPlans: new StartPlans(),
  };
}

/** What is remembered of evictions, loans and requests to the autoscaler. */
const newMemories = () => ({
  evictions: new Evictions(),
  overclaims: new Overclaims(),
  loans: new Loans(),
  reclaims: new ReclaimHistory(),
  claimants: new Claimants(),
  asleep: new Asleep(),
  nominees: new Nominees(),
  roomRequests: new RoomRequests(),
});

/** The state before the first event. @param emit collects what a call asks of the outside */
export function newState(options: SchedulerOptions, emit: (effect: Effect) => void): SchedulerState {
  const { runTimes = new RunHistory() } = options;
  const ofQueues = newQueues(options);
  const cluster = new Cluster(ofQueues.usage, options.ignoredResources);
  const inFlight = new InFlight(cluster);
  const planner = new Planner(cluster, inFlight);
  const gangs = new Map<string, Gang>();
  const state: SchedulerState = {
    cluster,
    ledger: new Ledger(cluster, ofQueues.usage),
    planner,
    feasibility: new Feasibility(cluster, planner),
    weights: new WeightEngine(),
    ...ofQueues,
    inFlight,
    nominated: new NominatedRoom(cluster),
    gangs,
    withDeadline: new Set(),
    gangOfLeader: new Map(),
    problems: new Map(),
    classes: new Map(),
    ...newMemories(),
    disruptionBudgets: new DisruptionBudgets(),
    reportedWork: new ReportedWork(),
    podColumns: new PodColumns(cluster, gangs),
    writtenPlans: new Map(),
    beyondMax: new BeyondMax(),
    schedulerNames: new Set(options.schedulerNames),
    runTimes,
    outcomes: new AwaitedOutcomes(runTimes),
    promises: new StartPromises(),
    policies: options.policies,
    early: new Map(),
    ...UNTOLD,
    emit,
    policyOf: (pod) => policyFor(state.policies, pod),
  };
  countByRules(state);
  return watched(state);
}

function watched(state: SchedulerState): SchedulerState {
  const { occupancy } = state.cluster;
  occupancy.listenTo((node) => occupantsOf(state, node));
  occupancy.forget(watchesNodes(state.tree.tenancy));
  return state;
}

/** There are other queues: groups of namespaces and pods of no gang count as its rules say. */
export function countByRules(state: SchedulerState): void {
  state.usage.setGroups((namespace) => state.tree.groupsOf(namespace));
  state.usage.recountSingles((pod) => accountOfSingle(state, pod), state.cluster.boundPods.values());
}

/** Whether muster places the pod as a member of its gang. */
export const isGangMember = ({ policyOf }: Pick<StateView, 'policyOf'>, pod: PodInfo): pod is GangPod =>
  isGangPod(pod) && policyOf(pod).gangs === 'on';

import type { Resources } from './resources.ts';

/** A taint of a node, or the requirement that a toleration must meet. */
export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

export interface Toleration {
  /** Empty with operator Exists: tolerates every taint. */
  readonly key: string;
  readonly operator: 'Exists' | 'Equal' | 'Lt' | 'Gt';
  readonly value: string;
  /** Empty: every effect. */
  readonly effect: string;
}

/** One requirement of a node selector term, `on` a label or the name of the node (matchFields has no other field). */
export interface Requirement {
  readonly on: 'label' | 'name';
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** The constraints of a pod on its node. `affinity` terms are alternatives; all requirements of a term must hold. */
export interface Constraints {
  readonly nodeSelector: ReadonlyMap<string, string>;
  /** Absent: no required node affinity. Empty: matches no node, as in kube-scheduler. */
  readonly affinity?: readonly (readonly Requirement[])[];
  readonly tolerations: readonly Toleration[];
}

export interface NodeInfo {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly taints: readonly Taint[];
  /** Cordoned (spec.unschedulable). */
  readonly unschedulable: boolean;
  readonly allocatable: Resources;
  /** Names of images that the node already holds. */
  readonly images: ReadonlySet<string>;
}

/** One role of a gang. The first role leads the gang. */
export interface Role {
  readonly name: string;
  /** How many pods the role may have; min <= count. Dynamic allocation: count > min. */
  readonly count: number;
  /** How many must start together. */
  readonly min: number;
  /** The gang asks for members as it works (Spark's dynamic allocation): a policy may raise `min`, up to `count`. */
  readonly isDynamic?: true;
  /** The request of one member, including `pods: 1`. */
  readonly request: Resources;
  readonly constraints: Constraints;
  /** The PriorityClass of its pods, where a template declares it. */
  readonly priorityClass?: string;
}

/** The declaration of a gang, as a dialect read it from its leader. */
export interface GangSpec {
  /** `namespace/name`, unique in the cluster. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly queue: string;
  /** No member starts before as many leaders exist as the gang needs to start. Absent: it starts when one does. */
  readonly waitsForAll?: true;
  /**
   * Where the output of its members outlives them: on volumes that are reused, in a separate store, or moved to other
   * members in time. Absent: nowhere.
   */
  readonly keeps?: 'volumes' | 'store' | 'peers';
  /** The label of members that their own gang gives up (spark.kubernetes.executor.decommissionLabel). */
  readonly givesUp?: { readonly label: string; readonly value: string };
  /** The port of the leader where Spark's REST API reports on the app's executors. */
  readonly reportsAt?: { readonly port: number; readonly app: string };
}

/**
 * A pod's membership in a gang, as a dialect read it: the pod declares the gang, or is a member of a gang that another
 * pod declares, or its declaration is broken. `spec` marks the first kind, `problem` the last.
 */
export type Membership = Declaration | PlainMember | BrokenMembership;

interface MembershipBase {
  /** The gang's key, `namespace/name`. */
  readonly gang: string;
  /** '' if a broken declaration does not say it. */
  readonly role: string;
}

/** The pod declares the gang. */
interface Declaration extends MembershipBase {
  readonly spec: GangSpec;
  /** The name of the dialect that read it. */
  readonly dialect?: string;
  readonly isElastic?: undefined;
  readonly problem?: undefined;
  readonly awaits?: undefined;
}

/** Another pod declares the gang. */
interface PlainMember extends MembershipBase {
  /** An elastic member: the gang starts without it, and it takes only room that no slot holds. */
  readonly isElastic?: true;
  /** The key (livingPodKey in intake/gang-objects.ts) of the pod that will tell whether another pod declares it. */
  readonly awaits?: string;
  readonly spec?: undefined;
  readonly dialect?: undefined;
  readonly problem?: undefined;
}

/** The declaration cannot be used, and the pod waits. */
interface BrokenMembership extends MembershipBase {
  /** What is wrong, as a sentence for the user without a full stop: the reason why the pod waits. */
  readonly problem: string;
  /** The key (gangObjectKey in intake/gang-objects.ts) of the gang object that is missing. */
  readonly awaits?: string;
  readonly spec?: undefined;
  readonly dialect?: undefined;
  readonly isElastic?: undefined;
}

/** A gang's slots: role -> node -> how many. */
export type SlotCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The identity of a pod for the API server. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface PodInfo extends PodRef {
  readonly labels: ReadonlyMap<string, string>;
  readonly schedulerName: string;
  readonly priority: number;
  /** The request by kube-scheduler's formula, including `pods: 1`. */
  readonly request: Resources;
  readonly constraints: Constraints;
  readonly images: readonly string[];
  /** spec.hostNetwork: it has no address of its own. */
  readonly hostNetwork?: true;
  /** spec.nodeName; absent while the pod waits. */
  readonly node?: string;
  /** Phase Succeeded or Failed: the pod no longer takes room. */
  readonly terminal: boolean;
  /** The pod has a deletionTimestamp and still takes its room. */
  readonly deleting: boolean;
  /** status.podIP, for leaders whose gang reports the work of its members. */
  readonly address?: string;
  /** The W3C traceparent of what submitted this leader: `00-TRACE-SPAN-FLAGS` in hex. */
  readonly traceParent?: string;
  /** metadata.creationTimestamp in ms: the time from which its gang waits, also after a restart. */
  readonly createdMs?: number;
  /** The pod has muster's scheduling gate and no other gate: kube-scheduler does not ask about it. */
  readonly gated?: true;
  /** kube-scheduler found no node, and too little room on some: if all nodes are full, it asks no extender. */
  readonly crowdedOut?: true;
  /** Why kube-scheduler refused the pod last (condition PodScheduled), in its own words; absent: it did not. */
  readonly refusal?: string;
  /** The gang's slots as written in this leader's annotation; `text` is the annotation. */
  readonly reservation?: { readonly text: string; readonly slots: SlotCounts };
  /** Absent: in no gang of muster's (in none at all, or scheduled by the native spec.schedulingGroup / workloadRef). */
  readonly membership?: Membership;
  /** Facts that make its eviction expensive, cheap or forbidden; absent: there are none. */
  readonly evictionTraits?: EvictionTraits;
  /** Requests in its annotations; absent: there are none. */
  readonly priorityRequest?: PriorityRequest;
  /** An eviction plan for the gang of this leader, as written in its annotation. */
  readonly eviction?: WrittenPlan;
  /** What kind of work it leads, or is; absent: batch, or it leads nothing. */
  readonly class?: WorkClass;
  /** By what its run may be compared with earlier ones; absent: by its namespace and queue alone. */
  readonly recurrence?: Recurrence;
}

/**
 * `batch`: it ends by itself. `shared`: it serves many users or jobs, until somebody ends it. `endless`: as long, for one
 * purpose. `interactive`: somebody sits in front of it.
 */
export const WORK_CLASSES = ['batch', 'shared', 'endless', 'interactive'] as const;
export type WorkClass = (typeof WORK_CLASSES)[number];

/** What kind of work the pod leads, or is. */
export const classOf = ({ class: said = 'batch' }: Pick<PodInfo, 'class'>): WorkClass => said;

/** What a pod says of the app that it leads, or that it is: by it earlier runs are found. */
export interface Recurrence {
  /** The app's name without dates, numbers and random parts. */
  readonly app?: string;
  readonly user?: string;
  /** spec.activeDeadlineSeconds of the pod or its Job, in ms: it is ended then. */
  readonly capMs?: number;
  /** It serves until somebody ends it. */
  readonly isEndless?: true;
}

/** How a run ended, as its leader's pod says. */
export type Outcome = 'succeeded' | 'failed';

/** A pod that is in a gang or claims to be. */
export interface GangPod extends PodInfo {
  readonly membership: Membership;
}

export const isGangPod = (pod: PodInfo): pod is GangPod => pod.membership !== undefined;

/** The role that leads the gang: its first. */
export const leaderRole = ({ roles }: GangSpec): Role => {
  // Asked for every pod of a search: destructuring would walk an iterator.
  const first = roles[0];
  if (first === undefined) throw new RangeError('A gang has at least one role.');
  return first;
};

export const isLeaderRole = (spec: GangSpec, role: string): boolean => leaderRole(spec).name === role;

/** How many members of the role a gang needs to start: its minimum, and always a leader. */
export const minToStart = (spec: GangSpec, { name, min }: Role): number =>
  isLeaderRole(spec, name) ? Math.max(1, min) : min;

/** How many members of all roles together a gang needs to start: for each of them muster holds a slot. */
export const membersToStart = (spec: GangSpec): number =>
  spec.roles.reduce((sum, role) => sum + minToStart(spec, role), 0);

/** The default of the most members that a gang may need to start. */
export const MAX_GANG_MEMBERS = 10_000;

/** Whether all members are alike: every one may lead, and the gang cannot work below its minimum (as MPI). */
export const hasSingleRole = ({ roles }: GangSpec): boolean => roles.length === 1;

/** Facts about a pod that decide whether it may be evicted, and at what cost. A field that does not apply is absent. */
export interface EvictionTraits {
  /** status.startTime, in ms. */
  readonly startedMs?: number;
  /** metadata.deletionTimestamp, in ms: when the pod should be gone. */
  readonly goneByMs?: number;
  /** spec.terminationGracePeriodSeconds, in ms; absent: Kubernetes' 30 s. */
  readonly graceMs?: number;
  /** spec.priorityClassName. */
  readonly priorityClass?: string;
  /** spec.preemptionPolicy is Never. */
  readonly neverPreempts?: true;
  /** A pod of a DaemonSet that exists, or a static pod: it would come back at once on the same node. */
  readonly isPinned?: true;
  /** Annotation controller.kubernetes.io/pod-deletion-cost. */
  readonly deletionCost?: number;
  /** Container restarts so far. */
  readonly restarts?: number;
}

/** Annotations by which a leader changes the priority of its gang. */
export interface PriorityRequest {
  /** muster.dev/priority: a number, or the name of a PriorityClass. */
  readonly priority?: number | string;
  /** muster.dev/deadline. */
  readonly deadlineMs?: number;
  /** muster.dev/expected-duration. */
  readonly expectedMs?: number;
  /** Sentences for the user about annotations that muster cannot read and ignores. */
  readonly mistakes?: readonly string[];
}

/** An eviction plan as written to the leader before the first eviction. */
export interface WrittenPlan {
  /** The annotation. */
  readonly text: string;
  /** Unique among the plans of a gang. */
  readonly id: string;
  /** When all victims should be gone. */
  readonly untilMs: number;
  readonly slots: SlotCounts;
  readonly victims: readonly PodRef[];
}

/** Figures that Spark's driver reports of an executor (REST API, /applications/ID/executors). */
export interface WorkFigures {
  /** Time spent in tasks so far, in core-seconds (totalDuration / 1000). */
  readonly taskSeconds: number;
  /** Bytes of shuffle output and cache that would have to be computed again. */
  readonly keptBytes: number;
}

/** One requirement of a label selector. */
export type LabelRequirement = Omit<Requirement, 'on'>;

/** The fields of a PodDisruptionBudget that matter for evictions. */
export interface DisruptionBudget {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  /** All requirements must hold; empty: every pod of the namespace (policy/v1). */
  readonly selector: readonly LabelRequirement[];
  /** status.disruptionsAllowed. */
  readonly allowed: number;
}

export interface PriorityClass {
  readonly name: string;
  readonly value: number;
}

/**
 * How the autoscaler has answered a request for nodes. `accepted`: it looks at it. `delayed`: not now, and it tries again.
 * `provisioned`: there is room, or nodes are on their way. `expired`: the gang did not use that room in time. `revoked`:
 * the room was taken back.
 */
export const ROOM_REQUEST_STATES = [
  'asked',
  'accepted',
  'delayed',
  'provisioned',
  'failed',
  'expired',
  'revoked',
] as const;
export type RoomRequestState = (typeof ROOM_REQUEST_STATES)[number];

/** A request for nodes for a whole gang, as the API server has it (a ProvisioningRequest in the gang's namespace). */
export interface RoomRequest {
  /** The gang's key, `namespace/name`. */
  readonly gang: string;
  /** The name of the object. */
  readonly name: string;
  /** The UID of the leader that owns it. */
  readonly leader: string;
  /** The number of this request among those of the gang. */
  readonly generation: number;
  /** How many requests of the gang in a row were not met before this one. */
  readonly failures: number;
  /** What it asks for, as `shapeOf` in core/provisioning/pod-sets.ts wrote it. */
  readonly shape: string;
  /** When it was made, in ms. */
  readonly askedMs: number;
  readonly state: RoomRequestState;
  /** Since when it is in that state, in ms. */
  readonly sinceMs: number;
  /** What the autoscaler says of it, in one line; '' : nothing. */
  readonly message: string;
}

/** News about the cluster, from the shells for the core. */
export type ClusterEvent =
  | { readonly kind: 'node'; readonly node: NodeInfo }
  | { readonly kind: 'node-gone'; readonly name: string }
  | { readonly kind: 'pod'; readonly pod: PodInfo }
  /** `outcome`: how it ended, where that is known; a pod that was deleted while it ran has none. */
  | { readonly kind: 'pod-gone'; readonly uid: string; readonly outcome?: Outcome }
  | { readonly kind: 'budget'; readonly budget: DisruptionBudget }
  | { readonly kind: 'budget-gone'; readonly key: string }
  | { readonly kind: 'priority-class'; readonly priorityClass: PriorityClass }
  | { readonly kind: 'priority-class-gone'; readonly name: string }
  /**
   * How a run ended of which that was wanted (effect `outcome-wanted`), and when: by the clock of `nowMs`. Without
   * `outcome` nobody knows.
   */
  | { readonly kind: 'run-outcome'; readonly uid: string; readonly outcome?: Outcome; readonly endedMs?: number }
  /** The API server refused to evict the pod: because of a disruption budget, or muster lacks the right. */
  | { readonly kind: 'eviction-refused'; readonly uid: string; readonly reason: string }
  /** The gang's eviction plan could not be written to its leader, so that no pod may be evicted for it. */
  | { readonly kind: 'eviction-failed'; readonly gang: string; readonly reason: string }
  /** Figures of an app's members by pod UID, polled outside every decision. They replace the earlier ones. */
  | { readonly kind: 'figures'; readonly gang: string; readonly figures: ReadonlyMap<string, WorkFigures> }
  /** A request to the autoscaler is there, or has changed. */
  | { readonly kind: 'room-request'; readonly request: RoomRequest }
  | { readonly kind: 'room-request-gone'; readonly gang: string; readonly name: string }
  /** A request to the autoscaler could not be written. */
  | {
      readonly kind: 'room-request-failed';
      readonly gang: string;
      readonly generation: number;
      readonly reason: string;
    }
  /** The first complete list of nodes and pods has been observed. */
  | { readonly kind: 'synced' };

/** Candidate nodes: the nodes that kube-scheduler offers for one pod. */
export interface Candidates {
  readonly size: number;
  /** @param row of the core's table: a hint, for candidates that come from such a table */
  has(name: string, row?: number): boolean;
  names(): readonly string[];
  /** The row of each, in their order; -1: no such node. For candidates that find rows faster than by their names. */
  rows?(table: RowNames): Int32Array;
}

/** Which node has which row of the core's table. */
export interface RowNames {
  rowOf(name: string): number | undefined;
  /** '' where there is no node. */
  nameAt(row: number): string;
}

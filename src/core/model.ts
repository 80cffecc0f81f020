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

/** One requirement of a node selector term; `field` is `label` or the only matchField, `metadata.name`. */
export interface Requirement {
  readonly on: 'label' | 'name';
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** What a pod demands of its node. `affinity` terms are alternatives; requirements of a term must all hold. */
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
  /** Image names the node already holds. */
  readonly images: ReadonlySet<string>;
}

/** One role of a gang. The first role of a gang leads it. */
export interface Role {
  readonly name: string;
  /** How many pods the role may have; min <= count. Dynamic allocation: count > min. */
  readonly count: number;
  /** How many must start together. */
  readonly min: number;
  /** What one member asks of a node, `pods: 1` included. */
  readonly request: Resources;
  readonly constraints: Constraints;
}

/** The declaration of a gang, as a dialect read it from its leader. */
export interface GangSpec {
  /** `namespace/name`, unique in the cluster. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly queue: string;
  /** Where what its members have computed outlives them: on volumes that are used again, in a store of its own, or moved to other members in time. Absent: nowhere. */
  readonly keeps?: 'volumes' | 'store' | 'peers';
  /** The label that marks a member which its own gang gives up (spark.kubernetes.executor.decommissionLabel). */
  readonly givesUp?: { readonly label: string; readonly value: string };
  /** The port of the leader where Spark's REST API tells of the app's executors. */
  readonly reportsAt?: { readonly port: number; readonly app: string };
}

/**
 * A pod's part in a gang, as a dialect read it: it declares the gang, or is a member of one that another pod declares,
 * or its declaration is broken. `spec` marks the first kind, `problem` the last.
 */
export type Membership = Declaration | PlainMember | BrokenMembership;

interface MembershipBase {
  /** The gang's key, `namespace/name`. */
  readonly gang: string;
  /** '' where a broken declaration does not say it. */
  readonly role: string;
}

/** The pod declares the gang. */
interface Declaration extends MembershipBase {
  readonly spec: GangSpec;
  readonly isElastic?: undefined;
  readonly problem?: undefined;
  readonly awaits?: undefined;
}

/** Another pod declares the gang. */
interface PlainMember extends MembershipBase {
  /** The gang does not start with this member: it takes only room that no slot holds. */
  readonly isElastic?: true;
  readonly spec?: undefined;
  readonly problem?: undefined;
  readonly awaits?: undefined;
}

/** The declaration cannot be used: the pod waits with this reason. */
interface BrokenMembership extends MembershipBase {
  /** What is wrong, as a sentence for the user, without a full stop. */
  readonly problem: string;
  /** The gang object (intake/gang-objects.ts, gangObjectKey) whose appearance would solve the problem. */
  readonly awaits?: string;
  readonly spec?: undefined;
  readonly isElastic?: undefined;
}

/** A gang's slots: role -> node -> how many. */
export type SlotCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What identifies a pod to the API server. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface PodInfo extends PodRef {
  readonly labels: ReadonlyMap<string, string>;
  readonly schedulerName: string;
  readonly priority: number;
  /** By kube-scheduler's formula, `pods: 1` included. */
  readonly request: Resources;
  readonly constraints: Constraints;
  readonly images: readonly string[];
  /** spec.nodeName; absent while the pod waits. */
  readonly node?: string;
  /** Phase Succeeded or Failed: holds no room any more. */
  readonly terminal: boolean;
  /** Has a deletionTimestamp: still holds its room. */
  readonly deleting: boolean;
  /** status.podIP, of leaders whose gang reports its members' work. */
  readonly address?: string;
  /** metadata.creationTimestamp in ms: gangs stand in their queue in this order, also after a restart. */
  readonly createdMs?: number;
  /** Waits behind muster's own scheduling gate, and no other: kube-scheduler does not ask about it. */
  readonly gated?: true;
  /** kube-scheduler found no node for it, and too little room on some: where all are full, it asks no extender. */
  readonly crowdedOut?: true;
  /** The gang's slots as this leader's annotation has them; `text` is the annotation. */
  readonly reservation?: { readonly text: string; readonly slots: SlotCounts };
  /** Absent: not ours (no gang, or scheduled by the native spec.schedulingGroup / workloadRef). */
  readonly membership?: Membership;
  /** What decides how its eviction is weighed; absent: nothing out of the ordinary. */
  readonly evictionTraits?: EvictionTraits;
  /** What its annotations ask of muster; absent: nothing. */
  readonly priorityRequest?: PriorityRequest;
  /** An eviction plan for the gang of this leader, as its annotation has it. */
  readonly eviction?: WrittenPlan;
}

/** A pod that is in a gang, or says so. */
export interface GangPod extends PodInfo {
  readonly membership: Membership;
}

export const isGangPod = (pod: PodInfo): pod is GangPod => pod.membership !== undefined;

/** The role that leads the gang: its first. */
export const leaderRole = ({ roles }: GangSpec): Role => {
  const [first] = roles;
  if (first === undefined) throw new RangeError('A gang has at least one role.');
  return first;
};

export const isLeaderRole = (spec: GangSpec, role: string): boolean => leaderRole(spec).name === role;

/** How many members of the role a gang needs to start: its minimum, and always a leader. */
export const minToStart = (spec: GangSpec, { name, min }: Role): number =>
  isLeaderRole(spec, name) ? Math.max(1, min) : min;

/** One role: every member may lead, and below its minimum the gang cannot work at all (MPI, Volcano, JobSet). */
export const hasSingleRole = ({ roles }: GangSpec): boolean => roles.length === 1;

/** What a pod's eviction would cost or is forbidden by. A field that does not apply is absent. */
export interface EvictionTraits {
  /** status.startTime, in ms. */
  readonly startedMs?: number;
  /** metadata.deletionTimestamp, in ms: when it should be gone. */
  readonly goneByMs?: number;
  /** spec.terminationGracePeriodSeconds, in ms; absent: Kubernetes' 30 s. */
  readonly graceMs?: number;
  /** spec.priorityClassName. */
  readonly priorityClass?: string;
  /** spec.preemptionPolicy is Never. */
  readonly neverPreempts?: true;
  /** A DaemonSet's or a node's own (static) pod: it would come back at once, on the same node. */
  readonly isPinned?: true;
  /** Annotation controller.kubernetes.io/pod-deletion-cost. */
  readonly deletionCost?: number;
  /** Containers' restarts so far. */
  readonly restarts?: number;
}

/** Annotations by which a leader changes how important its gang is. */
export interface PriorityRequest {
  /** muster.dev/priority: a number, or the name of a PriorityClass. */
  readonly priority?: number | string;
  /** muster.dev/deadline. */
  readonly deadlineMs?: number;
  /** muster.dev/expected-duration. */
  readonly expectedMs?: number;
  /** What could not be read and is ignored, in sentences for the user. */
  readonly mistakes?: readonly string[];
}

/** An eviction plan as it was written down before the first eviction. */
export interface WrittenPlan {
  /** The annotation. */
  readonly text: string;
  /** Tells the plans of a gang apart. */
  readonly id: string;
  /** When the victims should all be gone. */
  readonly untilMs: number;
  readonly slots: SlotCounts;
  readonly victims: readonly PodRef[];
}

/** What Spark's driver reports of an executor (REST API, /applications/ID/executors). */
export interface WorkFigures {
  /** Time spent in tasks so far, in core-seconds (totalDuration / 1000). */
  readonly taskSeconds: number;
  /** Bytes of shuffle output and cache that would have to be made again. */
  readonly keptBytes: number;
}

/** One requirement of a label selector. */
export type LabelRequirement = Omit<Requirement, 'on'>;

/** A PodDisruptionBudget, as far as evictions need it. */
export interface DisruptionBudget {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  /** All must hold; empty: every pod of the namespace (policy/v1). */
  readonly selector: readonly LabelRequirement[];
  /** status.disruptionsAllowed. */
  readonly allowed: number;
}

export interface PriorityClass {
  readonly name: string;
  readonly value: number;
}

/** What the shells tell the core about the cluster. */
export type ClusterEvent =
  | { readonly kind: 'node'; readonly node: NodeInfo }
  | { readonly kind: 'node-gone'; readonly name: string }
  | { readonly kind: 'pod'; readonly pod: PodInfo }
  | { readonly kind: 'pod-gone'; readonly uid: string }
  | { readonly kind: 'budget'; readonly budget: DisruptionBudget }
  | { readonly kind: 'budget-gone'; readonly key: string }
  | { readonly kind: 'priority-class'; readonly priorityClass: PriorityClass }
  | { readonly kind: 'priority-class-gone'; readonly name: string }
  /** The API server will not evict the pod: a disruption budget stands in the way, or the right is missing. */
  | { readonly kind: 'eviction-refused'; readonly uid: string; readonly reason: string }
  /** Nobody can be evicted for the gang: its plan could not be written down. */
  | { readonly kind: 'eviction-failed'; readonly gang: string; readonly reason: string }
  /** What an app says of its members' work, polled outside every decision. By pod UID; replaces what was known. */
  | { readonly kind: 'figures'; readonly gang: string; readonly figures: ReadonlyMap<string, WorkFigures> }
  /** The first complete list of nodes and pods has been observed. */
  | { readonly kind: 'synced' };

/** The nodes that kube-scheduler offers for one pod. */
export interface Candidates {
  readonly size: number;
  /** @param row of the core's table: a hint, for candidates that come from such a table */
  has(name: string, row?: number): boolean;
  names(): readonly string[];
}

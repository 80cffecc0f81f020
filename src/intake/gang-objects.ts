import type { Json } from './field.ts';
import { DAEMON_SETS_AS_WRITTEN, type DaemonSets } from './pinned.ts';

/**
 * Compact records of the objects that declare a pod's gang or add to its declaration. A record has the name of the
 * object that it was read from.
 */
export interface GangObjectRecords {
  /** ConfigMap of a Spark driver: the keys of its `spark.properties` that a gang depends on. */
  readonly 'spark-conf': ReadonlyMap<string, string>;
  /** ConfigMap of a Spark driver that carries the executors' pod template: the template, parsed. */
  readonly 'spark-template': Json;
  /** SparkApplication of kubeflow (sparkoperator.k8s.io/v1beta2). */
  readonly 'kubeflow-app': SparkApplication;
  /** SparkApplication of Apache (spark.apache.org/v1). */
  readonly 'apache-app': SparkApplication;
  /** Replicas of a StatefulSet or Deployment that makes a Spark app's executors. */
  readonly 'spark-replicas': number;
  /** A Spark driver pod, under the value of its label `spark-app-selector`: the app runs in cluster mode. */
  readonly 'spark-driver': true;
  /** PodGroup of scheduler-plugins (scheduling.x-k8s.io/v1alpha1). */
  readonly 'pod-group': PodGroup;
  /** PodGroup of Volcano (scheduling.volcano.sh/v1beta1). */
  readonly 'volcano-group': PodGroup;
  /** How many pods with the label of such a PodGroup of scheduler-plugins have succeeded. */
  readonly 'succeeded-in-pod-group': number;
  /** The same of a pod group of Kueue. */
  readonly 'succeeded-in-kueue-group': number;
  /** batch/v1 Job. */
  readonly job: JobRecord;
  /** JobSet (jobset.x-k8s.io/v1alpha2). */
  readonly 'job-set': JobSetRecord;
}

/** A SparkApplication, translated to Spark conf keys and the executors' pod. */
export interface SparkApplication {
  readonly conf: ReadonlyMap<string, string>;
  /** The part of a core/v1 PodSpec that the operator's webhook or template adds to executors (nodeSelector, ...). */
  readonly executorPod: Json;
  /** The executors' pod template, if the application has one. */
  readonly template?: Json;
  /** How many executors make the app viable, if the operator has a field for it. */
  readonly start?: number;
}

export interface PodGroup {
  readonly minMember: number;
  /** Volcano's spec.queue. */
  readonly queue?: string;
  /** How many members have succeeded, by its status; absent: none. Of Volcano's alone it is kept current. */
  readonly succeeded?: number;
}

export interface JobRecord {
  readonly parallelism: number;
  /** Absent: any number (a work queue). */
  readonly completions?: number;
  readonly isIndexed: boolean;
  /** spec.activeDeadlineSeconds, in ms: its pods are ended then. Absent: they may run for ever. */
  readonly longestMs?: number;
}

export interface JobSetRecord {
  readonly replicatedJobs: readonly {
    readonly name: string;
    readonly replicas: number;
    readonly parallelism: number;
    /** A core/v1 PodSpec: the template of this job's pods. */
    readonly pod: Json;
  }[];
}

export type GangObjectKind = keyof GangObjectRecords;

/** Looks up the records. A missing record may still come: see Membership.awaits. */
export interface GangObjects {
  get<K extends GangObjectKind>(kind: K, namespace: string, name: string): GangObjectRecords[K] | undefined;
}

/** The key of a gang object, whether or not it exists. */
export const gangObjectKey = (kind: GangObjectKind, namespace: string, name: string) => `${kind}/${namespace}/${name}`;

/** The key of a living pod that a membership awaits, whether or not there is one. */
export const livingPodKey = (uid: string) => `living-pod/${uid}`;

/** For pods from files and in replays, which have no such objects. */
const NO_GANG_OBJECTS: GangObjects = { get: () => undefined };

export type LivingPod = 'spark-driver' | 'other';

/** The context for reading a pod. */
export interface IntakeContext {
  readonly gangObjects: GangObjects;
  /** muster's schedulers. Only their pods may declare gangs in the dialects of other gang schedulers. */
  readonly schedulerNames: ReadonlySet<string>;
  /** What the living pod of this UID is; undefined: there is none as far as is known. Absent: no pods are known. */
  readonly livingPod?: (uid: string) => LivingPod | undefined;
  /** Converts a time that an object has, in ms, to the clock of `nowMs`; absent: they are the same. */
  readonly fromWall?: (wallMs: number) => number;
  /** Judges which pods belong to a DaemonSet. */
  readonly daemonSets: DaemonSets;
  /** The most members that a gang may need to start; absent: MAX_GANG_MEMBERS. */
  readonly maxGangMembers?: number;
}

/** For files and replays. */
export const DEFAULT_CONTEXT: IntakeContext = {
  gangObjects: NO_GANG_OBJECTS,
  schedulerNames: new Set(['muster']),
  daemonSets: DAEMON_SETS_AS_WRITTEN,
};

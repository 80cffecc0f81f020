import type { Json } from './field.ts';

/**
 * Objects that a pod's gang is declared in, or that tell more of it, as compact records. A record is kept under the
 * name of the object that it was read from.
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
  /** A Spark driver pod, under the name `spark-app-selector`: the app has a driver of its own. */
  readonly 'spark-driver': true;
  /** PodGroup of scheduler-plugins (scheduling.x-k8s.io/v1alpha1). */
  readonly 'pod-group': PodGroup;
  /** PodGroup of Volcano (scheduling.volcano.sh/v1beta1). */
  readonly 'volcano-group': PodGroup;
  /** batch/v1 Job. */
  readonly job: JobRecord;
  /** JobSet (jobset.x-k8s.io/v1alpha2). */
  readonly 'job-set': JobSetRecord;
}

/** What a SparkApplication says of its gang, as the Spark conf keys that it amounts to, and the executors' pod. */
export interface SparkApplication {
  readonly conf: ReadonlyMap<string, string>;
  /** A core/v1 PodSpec in part: what the operator's webhook or template adds to executors (nodeSelector, ...). */
  readonly executorPod: Json;
  /** The executors' pod template, where the operator passes one on. */
  readonly template?: Json;
  /** How many executors make the app viable, where the operator has a word for it. */
  readonly start?: number;
}

export interface PodGroup {
  readonly minMember: number;
  /** Volcano's spec.queue. */
  readonly queue?: string;
}

export interface JobRecord {
  readonly parallelism: number;
  /** Absent: any number (a work queue). */
  readonly completions?: number;
  readonly isIndexed: boolean;
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

/** Looks gangObjects up. A record that is not there may still come: see Membership.awaits. */
export interface GangObjects {
  get<K extends GangObjectKind>(kind: K, namespace: string, name: string): GangObjectRecords[K] | undefined;
}

/** Names one gang object, whether or not it is there. */
export const gangObjectKey = (kind: GangObjectKind, namespace: string, name: string) => `${kind}/${namespace}/${name}`;

/** Where pods come from files, and beside a replay: there are none. */
const NO_GANG_OBJECTS: GangObjects = { get: () => undefined };

/** What reading a pod depends on besides the pod. */
export interface IntakeContext {
  readonly gangObjects: GangObjects;
  /** Pods of these schedulers are ours; dialects of others are read for them alone. */
  readonly schedulerNames: ReadonlySet<string>;
}

export const DEFAULT_CONTEXT: IntakeContext = { gangObjects: NO_GANG_OBJECTS, schedulerNames: new Set(['muster']) };

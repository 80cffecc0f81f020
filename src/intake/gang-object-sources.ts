import type { GangObjectKind, GangObjectRecords } from './gang-objects.ts';
import type { Json } from './field.ts';
import { jobSetOf } from './records/job-set.ts';
import { jobOf } from './records/job.ts';
import { sparkReplicasOf } from './records/spark-replicas.ts';
import { podGroupOf } from './records/pod-group.ts';
import { apacheAppOf, kubeflowAppOf } from './spark/applications.ts';
import { sparkConfOf, sparkTemplateOf } from './spark/driver-conf.ts';

/** The records read from one object of the API, by kind. */
export type GangObjectsRead = { readonly [K in GangObjectKind]?: GangObjectRecords[K] };

/** A collection of the API whose objects declare gangs. */
export interface GangObjectSource {
  /** For logs and metrics. */
  readonly name: string;
  /** The path of the collection in all namespaces. */
  readonly path: string;
  readonly kinds: readonly GangObjectKind[];
  readonly read: (object: Json) => GangObjectsRead;
}

/** All sources. A new one: one entry here, a record in gang-objects.ts, a rule in deploy/access/rbac.yaml. */
export const GANG_OBJECT_SOURCES: readonly GangObjectSource[] = [
  {
    name: 'configmaps',
    path: '/api/v1/configmaps',
    kinds: ['spark-conf', 'spark-template'],
    read: (object) => present({ 'spark-conf': sparkConfOf(object), 'spark-template': sparkTemplateOf(object) }),
  },
  {
    name: 'sparkapplications.sparkoperator.k8s.io',
    path: '/apis/sparkoperator.k8s.io/v1beta2/sparkapplications',
    kinds: ['kubeflow-app'],
    read: (object) => ({ 'kubeflow-app': kubeflowAppOf(object) }),
  },
  {
    name: 'sparkapplications.spark.apache.org',
    path: '/apis/spark.apache.org/v1/sparkapplications',
    kinds: ['apache-app'],
    read: (object) => ({ 'apache-app': apacheAppOf(object) }),
  },
  ...['statefulsets', 'deployments'].map((resource): GangObjectSource => ({
    name: resource,
    path: `/apis/apps/v1/${resource}`,
    kinds: ['spark-replicas'],
    read: (object) => present({ 'spark-replicas': sparkReplicasOf(object) }),
  })),
  {
    name: 'podgroups.scheduling.x-k8s.io',
    path: '/apis/scheduling.x-k8s.io/v1alpha1/podgroups',
    kinds: ['pod-group'],
    read: (object) => ({ 'pod-group': podGroupOf(object) }),
  },
  {
    name: 'podgroups.scheduling.volcano.sh',
    path: '/apis/scheduling.volcano.sh/v1beta1/podgroups',
    kinds: ['volcano-group'],
    read: (object) => ({ 'volcano-group': podGroupOf(object) }),
  },
  {
    name: 'jobs',
    path: '/apis/batch/v1/jobs',
    kinds: ['job'],
    read: (object) => ({ job: jobOf(object) }),
  },
  {
    name: 'jobsets',
    path: '/apis/jobset.x-k8s.io/v1alpha2/jobsets',
    kinds: ['job-set'],
    read: (object) => ({ 'job-set': jobSetOf(object) }),
  },
];

/** Drops the undefined records. */
function present(records: { readonly [K in GangObjectKind]?: GangObjectRecords[K] | undefined }): GangObjectsRead {
  return Object.fromEntries(Object.entries(records).filter(([, record]) => record !== undefined));
}

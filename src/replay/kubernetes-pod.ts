import type { Constraints, PodInfo, Role } from '../core/model.ts';
import type { Resources } from '../core/resources.ts';

/**
 * The pod as kube-scheduler would send it (core/v1), with muster's own gang declaration, so that intake reads the same
 * pod back. One container has all requests.
 */
export function toKubernetesPod(pod: PodInfo): object {
  const { membership, constraints, recurrence } = pod;
  const labels = {
    ...Object.fromEntries(pod.labels),
    ...(pod.class === undefined ? {} : { 'muster.dev/class': pod.class }),
    ...(membership ? { 'muster.dev/gang': membership.gang.split('/')[1], 'muster.dev/role': membership.role } : {}),
  };
  const { spec } = membership ?? {};
  const annotations = {
    ...(spec
      ? { 'muster.dev/roles': JSON.stringify(spec.roles.map(toDeclaration)), 'muster.dev/queue': spec.queue }
      : {}),
    ...(recurrence?.app === undefined ? {} : { 'muster.dev/app': recurrence.app }),
    ...(recurrence?.user === undefined ? {} : { 'muster.dev/user': recurrence.user }),
  };
  return {
    metadata: {
      name: pod.name,
      namespace: pod.namespace,
      uid: pod.uid,
      labels,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: {
      schedulerName: pod.schedulerName,
      priority: pod.priority,
      ...(pod.node === undefined ? {} : { nodeName: pod.node }),
      containers: [{ name: 'main', image: 'replay', resources: { requests: quantities(pod.request) } }],
      ...toKubernetesConstraints(constraints),
    },
    status: { phase: 'Pending' },
  };
}

function toDeclaration({ name, count, min, request, constraints }: Role): object {
  return {
    name,
    count,
    min,
    requests: quantities(request),
    nodeSelector: Object.fromEntries(constraints.nodeSelector),
  };
}

function toKubernetesConstraints({ nodeSelector, affinity, tolerations }: Constraints): object {
  const nodeSelectorTerms = affinity?.map((term) => ({
    matchExpressions: term
      .filter(({ on }) => on === 'label')
      .map(({ key, operator, values }) => ({ key, operator, values })),
    matchFields: term.filter(({ on }) => on === 'name').map(({ key, operator, values }) => ({ key, operator, values })),
  }));
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  return {
    nodeSelector: Object.fromEntries(nodeSelector),
    tolerations,
    ...(nodeSelectorTerms ? { affinity: { nodeAffinity: required } } : {}),
  };
}

function quantities(request: Resources): Record<string, string> {
  const entries = [...request].filter(([name]) => name !== 'pods');
  return Object.fromEntries(entries.map(([name, amount]) => [name, name === 'cpu' ? `${amount}m` : String(amount)]));
}

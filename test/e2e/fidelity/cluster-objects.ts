import type { NodeInfo, PodInfo } from '../../../src/core/model.ts';
import type { Transport } from '../../../src/kube/transport.ts';
import { toKubernetesPod } from '../../../src/replay/kubernetes-pod.ts';
import { persist } from '../harness/cluster.ts';

/** The object that the API server is sent. It gives the UID itself, and the priority by its class. */
export function podObject(info: PodInfo, schedulerName: string): object {
  const { metadata, spec } = toKubernetesPod(info) as { metadata: object; spec: object };
  const priority = { priority: undefined, priorityClassName: priorityClass(info.priority) };
  return { metadata: { ...metadata, uid: undefined }, spec: { ...spec, schedulerName, ...priority } };
}

const priorityClass = (priority: number) => `priority${priority}`;

/** A node without a kubelet: Ready, and nobody says otherwise. */
export async function createNode(transport: Transport, node: NodeInfo): Promise<void> {
  const amount = ([name, value]: readonly [string, number]) => [name, name === 'cpu' ? `${value}m` : String(value)];
  const amounts = Object.fromEntries([...node.allocatable].map(amount)) as Record<string, string>;
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }];
  const body = {
    metadata: { name: node.name, labels: Object.fromEntries(node.labels) },
    spec: { taints: node.taints },
    status: { capacity: amounts, allocatable: amounts, conditions },
  };
  await persist(transport, { method: 'POST', path: '/api/v1/nodes', body });
}

/** The classes whose names `podObject` writes. */
export async function createPriorityClasses(transport: Transport, priorities: Iterable<number>): Promise<void> {
  for (const value of new Set(priorities)) {
    const body = { metadata: { name: priorityClass(value) }, value };
    await persist(transport, { method: 'POST', path: '/apis/scheduling.k8s.io/v1/priorityclasses', body });
  }
}

/** Takes away all nodes, all priority classes, and all pods of the namespace. */
export async function clear(transport: Transport, namespace: string): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const body = { gracePeriodSeconds: 0 };
  for (const path of [pods, '/api/v1/nodes', '/apis/scheduling.k8s.io/v1/priorityclasses'])
    await persist(transport, { method: 'DELETE', path, body, timeoutMs: 60_000 });
}

import { listAt, objectAt, own, textAt, type Json } from './field.ts';

/** kubelet sets this annotation on the mirror pod of a static pod. */
const MIRROR = 'kubernetes.io/config.mirror';

/** The DaemonSet that a pod names as its controller. */
export interface DaemonSetClaim {
  /** `namespace/name`; a DaemonSet owns pods of its own namespace alone. */
  readonly daemonSet: string;
  readonly uid: string;
}

/** The cluster's DaemonSets. Whoever may create a pod may write any ownerReference into it. */
export interface DaemonSets {
  /** Whether the DaemonSet exists and is not being deleted. */
  has(claim: DaemonSetClaim): boolean;
}

/** Believes every claim: files and recorded pods come without their DaemonSets. */
export const DAEMON_SETS_AS_WRITTEN: DaemonSets = { has: () => true };

/** The DaemonSet that the pod claims as its controller, as the DaemonSet controller itself would read it. */
export function daemonSetClaimOf(pod: Json, where: string): DaemonSetClaim | undefined {
  const owner = controllerOf(pod, where, 'apps/v1', 'DaemonSet');
  const namespace = textAt(objectAt(pod, 'metadata', where) ?? {}, 'namespace', `${where}.metadata`) || 'default';
  return owner && { daemonSet: `${namespace}/${owner.name}`, uid: owner.uid };
}

/**
 * Whether the pod is the mirror of a static pod: it has kubelet's annotation, and its controller is the Node that it
 * runs on. Anybody may write both. A kubelet starts no container of a pod with this annotation, and deletes the pod if
 * it has no such static pod (HandlePodCleanups, pkg/kubelet/kubelet_pods.go, 1.36).
 */
export function isStaticPod(pod: Json, where: string): boolean {
  const metadata = objectAt(pod, 'metadata', where) ?? {};
  const annotations = objectAt(metadata, 'annotations', `${where}.metadata`) ?? {};
  if (own(annotations, MIRROR) === undefined) return false;
  const node = textAt(objectAt(pod, 'spec', where) ?? {}, 'nodeName', `${where}.spec`);
  return Boolean(node) && controllerOf(pod, where, 'v1', 'Node')?.name === node;
}

interface Controller {
  readonly name: string;
  readonly uid: string;
}

/** The ownerReference with `controller: true`, of which a pod has at most one, if it has this kind. */
function controllerOf(pod: Json, where: string, apiVersion: string, kind: string): Controller | undefined {
  const owners = listAt(objectAt(pod, 'metadata', where) ?? {}, 'ownerReferences', `${where}.metadata`);
  for (const owner of owners) {
    if (typeof owner !== 'object' || owner === null) continue;
    const is = (key: string, value: unknown) => own(owner as Json, key) === value;
    if (is('controller', true) && is('apiVersion', apiVersion) && is('kind', kind))
      return { name: String(own(owner as Json, 'name')), uid: String(own(owner as Json, 'uid')) };
  }
  return undefined;
}

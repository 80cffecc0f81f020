import type { Resources } from '../core/resources.ts';
import { objectAt, objectsAt, own, textAt, type Json } from './field.ts';
import { cappedUnits, parseQuantity, wholeUnits } from './quantity.ts';
import { Interned, sharedKey } from './interning.ts';

/** Amounts by resource name, in billionths of the unit: exact until the end. */
type Exact = Map<string, bigint>;

/** Resources that a pod-level request replaces; others stay the sum of the containers. */
const isPodLevel = (name: string) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

const known = new Interned<Resources>();

/**
 * The resources that a pod requests from its node.
 *
 * Per resource: the larger of (a) containers plus sidecars and (b) the largest ordinary init container beside the
 * sidecars declared before it. Pod-level cpu, memory and hugepages replace that; overhead is added. In an assigned pod,
 * a container that is being resized in place counts with the largest of its request and the amounts in its status.
 *
 * @param pod as the API server sent it; `spec` and, for an assigned pod, `status` are read
 * @param where the pod's path, for errors
 * An assigned pod takes room whatever it asks, so that its amounts end at 2^53 - 1: the kubelet runs it even if it asks
 * for a huge amount of a resource that the node does not have (removeMissingExtendedResources,
 * pkg/kubelet/lifecycle/predicate.go, v0.36).
 *
 * @returns integers, rounded up once: cpu in millicores, memory and storage in bytes, others in their own unit; `pods`
 *   1
 * @throws MusterError MUSTER_QUANTITY_INVALID, MUSTER_OBJECT_INVALID
 * @see k8s.io/component-helpers/resource PodRequests, v0.36.3; not mirrored: DRA, and resize of pod-level resources
 */
export function podRequest(pod: Json, where: string): Resources {
  const spec = objectAt(pod, 'spec', where) ?? {};
  const key = keyOf(pod, spec, where);
  return key === undefined ? readRequest(pod, spec, where) : known.of(key, () => readRequest(pod, spec, where));
}

/** Of a pod whose parts many pods have in common: what the request depends on. */
function keyOf(pod: Json, spec: Json, where: string): string | undefined {
  const status = objectAt(pod, 'status', where) ?? {};
  const ofSpec = ['containers', 'initContainers', 'overhead', 'resources'].map((part) => own(spec, part));
  if (!textAt(spec, 'nodeName', `${where}.spec`)) return sharedKey(ofSpec);
  const ofStatus = ['containerStatuses', 'initContainerStatuses', 'conditions'].map((part) => own(status, part));
  const key = sharedKey([...ofSpec, ...ofStatus]);
  return key && `assigned ${key}`;
}

function readRequest(pod: Json, spec: Json, where: string): Resources {
  const path = `${where}.spec`;
  const statuses = textAt(spec, 'nodeName', path) ? containerStatuses(pod, where) : undefined;
  const total = containersTotal(spec, path, statuses);
  const podLevel = requestsOf(spec, path);
  if ([...podLevel.keys()].some(isPodLevel)) {
    for (const [name, amount] of podLevel) if (isPodLevel(name)) total.set(name, amount);
  }
  add(total, exactAt(spec, 'overhead', path));
  const out = new Map<string, number>();
  const units = statuses ? cappedUnits : wholeUnits;
  for (const [name, amount] of total) if (amount > 0n) out.set(name, units(amount, name, where));
  out.set('pods', 1);
  return known.of(JSON.stringify([...out]), () => out);
}

function containersTotal(spec: Json, path: string, statuses: Statuses | undefined): Exact {
  const sum: Exact = new Map();
  objectsAt(spec, 'containers', path).forEach((container, i) => {
    add(sum, effective(container, `${path}.containers[${i}]`, statuses));
  });
  const sidecars: Exact = new Map();
  const peak: Exact = new Map();
  objectsAt(spec, 'initContainers', path).forEach((container, i) => {
    const at = `${path}.initContainers[${i}]`;
    const isSidecar = textAt(container, 'restartPolicy', at) === 'Always';
    const request = effective(container, at, isSidecar ? statuses : undefined);
    if (isSidecar) {
      add(sidecars, request);
      raise(peak, sidecars);
    } else raise(peak, plus(sidecars, request));
  });
  add(sum, sidecars);
  raise(sum, peak);
  return sum;
}

interface Statuses {
  readonly byName: ReadonlyMap<string, { readonly status: Json; readonly where: string }>;
  readonly isInfeasible: boolean;
}

function containerStatuses(pod: Json, where: string): Statuses {
  const status = objectAt(pod, 'status', where) ?? {};
  const at = `${where}.status`;
  const byName = new Map<string, { status: Json; where: string }>();
  for (const list of ['containerStatuses', 'initContainerStatuses']) {
    objectsAt(status, list, at).forEach((one, i) => {
      const path = `${at}.${list}[${i}]`;
      byName.set(textAt(one, 'name', path) ?? '', { status: one, where: path });
    });
  }
  const isInfeasible = objectsAt(status, 'conditions', at).some(
    (one) => own(one, 'type') === 'PodResizePending' && own(one, 'reason') === 'Infeasible',
  );
  return { byName, isInfeasible };
}

/**
 * The rule of 1.33 to 1.36 for one container: the largest of spec, actual and allocated; without spec if infeasible.
 */
function effective(container: Json, where: string, statuses: Statuses | undefined): Exact {
  const asked = requestsOf(container, where);
  const found = statuses?.byName.get(textAt(container, 'name', where) ?? '');
  if (!statuses || !found || !objectAt(found.status, 'resources', found.where)) return asked;
  const out: Exact = new Map(statuses.isInfeasible ? [] : asked);
  raise(out, requestsOf(found.status, found.where));
  raise(out, exactAt(found.status, 'allocatedResources', found.where));
  return out;
}

function requestsOf(holder: Json, where: string): Exact {
  const resources = objectAt(holder, 'resources', where);
  return resources ? exactAt(resources, 'requests', `${where}.resources`) : new Map<string, bigint>();
}

/** A map of quantities; empty for null and for an absent key. */
function exactAt(parent: Json, key: string, where: string): Exact {
  const out: Exact = new Map();
  for (const [name, value] of Object.entries(objectAt(parent, key, where) ?? {})) {
    out.set(name, parseQuantity(value, `${where}.${key}.${name.slice(0, 80)}`));
  }
  return out;
}

/** A node's allocatable, or a role's declared requests, in whole units. */
export function amountsAt(parent: Json, key: string, where: string): Map<string, number> {
  const out = new Map<string, number>();
  for (const [name, nano] of exactAt(parent, key, where)) out.set(name, wholeUnits(nano, name, `${where}.${key}`));
  return out;
}

function add(to: Exact, amounts: Exact): void {
  for (const [name, amount] of amounts) to.set(name, (to.get(name) ?? 0n) + amount);
}

function plus(a: Exact, b: Exact): Exact {
  const out: Exact = new Map(a);
  add(out, b);
  return out;
}

/** `to` becomes at least `amounts`, name by name. */
function raise(to: Exact, amounts: Exact): void {
  for (const [name, amount] of amounts) if (amount > (to.get(name) ?? 0n)) to.set(name, amount);
}

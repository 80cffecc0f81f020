import type { FilterRequest, PreemptRequest, VictimProposal } from '../core/decision.ts';
import { MusterError } from '../core/errors.ts';
import type { Candidates, PodInfo, PodRef } from '../core/model.ts';
import { DEFAULT_CONTEXT, type IntakeContext } from '../intake/gang-objects.ts';
import { asObject, integerAt, listAt, nameAt, objectAt, own, textAt, type Json } from '../intake/field.ts';
import { toPodInfo } from '../intake/pod.ts';
import { shown } from '../intake/wording.ts';
import { NameList } from './name-list.ts';

/** Whether kube-scheduler sent names (nodeCacheCapable: true) or whole nodes; the answer has the same form. */
export type WireMode = 'names' | 'nodes';

export interface WireFilterRequest extends FilterRequest {
  readonly mode: WireMode;
}

/** Reads the value of `Pod`, or ignores it where a better source knows the pod. */
export type PodReader = (value: unknown) => PodInfo;

/** Believes the request. @throws MusterError as toPodInfo */
export const readPod =
  (context: IntakeContext = DEFAULT_CONTEXT): PodReader =>
  (value) =>
    toPodInfo(value, 'Pod', context);

/**
 * Which pod the body of any verb is about.
 * @throws MusterError MUSTER_WIRE_BAD_BODY, MUSTER_OBJECT_INVALID
 */
export function toPodRef(body: unknown): PodRef {
  const metadata = objectAt(asObject(field(argsOf(body), 'Pod'), 'Pod'), 'metadata', 'Pod') ?? {};
  const [at, namespace] = ['Pod.metadata', textAt(metadata, 'namespace', 'Pod.metadata') || 'default'];
  return { namespace, name: nameAt(metadata, 'name', at), uid: nameAt(metadata, 'uid', at) };
}

/**
 * ExtenderArgs: the body of filter and prioritize (staging/src/k8s.io/kube-scheduler/extender/v1/types.go). As in Go,
 * keys may have any casing and unknown keys are ignored.
 * @throws MusterError MUSTER_WIRE_BAD_BODY, or an error of the reader
 */
export function toFilterRequest(body: unknown, podOf: PodReader = readPod()): WireFilterRequest {
  const args = argsOf(body);
  const pod = podOf(field(args, 'Pod'));
  const names = field(args, 'NodeNames');
  if (names instanceof NameList) return { pod, candidates: names, mode: 'names' };
  if (names !== undefined && names !== null) {
    return { pod, candidates: candidatesOf(namesIn(names, 'NodeNames')), mode: 'names' };
  }
  const nodes = field(args, 'Nodes');
  if (nodes === undefined || nodes === null)
    throw badBody('NodeNames and Nodes: one of them is required, but both are missing');
  const items = listAt(asObject(nodes, 'Nodes'), 'items', 'Nodes').map((item, i) => {
    const at = `Nodes.items[${i}]`;
    return nameAt(objectAt(asObject(item, at), 'metadata', at) ?? {}, 'name', `${at}.metadata`);
  });
  return { pod, candidates: candidatesOf(namesIn(items, 'Nodes.items')), mode: 'nodes' };
}

/**
 * ExtenderPreemptionArgs. A node that is null or has a null list has no victims.
 * @throws MusterError MUSTER_WIRE_BAD_BODY, or an error of the reader
 */
export function toPreemptRequest(body: unknown, podOf: PodReader = readPod()): PreemptRequest {
  const args = argsOf(body);
  const pod = podOf(field(args, 'Pod'));
  const [meta, full] = [field(args, 'NodeNameToMetaVictims'), field(args, 'NodeNameToVictims')];
  const victims = new Map<string, VictimProposal>();
  const where = meta ? 'NodeNameToMetaVictims' : 'NodeNameToVictims';
  for (const [node, entry] of Object.entries(asObject(meta ?? full ?? {}, where))) {
    const at = `${where}[${shown(node)}]`;
    if (entry === null) victims.set(checkedName(node, where), { uids: [], pdbViolations: 0 });
    else victims.set(checkedName(node, where), proposalOf(asObject(entry, at), at));
  }
  return { pod, victims };
}

function proposalOf(entry: Json, at: string): VictimProposal {
  const pods = field(entry, 'Pods') ?? [];
  if (!Array.isArray(pods)) throw badBody(`${at}.Pods: expected a list, got ${shown(pods)}`);
  const uids = pods
    .filter((pod) => pod !== null)
    .map((pod, i) => {
      const victim = asObject(pod, `${at}.Pods[${i}]`);
      const uid = field(victim, 'UID') ?? own(objectAt(victim, 'metadata', `${at}.Pods[${i}]`) ?? {}, 'uid');
      if (typeof uid !== 'string' || uid === '')
        throw badBody(`${at}.Pods[${i}].UID: expected a UID, got ${shown(uid)}`);
      return uid;
    });
  const pdbViolations = integerAt({ NumPDBViolations: field(entry, 'NumPDBViolations') }, 'NumPDBViolations', at) ?? 0;
  return { uids, pdbViolations };
}

function argsOf(body: unknown): Json {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badBody(`body: expected an object with Pod and NodeNames, got ${shown(body)}`);
  }
  return body as Json;
}

/** The value of a key as Go finds it: the exact key, else one with another casing. */
function field(object: Json, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const lower = name.toLowerCase();
  const key = Object.keys(object).find((one) => one.toLowerCase() === lower);
  return key === undefined ? undefined : object[key];
}

/** An RFC 1123 subdomain, as node names are. Names that match need no escaping in JSON. */
const NODE_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

const isNodeName = (name: unknown): name is string => typeof name === 'string' && NODE_NAME.test(name);

function namesIn(value: unknown, where: string): readonly string[] {
  if (!Array.isArray(value)) throw badBody(`${where}: expected a list, got ${shown(value)}`);
  // Only a wrong name gets a text for its place: 5,000 texts would cost more than the decision.
  value.forEach((name, i) => isNodeName(name) || checkedName(name, `${where}[${i}]`));
  return value as string[];
}

function checkedName(name: unknown, where: string): string {
  if (isNodeName(name)) return name;
  throw badBody(`${where}: expected the name of a node, got ${shown(name)}`);
}

/** Each name once, in the order of the request. */
function candidatesOf(list: readonly string[]): Candidates {
  const set = new Set(list);
  const names = set.size === list.length ? list : [...set];
  return { size: names.length, has: (name) => set.has(name), names: () => names };
}

function badBody(what: string): MusterError {
  return new MusterError('MUSTER_WIRE_BAD_BODY', `${what}.`);
}

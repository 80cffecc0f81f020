import { createHash } from 'node:crypto';
import { MusterError } from '../../core/errors.ts';
import type { PodRef, RoomRequest, RoomRequestState } from '../../core/model.ts';
import type { RoomAsk } from '../../core/provisioning/room-request.ts';
import { asObject, integerAt, nameAt, objectAt, objectsAt, textAt, type Json } from '../../intake/field.ts';

export const GROUP = 'autoscaling.x-k8s.io';
/** The versions of the API, the one to use first. cluster-autoscaler 1.30 has v1beta1 alone. */
export const VERSIONS = ['v1', 'v1beta1'] as const;
export type ApiVersion = (typeof VERSIONS)[number];

/** The label of all requests and pod templates that muster makes, with value `gang`. */
export const LABEL = 'muster.dev/room-request';
/** The annotation of a request that says, as JSON, for which gang it is and what it asks for. */
const ASKS_FOR = 'muster.dev/asks-for';
/** So much is shown of what an autoscaler says. */
const LONGEST_MESSAGE = 300;

/** The name of a gang's request: nobody chooses it, and the next request of the gang has another. */
export function requestName({ leader, generation }: { readonly leader: string; readonly generation: number }): string {
  return `muster-${createHash('sha256').update(leader).digest('hex').slice(0, 16)}-${generation}`;
}

/** The names of the pod templates of a request, in the order of its pod sets. */
export const templateNames = (request: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${request}-${i}`);

/** The metadata that a request and its templates share. With its leader, Kubernetes deletes all of them. */
export function metadataFor(name: string, leader: PodRef) {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: leader.name, uid: leader.uid };
  return { name, namespace: leader.namespace, labels: { [LABEL]: 'gang' }, ownerReferences: [owner] };
}

/** The API server refuses more pod sets in one request. */
const MOST_POD_SETS = 32;

/** How many pod sets a request has. */
export function podSetCount(object: Json): number {
  const spec = objectAt(object, 'spec', 'ProvisioningRequest') ?? {};
  return Math.min(objectsAt(spec, 'podSets', 'ProvisioningRequest.spec').length, MOST_POD_SETS);
}

export interface RequestClass {
  /** spec.provisioningClassName */
  readonly name: string;
  /** spec.parameters */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The object that asks for the gang. */
export function requestObject(
  ask: RoomAsk,
  { name: provisioningClassName, parameters }: RequestClass,
  version: ApiVersion,
) {
  const { gang, leader, generation, failures, podSets, shape } = ask;
  const name = requestName({ leader: leader.uid, generation });
  const asksFor = JSON.stringify({ gang: gang.slice(gang.indexOf('/') + 1), generation, failures, shape });
  const templates = templateNames(name, podSets.length);
  return {
    apiVersion: `${GROUP}/${version}`,
    kind: 'ProvisioningRequest',
    metadata: { ...metadataFor(name, leader), annotations: { [ASKS_FOR]: asksFor } },
    spec: {
      provisioningClassName,
      parameters,
      podSets: podSets.map(({ count }, i) => ({ count, podTemplateRef: { name: templates[i]! } })),
    },
  };
}

/** The UID of the pod that owns the object; undefined: none does. */
export function ownerOf(object: Json): string | undefined {
  const metadata = objectAt(object, 'metadata', 'ProvisioningRequest') ?? {};
  const owner = objectsAt(metadata, 'ownerReferences', 'metadata').find((one) => one['kind'] === 'Pod');
  return owner && textAt(owner, 'uid', 'metadata.ownerReferences');
}

/**
 * Reads a request of muster's.
 * @param fromWall wall time in ms as time of the core
 * @throws MusterError if it is none, whatever its label says: its name does not follow from its owner
 */
export function readRequest(object: Json, fromWall: (ms: number) => number): RoomRequest {
  const where = 'ProvisioningRequest';
  const metadata = objectAt(object, 'metadata', where) ?? {};
  const [namespace, name] = [nameAt(metadata, 'namespace', where), nameAt(metadata, 'name', where)];
  const annotations = objectAt(metadata, 'annotations', where) ?? {};
  const asksFor = parsed(nameAt(annotations, ASKS_FOR, `${where}.metadata.annotations`));
  const generation = integerAt(asksFor, 'generation', ASKS_FOR) ?? 0;
  const leader = ownerOf(object) ?? '';
  if (name !== requestName({ leader, generation }))
    throw new MusterError('MUSTER_OBJECT_INVALID', `${where} ${namespace}/${name}: is not named as muster names them.`);
  const askedMs = fromWall(Date.parse(textAt(metadata, 'creationTimestamp', where) ?? ''));
  const status = objectAt(object, 'status', where) ?? {};
  return {
    gang: `${namespace}/${nameAt(asksFor, 'gang', ASKS_FOR)}`,
    name,
    leader,
    generation,
    failures: Math.max(0, integerAt(asksFor, 'failures', ASKS_FOR) ?? 0),
    shape: textAt(asksFor, 'shape', ASKS_FOR) ?? '',
    askedMs: Number.isFinite(askedMs) ? askedMs : 0,
    ...answerOf(objectsAt(status, 'conditions', `${where}.status`), askedMs, fromWall),
  };
}

function parsed(text: string): Json {
  try {
    return asObject(JSON.parse(text), ASKS_FOR);
  } catch {
    throw new MusterError(
      'MUSTER_OBJECT_INVALID',
      `ProvisioningRequest.metadata.annotations.${ASKS_FOR}: is no JSON object.`,
    );
  }
}

/** Conditions by what they mean, the last word of the autoscaler first. */
const ANSWERS: readonly (readonly [type: string, status: string, state: RoomRequestState])[] = [
  ['Failed', 'True', 'failed'],
  ['CapacityRevoked', 'True', 'revoked'],
  ['BookingExpired', 'True', 'expired'],
  ['Provisioned', 'True', 'provisioned'],
  ['Provisioned', 'False', 'delayed'],
  ['Accepted', 'True', 'accepted'],
];

function answerOf(
  conditions: readonly Json[],
  askedMs: number,
  fromWall: (ms: number) => number,
): Pick<RoomRequest, 'state' | 'sinceMs' | 'message'> {
  for (const [type, status, state] of ANSWERS) {
    const found = conditions.find((one) => one['type'] === type && one['status'] === status);
    if (!found) continue;
    const sinceMs = fromWall(Date.parse(textAt(found, 'lastTransitionTime', 'condition') ?? ''));
    const message = oneLine(textAt(found, 'message', 'condition') ?? '');
    return { state, sinceMs: Number.isFinite(sinceMs) ? sinceMs : askedMs, message };
  }
  return { state: 'asked', sinceMs: askedMs, message: '' };
}

/** Whoever may write a status may write anything. */
function oneLine(text: string): string {
  const plain = text
    .slice(0, 4 * LONGEST_MESSAGE)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  return plain.length <= LONGEST_MESSAGE ? plain : `${plain.slice(0, LONGEST_MESSAGE - 3)}...`;
}

import { isIP } from 'node:net';
import type { PodInfo } from '../core/model.ts';
import { DEFAULT_CONTEXT, type IntakeContext } from './gang-objects.ts';
import { workClassOf } from './class-of.ts';
import { constraintsOf } from './constraints.ts';
import { membershipOf } from './dialects/registry.ts';
import { asObject, integerAt, nameAt, objectAt, objectsAt, own, textAt, textMapAt, type Json } from './field.ts';
import { traceParentOf } from './trace-parent.ts';
import { EVICTION, parsePlan } from './eviction-plan.ts';
import { podRequest } from './pod-request.ts';
import { recurrenceOf, withJob } from './recurrence.ts';
import { parseReservation, RESERVATION } from './reservation.ts';
import { Interned, internedText, sharedKey } from './interning.ts';
import { evictionTraitsOf } from './eviction-traits.ts';

/**
 * Reads a core/v1 Pod. Ignores fields that muster does not use; null is the same as absent, since Go writes nulls.
 *
 * @param where the pod's place for errors: `Pod`, or `pods.yaml: items[3]`
 * @param context the other objects that may declare the pod's gang
 * @throws MusterError MUSTER_OBJECT_INVALID, MUSTER_QUANTITY_INVALID; not for a wrong gang declaration, which is a
 *   reason to wait (`membership.problem`)
 */
export function toPodInfo(value: unknown, where: string, context: IntakeContext = DEFAULT_CONTEXT): PodInfo {
  const pod = asObject(value, where);
  const metadata = objectAt(pod, 'metadata', where) ?? {};
  const spec = objectAt(pod, 'spec', where) ?? {};
  const status = objectAt(pod, 'status', where) ?? {};
  const at = `${where}.metadata`;
  const phase = textAt(status, 'phase', `${where}.status`);
  const base: Draft = {
    uid: nameAt(metadata, 'uid', at),
    name: nameAt(metadata, 'name', at),
    namespace: internedText(textAt(metadata, 'namespace', at) || 'default'),
    labels: textMapAt(metadata, 'labels', at),
    schedulerName: internedText(textAt(spec, 'schedulerName', `${where}.spec`) || 'default-scheduler'),
    priority: integerAt(spec, 'priority', `${where}.spec`) ?? 0,
    request: podRequest(pod, where),
    constraints: constraintsOf(spec, `${where}.spec`),
    images: imagesOf(spec, `${where}.spec`),
    terminal: phase === 'Succeeded' || phase === 'Failed',
    deleting: Boolean(own(metadata, 'deletionTimestamp')),
  };
  const annotations = textMapAt(metadata, 'annotations', at);
  const membership = isNativelyScheduled(spec)
    ? undefined
    : membershipOf({ pod: base, annotations, object: pod, context });
  const recurs = recurrencePart(base, { annotations, object: pod }, membership, context);
  addLivePart(base, { pod, where, annotations, context });
  const { fromWall = asItIs } = context;
  const traits = evictionTraitsOf({ pod, where, annotations, daemonSets: context.daemonSets, fromWall });
  return Object.assign(base, traits, recurs, gangPart({ object: pod, annotations }, where, membership));
}

/** Filled field by field: an object that grows takes half the memory of a spread one, and there is one per pod. */
type Draft = { -readonly [K in keyof PodInfo]: PodInfo[K] };

const asItIs = (ms: number) => ms;

/** The part of a Pod object in which it says which gang it is in. */
export interface MembershipSource {
  readonly annotations: ReadonlyMap<string, string>;
  readonly object: Json;
}

/** What `rereadMembership` needs of a Pod object: far less than the object. */
export function membershipSource(pod: Json, where: string): MembershipSource {
  const metadata = objectAt(pod, 'metadata', where) ?? {};
  const spec = objectAt(pod, 'spec', where) ?? {};
  const status = objectAt(pod, 'status', where) ?? {};
  const part = (from: Json, keys: readonly string[]) =>
    Object.fromEntries(keys.filter((key) => own(from, key) !== undefined).map((key) => [key, from[key]]));
  const object = {
    metadata: part(metadata, ['ownerReferences']),
    spec: part(spec, ['volumes', 'schedulingGroup', 'workloadRef']),
    status: part(status, ['podIP']),
  };
  return { annotations: textMapAt(metadata, 'annotations', `${where}.metadata`), object };
}

/** The pod with its membership as the gang objects declare it now. */
export function rereadMembership(
  pod: PodInfo,
  { annotations, object }: MembershipSource,
  context: IntakeContext,
): PodInfo {
  const bare: { -readonly [K in keyof PodInfo]: PodInfo[K] } = { ...pod };
  delete bare.membership;
  delete bare.address;
  delete bare.traceParent;
  const isOthers = isNativelyScheduled(objectAt(object, 'spec', 'Pod') ?? {});
  const membership = isOthers ? undefined : membershipOf({ pod: bare, annotations, object, context });
  const recurrence =
    bare.recurrence && withJob(bare.recurrence, { pod: bare, object, gangObjects: context.gangObjects });
  return Object.assign(bare, recurrence ? { recurrence } : {}, gangPart({ object, annotations }, 'Pod', membership));
}

/** Only leaders and pods of no gang say what work and which run they are of: there are far more members. */
function recurrencePart(
  pod: PodInfo,
  { annotations, object }: MembershipSource,
  membership: PodInfo['membership'],
  { schedulerNames, gangObjects }: IntakeContext,
): Pick<PodInfo, 'recurrence' | 'class'> {
  const isPlainMember = membership && !membership.spec && membership.problem === undefined;
  if (isPlainMember || (!membership && !schedulerNames.has(pod.schedulerName))) return {};
  const gang = membership?.gang.slice(pod.namespace.length + 1);
  const workClass = workClassOf({ pod, object, annotations, membership });
  const recurs = recurrenceOf({ pod, object, annotations, gang, workClass });
  const recurrence = withJob(recurs, { pod, object, gangObjects });
  return { ...(recurrence ? { recurrence } : {}), ...(workClass ? { class: workClass } : {}) };
}

function gangPart(
  { object, annotations }: MembershipSource,
  where: string,
  membership: PodInfo['membership'],
): Pick<PodInfo, 'membership' | 'address' | 'traceParent'> {
  if (!membership?.spec) return membership ? { membership } : {};
  const address = membership.spec.reportsAt && addressOf(object, where);
  const traceParent = traceParentOf(annotations);
  return {
    membership,
    ...(address === undefined ? {} : { address }),
    ...(traceParent === undefined ? {} : { traceParent }),
  };
}

function addressOf(pod: Json, where: string): string | undefined {
  const text = textAt(objectAt(pod, 'status', where) ?? {}, 'podIP', `${where}.status`);
  return text !== undefined && isIP(text) !== 0 ? text : undefined;
}

/** The scheduling gate that muster's webhook puts on leaders. muster lifts it once the gang has its room. */
export const GATE = 'muster.dev/gang';

interface Source {
  readonly pod: Json;
  readonly where: string;
  readonly annotations: ReadonlyMap<string, string>;
  readonly context: IntakeContext;
}

/** Adds the fields of a pod that change during its life; a field that does not apply is absent. */
function addLivePart(draft: Draft, { pod, where, annotations, context }: Source): void {
  const { fromWall = asItIs, maxGangMembers } = context;
  const metadata = objectAt(pod, 'metadata', where) ?? {};
  const spec = objectAt(pod, 'spec', where) ?? {};
  const node = textAt(spec, 'nodeName', `${where}.spec`);
  const createdMs = Date.parse(textAt(metadata, 'creationTimestamp', `${where}.metadata`) ?? '');
  const gates = objectsAt(spec, 'schedulingGates', `${where}.spec`);
  if (node) draft.node = internedText(node);
  if (own(spec, 'hostNetwork') === true) draft.hostNetwork = true;
  if (Number.isFinite(createdMs)) draft.createdMs = fromWall(createdMs);
  if (gates.length === 1 && own(gates[0]!, 'name') === GATE) draft.gated = true;
  if (!node) addRefusal(draft, pod, where);
  const reservation = parseReservation(annotations.get(RESERVATION), maxGangMembers);
  if (reservation) draft.reservation = reservation;
  const eviction = parsePlan(annotations.get(EVICTION));
  if (eviction) draft.eviction = { ...eviction, untilMs: fromWall(eviction.untilMs) };
}

/** Reasons of plugin NodeResourcesFit (fitsRequest, pkg/scheduler/framework/plugins/noderesources/fit.go, 1.36). */
const LACKS_ROOM = /\b(Insufficient|Too many pods)\b/;

/** More than kube-scheduler writes: enough to tell refusals apart. */
const MAX_REFUSAL = 4096;

function addRefusal(draft: Draft, pod: Json, where: string): void {
  const status = objectAt(pod, 'status', where) ?? {};
  const refused = objectsAt(status, 'conditions', `${where}.status`).find(
    (one) => own(one, 'type') === 'PodScheduled' && own(one, 'status') === 'False',
  );
  // The API server says this of a pod with scheduling gates, not kube-scheduler.
  if (!refused || own(refused, 'reason') === 'SchedulingGated') return;
  const [reason, message] = [String(own(refused, 'reason')), String(own(refused, 'message'))];
  draft.refusal = internedText(`${reason}: ${message}`.slice(0, MAX_REFUSAL));
  if (reason === 'Unschedulable' && LACKS_ROOM.test(message)) draft.crowdedOut = true;
}

/**
 * Whether kube-scheduler itself schedules the pod's gang (spec.workloadRef in 1.35, spec.schedulingGroup from 1.36).
 */
function isNativelyScheduled(spec: Json): boolean {
  return Boolean(own(spec, 'schedulingGroup')) || Boolean(own(spec, 'workloadRef'));
}

const imageLists = new Interned<readonly string[]>();

function imagesOf(spec: Json, where: string): readonly string[] {
  const key = sharedKey([own(spec, 'containers'), own(spec, 'initContainers')]);
  return key === undefined ? readImages(spec, where) : imageLists.of(key, () => readImages(spec, where));
}

function readImages(spec: Json, where: string): readonly string[] {
  const images = new Set<string>();
  for (const list of ['containers', 'initContainers']) {
    objectsAt(spec, list, where).forEach((container, i) => {
      const image = textAt(container, 'image', `${where}.${list}[${i}]`);
      if (image) images.add(image);
    });
  }
  return imageLists.of(JSON.stringify([...images]), () => [...images]);
}

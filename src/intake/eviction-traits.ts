import type { PodInfo, EvictionTraits, PriorityRequest } from '../core/model.ts';
import { parseDuration } from './duration.ts';
import { objectAt, objectsAt, own, textAt, type Json } from './field.ts';
import { shown } from './wording.ts';
import { internedText } from './interning.ts';
import { daemonSetClaimOf, isStaticPod, type DaemonSets } from './pinned.ts';

const PRIORITY = 'muster.dev/priority';
const DEADLINE = 'muster.dev/deadline';
const EXPECTED = 'muster.dev/expected-duration';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const INTEGER = /^[+-]?\d{1,10}$/;
/** RFC 3339 with a zone, as the API server writes times. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;
const CLASS_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const HIGHEST = 1_000_000_000;
/** Kubernetes' default, in seconds. Not stored, to save memory for every pod. */
const DEFAULT_GRACE_S = 30;

type Part = Pick<PodInfo, 'evictionTraits' | 'priorityRequest'>;

type FromWall = (wallMs: number) => number;

interface Read {
  readonly pod: Json;
  readonly where: string;
  readonly annotations: ReadonlyMap<string, string>;
  readonly daemonSets: DaemonSets;
  /** Converts the pod's times to the clock of `nowMs`. */
  readonly fromWall: FromWall;
}

/** A pod's eviction traits and the priority that its annotations request. A part without any value is absent. */
export function evictionTraitsOf(read: Read): Part {
  const { pod, where, annotations, fromWall } = read;
  const evictionTraits: Draft = {};
  addTimes(evictionTraits, read);
  addPreemptionTraits(evictionTraits, read);
  add(evictionTraits, 'deletionCost', integer(annotations.get(DELETION_COST)));
  add(evictionTraits, 'restarts', restartsOf(pod, where) || undefined);
  const priorityRequest = annotations.size === 0 ? {} : priorityRequestOf(annotations, fromWall);
  const part: { -readonly [K in keyof Part]: Part[K] } = {};
  if (!isEmpty(evictionTraits)) part.evictionTraits = evictionTraits;
  if (!isEmpty(priorityRequest)) part.priorityRequest = priorityRequest;
  return part;
}

function isEmpty(object: object): boolean {
  for (const _key in object) return false;
  return true;
}

const number = <K extends string>(key: K, value: number | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [key in K]?: number };

/** Filled field by field: an object made by spreading takes five times the memory, and there is one per pod. */
type Draft = { -readonly [K in keyof EvictionTraits]: EvictionTraits[K] };

function add<K extends keyof EvictionTraits>(draft: Draft, key: K, value: Draft[K] | undefined): void {
  if (value !== undefined) draft[key] = value;
}

function addTimes(draft: Draft, { pod, where, fromWall }: Read): void {
  const metadata = objectAt(pod, 'metadata', where) ?? {};
  const spec = objectAt(pod, 'spec', where) ?? {};
  const status = objectAt(pod, 'status', where) ?? {};
  // Any int64 is allowed here. An inexact number is a long time all the same.
  const grace = own(spec, 'terminationGracePeriodSeconds');
  const graceS = typeof grace === 'number' && Number.isFinite(grace) ? grace : DEFAULT_GRACE_S;
  add(draft, 'startedMs', timeOf(textAt(status, 'startTime', `${where}.status`), fromWall));
  add(draft, 'goneByMs', timeOf(textAt(metadata, 'deletionTimestamp', `${where}.metadata`), fromWall));
  add(draft, 'graceMs', graceS === DEFAULT_GRACE_S || graceS < 0 ? undefined : graceS * 1000);
}

function addPreemptionTraits(draft: Draft, { pod, where, daemonSets }: Read): void {
  const spec = objectAt(pod, 'spec', where) ?? {};
  const priorityClass = textAt(spec, 'priorityClassName', `${where}.spec`);
  const claim = daemonSetClaimOf(pod, where);
  const isPinned = claim ? daemonSets.has(claim) : isStaticPod(pod, where);
  if (priorityClass) draft.priorityClass = internedText(priorityClass);
  if (own(spec, 'preemptionPolicy') === 'Never') draft.neverPreempts = true;
  if (isPinned) draft.isPinned = true;
}

function restartsOf(pod: Json, where: string): number {
  const status = objectAt(pod, 'status', where) ?? {};
  return objectsAt(status, 'containerStatuses', `${where}.status`).reduce(
    (sum, one) => sum + Math.max(0, Number(own(one, 'restartCount')) || 0),
    0,
  );
}

/**
 * The priority that annotations request. Mistakes are reported and ignored: they must not keep a gang from starting.
 */
function priorityRequestOf(annotations: ReadonlyMap<string, string>, fromWall: FromWall): PriorityRequest {
  const mistakes: string[] = [];
  const read = <T>(key: string, parse: (text: string) => T | undefined, wanted: string): T | undefined => {
    const text = annotations.get(key);
    const value = text === undefined ? undefined : parse(text);
    if (text !== undefined && value === undefined)
      mistakes.push(`Annotation ${key} is ignored: expected ${wanted}, got ${shown(text)}.`);
    return value;
  };
  const priority = read(PRIORITY, priorityOf, 'a priority or the name of a PriorityClass');
  const deadlineMs = read(DEADLINE, (text) => timeOf(text, fromWall), 'a time such as 2026-12-31T18:00:00Z (RFC 3339)');
  const expectedMs = read(EXPECTED, durationOf, 'a duration such as 90m or 1h30m');
  return {
    ...(priority === undefined ? {} : { priority }),
    ...number('deadlineMs', deadlineMs),
    ...number('expectedMs', expectedMs),
    ...(mistakes.length > 0 ? { mistakes } : {}),
  };
}

function priorityOf(text: string): number | string | undefined {
  const value = integer(text);
  if (value !== undefined) return Math.abs(value) <= HIGHEST ? value : undefined;
  return CLASS_NAME.test(text) && !INTEGER.test(text) ? text : undefined;
}

/** An int32, as in Kubernetes; undefined for anything else. */
function integer(text: string | undefined): number | undefined {
  if (text === undefined || !INTEGER.test(text)) return undefined;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31 ? value : undefined;
}

function timeOf(text: string | undefined, fromWall: FromWall): number | undefined {
  if (text === undefined || text.length > 40 || !TIME.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isFinite(ms) ? fromWall(ms) : undefined;
}

function durationOf(text: string): number | undefined {
  const ms = text.length > 40 ? undefined : parseDuration(text);
  return ms !== undefined && ms > 0 && ms < Infinity ? ms : undefined;
}

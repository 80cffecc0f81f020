import type { FilterAnswer, FilterOutcome, FilterRequest, VictimProposal } from '../core/decision.ts';
import type { Effect } from '../core/effects.ts';
import type { PodInfo, PodRef } from '../core/model.ts';
import type { Scheduler } from '../core/scheduler.ts';
import type { IntakeContext } from '../intake/gang-objects.ts';
import type { Identity } from '../intake/identity.ts';
import { filterBody, preemptBody, prioritizeBody, type Reasons } from './answer.ts';
import { readPod, toFilterRequest, toPodRef, toPreemptRequest, type PodReader } from './wire.ts';

/** What kube-scheduler asks. */
export type Verb = (typeof VERBS)[number];

export const VERBS = ['filter', 'prioritize', 'preempt'] as const;

/** A decision as logs and metrics see it. */
export interface DecisionRecord {
  readonly verb: Verb;
  /**
   * `one`, `all`, `some`, `none` for filter; `scored` or `silent`; `kept` or `vetoed`; `error`. `settled`: the
   * pod does not wait for a node; `unknown`: the API server has not told muster of the pod.
   */
  readonly outcome: string;
  readonly seconds: number;
  readonly pod?: PodInfo;
  /** The number of nodes that passed. */
  readonly kept: number;
  readonly offered: number;
  readonly reason?: string;
}

export interface ExtenderDeps {
  readonly scheduler: Pick<Scheduler, 'filter' | 'filterUnknown' | 'scores' | 'preempt'>;
  readonly nowMs: () => number;
  readonly reasons: Reasons;
  /** The context for reading pods; absent: only the pod itself is read. */
  readonly context?: IntakeContext;
  /**
   * What the API server says about the pod of a request, which then serves as its key alone. Absent: requests are
   * believed, because there is no API server.
   */
  readonly identify?: (ref: PodRef) => Identity | Promise<Identity>;
  /** Called before every decision about a pod that waits for a node. */
  readonly onAsked?: () => void;
  readonly onEffects: (effects: readonly Effect[]) => void;
  readonly onDecision: (record: DecisionRecord) => void;
}

/** What a verb decided: its answer as JSON (bytes are those of the request's space), and its record. */
interface Decided {
  readonly body: string | Buffer;
  readonly record: Omit<DecisionRecord, 'verb' | 'seconds'>;
  readonly effects?: readonly Effect[];
}

/** An answer, and what is to be done once it has been sent: its effects, metrics and log. */
export interface Answered {
  readonly body: string | Buffer;
  readonly after: () => void;
}

/** What is known about the pod of a request; `believed`: the request itself says everything. */
type Known = Identity | { readonly kind: 'believed' };

const BELIEVED: Known = { kind: 'believed' };

/**
 * Answers a verb. Translates and delegates; decides nothing.
 * @returns a promise only where the API server's word must be waited for
 * @throws MusterError, also as the promise's rejection
 */
export function answer(verb: Verb, body: unknown, deps: ExtenderDeps): Answered | Promise<Answered> {
  if (!deps.identify) return decided(verb, body, deps, BELIEVED);
  const from = performance.now();
  const onFailed = (error: unknown) => failed(verb, deps, { from, error, outcome: 'error' });
  let known: Identity | Promise<Identity>;
  try {
    known = deps.identify(toPodRef(body));
  } catch (error) {
    return onFailed(error);
  }
  if (!(known instanceof Promise)) return decided(verb, body, deps, known);
  return known.then((told) => decided(verb, body, deps, told), onFailed);
}

function decided(verb: Verb, body: unknown, deps: ExtenderDeps, known: Known): Answered {
  // Waiting for the API server's word is no part of the decision.
  const from = performance.now();
  try {
    if (known.kind === 'believed' || known.kind === 'pending') deps.onAsked?.();
    const { body: text, record, effects = [] } = DECIDE[verb](deps, body, known);
    const seconds = (performance.now() - from) / 1000;
    const after = () => {
      if (effects.length > 0) deps.onEffects(effects);
      deps.onDecision({ verb, seconds, ...record });
    };
    return { body: text, after };
  } catch (error) {
    return failed(verb, deps, { from, error, outcome: known.kind === 'unknown' ? 'unknown' : 'error' });
  }
}

interface Failure {
  readonly from: number;
  readonly error: unknown;
  readonly outcome: 'unknown' | 'error';
}

function failed(verb: Verb, { onDecision }: ExtenderDeps, { from, error, outcome }: Failure): never {
  const [seconds, reason] = [(performance.now() - from) / 1000, (error as Error).message];
  onDecision({ verb, outcome, seconds, kept: 0, offered: 0, reason });
  throw error;
}

const DECIDE: Readonly<Record<Verb, (deps: ExtenderDeps, body: unknown, known: Known) => Decided>> = {
  filter,
  prioritize,
  preempt,
};

/** Reads the pod of a request: as the API server has it, where that is known. */
const readerFor = ({ context }: ExtenderDeps, known: Known): PodReader =>
  known.kind === 'pending' ? () => known.pod : readPod(context);

const NOTHING_LEFT: FilterAnswer = { kind: 'none', reason: 'pod is bound already, or is being deleted' };

function filter(deps: ExtenderDeps, body: unknown, known: Known): Decided {
  const request = toFilterRequest(body, readerFor(deps, known));
  const { answer: decision, effects } = decide(deps, request, known);
  const { pod, candidates, mode } = request;
  const kept = {
    one: 1,
    none: 0,
    all: candidates.size,
    some: decision.kind === 'some' ? candidates.size - decision.failed.length : 0,
  };
  const reason = 'reason' in decision ? { reason: decision.reason } : {};
  const outcome = known.kind === 'unknown' || known.kind === 'settled' ? known.kind : decision.kind;
  const record = { outcome, pod, kept: kept[decision.kind], offered: candidates.size, ...reason };
  return { body: filterBody(decision, candidates, mode, deps.reasons), record, effects };
}

function decide({ scheduler, nowMs }: ExtenderDeps, request: FilterRequest, known: Known): FilterOutcome {
  if (known.kind === 'settled') return { answer: NOTHING_LEFT, effects: [] };
  if (known.kind === 'unknown') return { answer: scheduler.filterUnknown(request), effects: [] };
  return scheduler.filter(request, nowMs());
}

/** No advice about a pod that only the request describes. */
function prioritize(deps: ExtenderDeps, body: unknown, known: Known): Decided {
  const { pod, candidates } = toFilterRequest(body, readerFor(deps, known));
  const isVague = known.kind === 'settled' || known.kind === 'unknown';
  const scores = isVague ? undefined : differing(deps.scheduler.scores({ pod, candidates }));
  const kept = scores ? count(scores) : 0;
  const outcome = isVague ? known.kind : kept > 0 ? 'scored' : 'silent';
  const text = scores ? prioritizeBody(scores, candidates) : '[]';
  return { body: text, record: { outcome, pod, kept, offered: candidates.size } };
}

/** The scores, unless all are the same: those change nothing, and kube-scheduler would decode them for nothing. */
const differing = (scores: Uint8Array | undefined): Uint8Array | undefined =>
  scores?.some((score) => score !== scores[0]) ? scores : undefined;

function count(scores: Uint8Array): number {
  let kept = 0;
  for (let i = 0; i < scores.length; i++) if (scores[i]! > 0) kept++;
  return kept;
}

/** No eviction for a pod that only the request describes. */
function preempt(deps: ExtenderDeps, body: unknown, known: Known): Decided {
  const request = toPreemptRequest(body, readerFor(deps, known));
  const isVague = known.kind === 'settled' || known.kind === 'unknown';
  const kept = isVague ? new Map<string, VictimProposal>() : deps.scheduler.preempt(request, deps.nowMs());
  const outcome = isVague ? known.kind : kept.size > 0 || request.victims.size === 0 ? 'kept' : 'vetoed';
  return {
    body: preemptBody(kept),
    record: { outcome, pod: request.pod, kept: kept.size, offered: request.victims.size },
  };
}

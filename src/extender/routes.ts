import type { FastifyError, FastifyPluginAsync, FastifyReply } from 'fastify';
import type { Effect } from '../core/effects.ts';
import { MusterError } from '../core/errors.ts';
import type { PodInfo, PodRef } from '../core/model.ts';
import type { FilterAnswer, FilterRequest, VictimProposal } from '../core/decision.ts';
import type { IntakeContext } from '../intake/gang-objects.ts';
import type { Identity } from '../intake/identity.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { filterBody, preemptBody, prioritizeBody, type Reasons } from './answer.ts';
import { readExtenderBodies } from './body.ts';
import { readPod, toFilterRequest, toPodRef, toPreemptRequest, type PodReader } from './wire.ts';

type Verb = 'filter' | 'prioritize' | 'preempt';

/** A decision as logs and metrics see it. */
export interface DecisionRecord {
  readonly verb: Verb;
  /**
   * `one`, `all`, `some`, `none` for filter; `scored` or `silent`; `kept` or `vetoed`; `error`. `settled` and `unknown`:
   * about a pod that waits for no node, or that the API server has not told of.
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
  readonly scheduler: Pick<Scheduler, 'filter' | 'filterUnknown' | 'prioritize' | 'preempt'>;
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

/** The answer of a verb as JSON text, and its record for logs and metrics. */
interface Answered {
  readonly body: string;
  readonly record: Omit<DecisionRecord, 'verb' | 'seconds'>;
}

/**
 * POST /filter, /prioritize, /preempt. Translates and delegates; decides nothing. kube-scheduler only looks for status
 * 200; the text of an error is for people.
 */
export const extenderRoutes: FastifyPluginAsync<ExtenderDeps> = (app, deps) => {
  app.setErrorHandler((error: FastifyError | MusterError, request, reply) => {
    const status = error instanceof MusterError ? statusOf(error) : (error.statusCode ?? 500);
    // What is wrong with a pod or a moment is no fault of the program: no stack.
    if (status >= 500 && !(error instanceof MusterError)) request.log.error(error);
    else request.log.warn({ reason: error.message }, 'request rejected');
    return reply.code(status).send({ Error: error.message });
  });
  readExtenderBodies(app);
  for (const verb of ['filter', 'prioritize', 'preempt'] as const) {
    app.post(`/${verb}`, async ({ body }, reply) => answer(verb, body, deps, reply));
  }
  return Promise.resolve();
};

/** What is known about the pod of a request; `believed`: the request itself says everything. */
type Known = Identity | { readonly kind: 'believed' };

const BELIEVED: Known = { kind: 'believed' };

/** The sender's mistakes are 400; what time will mend is 503. kube-scheduler reads neither and retries by timer. */
const statusOf = ({ code }: MusterError) => (code === 'MUSTER_NOT_SYNCED' || code === 'MUSTER_POD_UNKNOWN' ? 503 : 400);

async function answer(verb: Verb, body: unknown, deps: ExtenderDeps, reply: FastifyReply): Promise<FastifyReply> {
  let from = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - from) / 1e9;
  let known: Known = BELIEVED;
  try {
    if (deps.identify) known = await deps.identify(toPodRef(body));
    // Waiting for the API server's word is no part of the decision.
    from = process.hrtime.bigint();
    if (known.kind === 'believed' || known.kind === 'pending') deps.onAsked?.();
    const { body: text, record } = VERBS[verb](deps, body, known);
    deps.onDecision({ verb, seconds: seconds(), ...record });
    return reply.header('content-type', 'application/json').send(text);
  } catch (error) {
    deps.onDecision({
      verb,
      outcome: known.kind === 'unknown' ? 'unknown' : 'error',
      seconds: seconds(),
      kept: 0,
      offered: 0,
      reason: (error as Error).message,
    });
    throw error;
  }
}

const VERBS: Readonly<Record<Verb, (deps: ExtenderDeps, body: unknown, known: Known) => Answered>> = {
  filter,
  prioritize,
  preempt,
};

/** Reads the pod of a request: as the API server has it, where that is known. */
const readerFor = ({ context }: ExtenderDeps, known: Known): PodReader =>
  known.kind === 'pending' ? () => known.pod : readPod(context);

const NOTHING_LEFT: FilterAnswer = { kind: 'none', reason: 'pod is bound already, or is being deleted' };

function filter(deps: ExtenderDeps, body: unknown, known: Known): Answered {
  const request = toFilterRequest(body, readerFor(deps, known));
  const decision = decide(deps, request, known);
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
  return { body: filterBody(decision, candidates, mode, deps.reasons), record };
}

function decide({ scheduler, nowMs, onEffects }: ExtenderDeps, request: FilterRequest, known: Known): FilterAnswer {
  if (known.kind === 'settled') return NOTHING_LEFT;
  if (known.kind === 'unknown') return scheduler.filterUnknown(request);
  const { answer: decision, effects } = scheduler.filter(request, nowMs());
  if (effects.length > 0) onEffects(effects);
  return decision;
}

/** No advice about a pod that only the request describes. */
function prioritize(deps: ExtenderDeps, body: unknown, known: Known): Answered {
  const { pod, candidates } = toFilterRequest(body, readerFor(deps, known));
  const isVague = known.kind === 'settled' || known.kind === 'unknown';
  const scores = isVague ? [] : deps.scheduler.prioritize({ pod, candidates });
  const outcome = isVague ? known.kind : scores.length > 0 ? 'scored' : 'silent';
  return { body: prioritizeBody(scores), record: { outcome, pod, kept: scores.length, offered: candidates.size } };
}

/** No eviction for a pod that only the request describes. */
function preempt(deps: ExtenderDeps, body: unknown, known: Known): Answered {
  const request = toPreemptRequest(body, readerFor(deps, known));
  const isVague = known.kind === 'settled' || known.kind === 'unknown';
  const kept = isVague ? new Map<string, VictimProposal>() : deps.scheduler.preempt(request, deps.nowMs());
  const outcome = isVague ? known.kind : kept.size > 0 || request.victims.size === 0 ? 'kept' : 'vetoed';
  return {
    body: preemptBody(kept),
    record: { outcome, pod: request.pod, kept: kept.size, offered: request.victims.size },
  };
}

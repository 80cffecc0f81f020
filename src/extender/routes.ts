import type { FastifyError, FastifyPluginAsync, FastifyReply } from 'fastify';
import type { Effect } from '../core/effects.ts';
import { MusterError } from '../core/errors.ts';
import type { PodInfo } from '../core/model.ts';
import type { IntakeContext } from '../intake/gang-objects.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { filterBody, preemptBody, prioritizeBody, type Reasons } from './answer.ts';
import { readExtenderBodies } from './body.ts';
import { toFilterRequest, toPreemptRequest } from './wire.ts';

type Verb = 'filter' | 'prioritize' | 'preempt';

/** A decision as logs and metrics see it. */
export interface DecisionRecord {
  readonly verb: Verb;
  /** `one`, `all`, `some`, `none` for filter; `scored` or `silent`; `kept` or `vetoed`; `error`. */
  readonly outcome: string;
  readonly seconds: number;
  readonly pod?: PodInfo;
  /** The number of nodes that passed. */
  readonly kept: number;
  readonly offered: number;
  readonly reason?: string;
}

export interface ExtenderDeps {
  readonly scheduler: Pick<Scheduler, 'filter' | 'prioritize' | 'preempt'>;
  readonly nowMs: () => number;
  readonly reasons: Reasons;
  /** The context for reading pods; absent: only the pod itself is read. */
  readonly context?: IntakeContext;
  /** Called before every decision. */
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
    if (status >= 500) request.log.error(error);
    else request.log.warn({ reason: error.message }, 'request rejected');
    return reply.code(status).send({ Error: error.message });
  });
  readExtenderBodies(app);
  const verbs: Readonly<Record<Verb, (deps: ExtenderDeps, body: unknown) => Answered>> = {
    filter,
    prioritize,
    preempt,
  };
  for (const verb of ['filter', 'prioritize', 'preempt'] as const) {
    app.post(`/${verb}`, (request, reply) => answer(verb, () => verbs[verb](deps, request.body), deps, reply));
  }
  return Promise.resolve();
};

/** 503 while muster is not synced, 400 for the sender's mistakes. kube-scheduler reads neither and retries by timer. */
const statusOf = (error: MusterError) => (error.code === 'MUSTER_NOT_SYNCED' ? 503 : 400);

function answer(verb: Verb, decide: () => Answered, deps: ExtenderDeps, reply: FastifyReply): FastifyReply {
  deps.onAsked?.();
  const from = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - from) / 1e9;
  try {
    const { body, record } = decide();
    deps.onDecision({ verb, seconds: seconds(), ...record });
    return reply.header('content-type', 'application/json').send(body);
  } catch (error) {
    deps.onDecision({
      verb,
      outcome: 'error',
      seconds: seconds(),
      kept: 0,
      offered: 0,
      reason: (error as Error).message,
    });
    throw error;
  }
}

function filter({ scheduler, nowMs, reasons, onEffects, context }: ExtenderDeps, body: unknown): Answered {
  const request = toFilterRequest(body, context);
  const { answer: decision, effects } = scheduler.filter(request, nowMs());
  if (effects.length > 0) onEffects(effects);
  const { pod, candidates, mode } = request;
  const kept = {
    one: 1,
    none: 0,
    all: candidates.size,
    some: decision.kind === 'some' ? candidates.size - decision.failed.length : 0,
  };
  const reason = 'reason' in decision ? { reason: decision.reason } : {};
  const record = { outcome: decision.kind, pod, kept: kept[decision.kind], offered: candidates.size, ...reason };
  return { body: filterBody(decision, candidates, mode, reasons), record };
}

function prioritize({ scheduler, context }: ExtenderDeps, body: unknown): Answered {
  const { pod, candidates } = toFilterRequest(body, context);
  const scores = scheduler.prioritize({ pod, candidates });
  const outcome = scores.length > 0 ? 'scored' : 'silent';
  return { body: prioritizeBody(scores), record: { outcome, pod, kept: scores.length, offered: candidates.size } };
}

function preempt({ scheduler, context, nowMs }: ExtenderDeps, body: unknown): Answered {
  const request = toPreemptRequest(body, context);
  const kept = scheduler.preempt(request, nowMs());
  const outcome = kept.size > 0 || request.victims.size === 0 ? 'kept' : 'vetoed';
  return {
    body: preemptBody(kept),
    record: { outcome, pod: request.pod, kept: kept.size, offered: request.victims.size },
  };
}

import type { FastifyError, FastifyInstance } from 'fastify';
import { MusterError, type ErrorCode } from '../../core/errors.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { IntakeContext } from '../../intake/gang-objects.ts';
import { submissionOf } from '../../intake/submission.ts';
import type { InTurn } from './in-turn.ts';
import { problemIn } from './problem.ts';
import { EtaBody } from './schemas.ts';
import { etaView } from './views.ts';

export interface EtaDeps {
  readonly scheduler: Pick<Scheduler, 'eta'>;
  readonly nowMs: () => number;
  readonly toWall: (ms: number) => number;
  readonly context: IntakeContext | undefined;
  /** How old the snapshot is, as a part of every answer. */
  readonly age: () => object;
  readonly oneAtATime: InTurn;
}

/** Manifests of one app: thousands of lines. */
const MOST_BODY = 256 * 1024;

/** What time will mend. */
const STATUS: { readonly [code in ErrorCode]?: number } = { MUSTER_NOT_SYNCED: 503, MUSTER_BUSY: 429 };

/** POST /v1/eta: when an app would start that is not submitted yet. */
export function etaRoute(app: FastifyInstance, { scheduler, nowMs, toWall, context, age, oneAtATime }: EtaDeps): void {
  app.setErrorHandler<FastifyError | MusterError>((error, _request, reply) => {
    if (!(error instanceof MusterError)) throw error;
    return reply.code(STATUS[error.code] ?? 400).send({ error: error.what });
  });
  app.post('/v1/eta', { bodyLimit: MOST_BODY }, async ({ body }, reply) => {
    const parsed = EtaBody.safeParse(body);
    if (!parsed.success) return reply.code(400).send({ error: `body ${problemIn(parsed.error)}` });
    const { objects, name } = parsed.data;
    const pod = submissionOf(objects, name, context);
    const eta = await oneAtATime(() => scheduler.eta(pod, nowMs()));
    return { ...age(), ...etaView(eta, toWall) };
  });
}

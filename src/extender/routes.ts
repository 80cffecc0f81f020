import type { FastifyError, FastifyPluginAsync } from 'fastify';
import type { FastifyBaseLogger } from 'fastify';
import { MusterError } from '../core/errors.ts';
import { readWholeBodies } from './body.ts';
import { answer, VERBS, type Answered, type ExtenderDeps } from './verbs.ts';

/**
 * POST /filter, /prioritize, /preempt. kube-scheduler only looks for status 200; the text of an error is for people.
 * What it usually sends takes a shorter way (hot-path.ts) to the same answers.
 */
export const extenderRoutes: FastifyPluginAsync<ExtenderDeps> = (app, deps) => {
  app.setErrorHandler((error: FastifyError | MusterError, request, reply) => {
    const { status, text } = refusal(error, request.log);
    return reply.code(status).type('application/json; charset=utf-8').send(text);
  });
  readWholeBodies(app);
  for (const verb of VERBS) {
    app.post(`/${verb}`, async ({ body, log }, reply) => {
      const answered = await answer(verb, body, deps);
      void reply.header('content-type', 'application/json').send(answered.body);
      finish(answered, log);
      return reply;
    });
  }
  return Promise.resolve();
};

/** The sender's mistakes are 400; what time will mend is 503. kube-scheduler reads neither and retries by timer. */
const statusOf = ({ code }: MusterError) => (code === 'MUSTER_NOT_SYNCED' || code === 'MUSTER_POD_UNKNOWN' ? 503 : 400);

/** The answer to a request that cannot be answered. Logs why. */
export function refusal(
  error: FastifyError | MusterError,
  log: Pick<FastifyBaseLogger, 'error' | 'warn'>,
): { readonly status: number; readonly text: string } {
  const status = error instanceof MusterError ? statusOf(error) : (error.statusCode ?? 500);
  // What is wrong with a pod or a moment is no fault of the program: no stack.
  if (status >= 500 && !(error instanceof MusterError)) log.error(error);
  else log.warn({ reason: error.message }, 'request rejected');
  return { status, text: JSON.stringify({ Error: error.message }) };
}

/** Does what waits for the answer to be sent. Nobody is left to tell of an error but the log. */
export function finish({ after }: Answered, log: Pick<FastifyBaseLogger, 'error'>): void {
  try {
    after();
  } catch (error) {
    log.error(error);
  }
}

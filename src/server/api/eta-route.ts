import type { Scheduler } from '../../core/scheduler.ts';
import type { IntakeContext } from '../../intake/gang-objects.ts';
import { submissionOf } from '../../intake/submission.ts';
import { json, problem, type ApiScope } from './document.ts';
import type { InTurn } from './in-turn.ts';
import { redactEta, type Redaction } from './redact.ts';
import { EtaBody, EtaView } from './schemas.ts';
import type { Viewer } from './viewer.ts';
import { etaView, type Age } from './views.ts';

export interface EtaDeps {
  readonly scheduler: Pick<Scheduler, 'eta'>;
  readonly nowMs: () => number;
  readonly toWall: (ms: number) => number;
  readonly context: IntakeContext | undefined;
  readonly age: Age;
  readonly oneAtATime: InTurn;
  readonly redactionFor: (viewer: Viewer) => Redaction;
}

/** Manifests of one app: thousands of lines. */
const MOST_BODY = 256 * 1024;

/** POST /v1/eta: when an app would start that is not submitted yet. */
export function etaRoute(app: ApiScope, deps: EtaDeps): void {
  const { scheduler, nowMs, toWall, context, age, oneAtATime, redactionFor } = deps;
  const schema = {
    operationId: 'getEta',
    tags: ['gangs'],
    summary: 'When an app would start that is not submitted yet. Changes nothing.',
    body: EtaBody,
    response: {
      200: json(EtaView, 'When it would start, how long it runs, and what would make it sooner.'),
      400: problem('An object is invalid: the object, the field and the value.'),
      429: problem('Too many questions at once.'),
      503: problem('The cluster has not been read yet.'),
    },
  };
  app.post('/v1/eta', { bodyLimit: MOST_BODY, schema }, async ({ body: { objects, name }, viewer }) => {
    const pod = submissionOf(objects, name, context);
    const eta = await oneAtATime(() => scheduler.eta(pod, nowMs()));
    return { ...age(), ...redactEta(etaView(eta, toWall), redactionFor(viewer)) };
  });
}

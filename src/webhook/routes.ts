import type { FastifyError, FastifyPluginAsync } from 'fastify';
import { MusterError } from '../core/errors.ts';
import { shapeError } from '../intake/json-shape.ts';
import { asObject, nameAt, objectAt, own, textAt, type Json } from '../intake/field.ts';
import type { WebhookConfig } from './rules.ts';
import { mutate } from './mutate.ts';
import type { PatchOperation } from './patch.ts';
import { keptUserPatch } from './user.ts';

/** `failed`: the webhook could not read the review, and the pod stays unchanged. */
export type WebhookOutcome = 'changed' | 'unchanged' | 'failed';

export interface WebhookDeps {
  readonly config: () => WebhookConfig;
  /** Whether the policy file has queues: gangs that wait for quota then wait behind the gate. */
  readonly hasQueues: () => boolean;
  readonly onOutcome: (outcome: WebhookOutcome, detail: string) => void;
}

/**
 * POST /mutate: AdmissionReview (admission.k8s.io/v1) in and out. A pod that cannot be read is allowed unchanged: the
 * webhook must not keep pods from being created.
 */
export const webhookRoutes: FastifyPluginAsync<WebhookDeps> = (app, deps) => {
  const { onOutcome } = deps;
  const parse = app.getDefaultJsonParser('remove', 'remove');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    const error = shapeError(bytes);
    if (error) done(error);
    else void parse(request, bytes.toString('utf8'), done);
  });
  app.setErrorHandler((error: FastifyError | MusterError, _request, reply) => {
    onOutcome('failed', error.message);
    return reply.code(error instanceof MusterError ? 400 : (error.statusCode ?? 500)).send({ error: error.message });
  });
  app.post('/mutate', ({ body }) => {
    const request = objectAt(asObject(body, 'AdmissionReview'), 'request', 'AdmissionReview') ?? {};
    const uid = nameAt(request, 'uid', 'AdmissionReview.request');
    const patch = patchFor(request, deps);
    return review(uid, patch);
  });
  return Promise.resolve();
};

function patchFor(request: Json, deps: WebhookDeps): readonly PatchOperation[] {
  const { onOutcome } = deps;
  try {
    const kind = objectAt(request, 'kind', 'request') ?? {};
    const namespace = textAt(request, 'namespace', 'request') ?? '';
    const isPod = own(kind, 'kind') === 'Pod' && (own(kind, 'group') ?? '') === '' && !own(request, 'subResource');
    if (!isPod) return [];
    const patch = changesOf(request, namespace, deps);
    if (!patch) return [];
    onOutcome(patch.length > 0 ? 'changed' : 'unchanged', '');
    return patch;
  } catch (error) {
    onOutcome('failed', (error as Error).message);
    return [];
  }
}

/** undefined: nothing is changed for such a request, whatever the pod is. */
function changesOf(
  request: Json,
  namespace: string,
  { config, hasQueues }: WebhookDeps,
): readonly PatchOperation[] | undefined {
  const object = objectAt(request, 'object', 'request') ?? {};
  const rules = config();
  switch (own(request, 'operation')) {
    case 'CREATE': {
      const user = textAt(objectAt(request, 'userInfo', 'request') ?? {}, 'username', 'request.userInfo');
      return mutate(object, { namespace, user, isGatedByDefault: hasQueues() }, rules);
    }
    case 'UPDATE':
      return rules.user ? keptUserPatch(object, objectAt(request, 'oldObject', 'request') ?? {}) : undefined;
    default:
      return undefined;
  }
}

function review(uid: string, patch: readonly PatchOperation[]) {
  const changes = { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, allowed: true, ...(patch.length > 0 ? changes : {}) },
  };
}

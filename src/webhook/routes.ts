import type { FastifyPluginAsync } from 'fastify';
import { MusterError } from '../core/errors.ts';
import { asObject, nameAt, objectAt, own, textAt, type Json } from '../intake/field.ts';
import type { WebhookConfig } from './rules.ts';
import { mutate, type PatchOperation } from './mutate.ts';

/** `failed`: the webhook could not read the review, and the pod stays unchanged. */
export type WebhookOutcome = 'changed' | 'unchanged' | 'failed';

export interface WebhookDeps {
  readonly config: () => WebhookConfig;
  readonly onOutcome: (outcome: WebhookOutcome, detail: string) => void;
}

/** etcd's limit for one object is 1.5 MB, and a review may hold two. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

/**
 * POST /mutate: AdmissionReview (admission.k8s.io/v1) in and out. A pod that cannot be read is allowed unchanged: the
 * webhook must not keep pods from being created.
 */
export const webhookRoutes: FastifyPluginAsync<WebhookDeps> = (app, { config, onOutcome }) => {
  app.post('/mutate', { bodyLimit: MAX_BODY_BYTES }, ({ body }, reply) => {
    let request: Json;
    let uid: string;
    try {
      request = objectAt(asObject(body, 'AdmissionReview'), 'request', 'AdmissionReview') ?? {};
      uid = nameAt(request, 'uid', 'AdmissionReview.request');
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      onOutcome('failed', error.what);
      return reply.code(400).send({ error: error.message });
    }
    const patch = patchFor(request, config(), onOutcome);
    return review(uid, patch);
  });
  return Promise.resolve();
};

function patchFor(
  request: Json,
  config: WebhookConfig,
  onOutcome: WebhookDeps['onOutcome'],
): readonly PatchOperation[] {
  try {
    const kind = objectAt(request, 'kind', 'request') ?? {};
    const namespace = textAt(request, 'namespace', 'request') ?? '';
    const isPod = own(kind, 'kind') === 'Pod' && (own(kind, 'group') ?? '') === '' && !own(request, 'subResource');
    if (!isPod || own(request, 'operation') !== 'CREATE') return [];
    const patch = mutate(objectAt(request, 'object', 'request') ?? {}, namespace, config);
    onOutcome(patch.length > 0 ? 'changed' : 'unchanged', '');
    return patch;
  } catch (error) {
    onOutcome('failed', (error as Error).message);
    return [];
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

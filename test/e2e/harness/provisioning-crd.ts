import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Transport } from '../../../src/kube/transport.ts';
import { persist } from './cluster.ts';
import { waitFor } from './process.ts';

/** The manifest of cluster-autoscaler's own CRD, to test against that instead. */
const ORIGINAL = process.env['MUSTER_E2E_PROVISIONING_CRD'];

const GROUP = 'autoscaling.x-k8s.io';
/** DNS-1123 subdomain. */
const SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const unchangeable = [{ rule: 'self == oldSelf', message: 'cannot be changed' }];
const text = (more: object = {}) => ({ type: 'string', ...more });
const object = (properties: object, required: readonly string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
});

const podSet = object({
  count: { type: 'integer', format: 'int32', minimum: 1 },
  podTemplateRef: object({ name: text({ maxLength: 253, pattern: SUBDOMAIN }) }),
});

const spec = object(
  {
    podSets: { type: 'array', items: podSet, minItems: 1, maxItems: 32, 'x-kubernetes-validations': unchangeable },
    provisioningClassName: text({ maxLength: 253, pattern: SUBDOMAIN, 'x-kubernetes-validations': unchangeable }),
    parameters: {
      type: 'object',
      additionalProperties: text({ maxLength: 255 }),
      maxProperties: 100,
      'x-kubernetes-validations': unchangeable,
    },
  },
  ['podSets', 'provisioningClassName'],
);

const condition = object(
  {
    type: text({ maxLength: 316 }),
    status: text({ enum: ['True', 'False', 'Unknown'] }),
    reason: text({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' }),
    message: text({ maxLength: 32_768 }),
    lastTransitionTime: text({ format: 'date-time' }),
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
  },
  ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
);

const status = {
  type: 'object',
  properties: {
    conditions: {
      type: 'array',
      items: condition,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
    provisioningClassDetails: { type: 'object', additionalProperties: text({ maxLength: 32_768 }), maxProperties: 64 },
  },
};

const version = (name: string, storage: boolean) => ({
  name,
  storage,
  served: true,
  subresources: { status: {} },
  schema: { openAPIV3Schema: object({ metadata: { type: 'object' }, spec, status }, ['spec']) },
});

/**
 * ProvisioningRequest as cluster-autoscaler 1.36 has it (autoscaling.x-k8s.io/v1 and v1beta1): the same fields, bounds
 * and rules, without its descriptions.
 */
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `provisioningrequests.${GROUP}`,
    // The group belongs to Kubernetes: the API server wants to see who approved it.
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
  },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: {
      kind: 'ProvisioningRequest',
      listKind: 'ProvisioningRequestList',
      plural: 'provisioningrequests',
      singular: 'provisioningrequest',
    },
    versions: [version('v1', true), version('v1beta1', false)],
  },
};

/** Installs the CRD, and waits until the API server serves it. */
export async function installProvisioningCrd(admin: Transport): Promise<void> {
  const body: unknown = ORIGINAL === undefined ? CRD : parse(readFileSync(ORIGINAL, 'utf8'));
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await persist(admin, { method: 'POST', path, body });
  const isServed = () =>
    admin.request({ method: 'GET', path: `/apis/${GROUP}/v1/provisioningrequests` }).then(
      () => true,
      () => false,
    );
  await waitFor('ProvisioningRequests', isServed);
}

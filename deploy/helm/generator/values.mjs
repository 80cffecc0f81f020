import { Param, Slot } from './merge.mjs';

/** What stands for the namespace in all texts, and for the suffix that kustomize gives the name of a ConfigMap. */
export const NAMESPACE = '‹namespace›';
const HASHED = ['muster-scheduler-config', 'muster-webhook'];

/**
 * Puts params and slots into an object of a kustomization.
 * @param {object} object
 */
export function transform(object) {
  const out = withTokens(object);
  const { kind, metadata } = out;
  const { name, namespace, labels, annotations, ...rest } = metadata;
  out.metadata = {
    name,
    ...(namespace ? { namespace } : {}),
    ...(labels ? { labels: { ...labels, '': new Slot('labels') } } : { labels: { '': new Slot('labels') } }),
    ...(annotations ? { annotations } : {}),
    ...rest,
  };
  (OF_KIND[kind] ?? (() => undefined))(out);
  return out;
}

/** A copy with tokens in its texts. */
function withTokens(value) {
  if (typeof value === 'string') {
    const hash = new RegExp(`^(${HASHED.join('|')})-[a-z0-9]{10}$`).exec(value);
    return hash ? `${hash[1]}‹hash ${hash[1]}›` : value.replaceAll('muster-system', NAMESPACE);
  }
  if (Array.isArray(value)) return value.map(withTokens);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withTokens(inner)]);
  return Object.fromEntries(entries.sort(([a], [b]) => rank(a) - rank(b)));
}

/** What one reads first; kustomize orders by letters. */
const FIRST = ['apiVersion', 'kind', 'metadata', 'name', 'alert', 'image', 'command', 'args', 'env'];
const rank = (key) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);

const OF_KIND = {
  Deployment: inDeployment,
  ConfigMap: inConfigMap,
  PrometheusRule: ({ metadata }) => (metadata.labels['extra'] = new Slot('alertLabels')),
  ServiceMonitor: ({ metadata, spec }) => {
    metadata.labels['extra'] = new Slot('monitorLabels');
    for (const endpoint of spec.endpoints) endpoint.interval = new Param('interval', endpoint.interval);
  },
  NetworkPolicy: ({ spec }) => {
    const { matchLabels } = spec.ingress[0].from[0].namespaceSelector;
    const key = 'kubernetes.io/metadata.name';
    matchLabels[key] = new Param('monitoringNamespace', matchLabels[key]);
  },
  MutatingWebhookConfiguration: ({ webhooks }) => {
    for (const { clientConfig } of webhooks) clientConfig.caBundle = new Slot('caBundle');
  },
};

const VARIABLES = { NODE_OPTIONS: 'nodeOptions', MUSTER_PROVISIONING: 'provisioningClass' };

function inDeployment({ metadata, spec }) {
  const isMuster = metadata.name === 'muster';
  spec.replicas = new Param(isMuster ? 'replicas' : 'schedulerReplicas', spec.replicas);
  const { template } = spec;
  template.metadata.annotations ??= {};
  template.metadata.annotations[''] = new Slot(isMuster ? 'podAnnotations' : 'schedulerPodAnnotations');
  template.spec[''] = new Slot('podSettings');
  for (const container of template.spec.containers) {
    const isOurs = container.name === 'muster';
    container.image = new Param(isOurs ? 'image' : 'schedulerImage', container.image);
    container.resources = new Param(isOurs ? 'resources' : 'schedulerResources', container.resources);
    if (!isOurs) continue;
    container.args = container.args.map((arg) => (arg.startsWith('--policy=') ? new Param('policyArg', arg) : arg));
    for (const variable of container.env)
      if (VARIABLES[variable.name]) variable.value = new Param(VARIABLES[variable.name], variable.value);
    container.env.push(new Slot('settings'));
    container.volumeMounts.push(new Slot('volumeMounts'));
    template.spec.volumes.push(new Slot('volumes'));
  }
}

const TEXTS = {
  'muster-policies': ['policies.yaml', 'policies'],
  'muster-dashboard': ['muster.json', 'dashboard'],
  'muster-scheduler-config‹hash muster-scheduler-config›': ['dedicated.yaml', 'schedulerConfig'],
  'muster-webhook‹hash muster-webhook›': ['webhook.yaml', 'webhookRules'],
};

function inConfigMap({ metadata, data }) {
  const [key, name] = TEXTS[metadata.name] ?? [];
  if (name === undefined) return;
  data[key] = new Param(name, data[key]);
  if (name === 'dashboard') {
    metadata.labels['extra'] = new Slot('dashboardLabels');
  }
}

import { stringify } from 'yaml';
import { Param, Slot } from './merge.mjs';

/** How a choice reads in the chart's values. */
const LITERALS = {
  webhook: '.Values.webhook.enabled',
  '!webhookOwnCertificate': '.Values.webhook.certManager',
  webhookUser: '.Values.webhook.user',
  before135: '(include "muster.before135" .)',
  '!elsewhere': '.Values.kubeScheduler.enabled',
  networkPolicy: '.Values.networkPolicy.enabled',
  consoleRbac: '.Values.consoleRbac.enabled',
  provisioning: '.Values.provisioning.enabled',
  serviceMonitor: '.Values.serviceMonitor.enabled',
  alerts: '.Values.alerts.enabled',
  dashboard: '.Values.dashboard.enabled',
};

/** `mode!=main` and the rest in Go's template language. */
function expression(literal) {
  const [, not, mode] = /^mode(!?)=(.+)$/.exec(literal) ?? [];
  if (mode !== undefined) return `(${not ? 'ne' : 'eq'} .Values.mode "${mode}")`;
  if (LITERALS[literal] !== undefined) return LITERALS[literal];
  const other = LITERALS[opposite(literal)];
  if (other === undefined) throw new Error(`${literal}: add how this reads to LITERALS in chart.mjs`);
  return `(not ${other})`;
}

/** Of one literal. */
function opposite(literal) {
  if (literal.startsWith('mode'))
    return literal.includes('!=') ? literal.replace('!=', '=') : literal.replace('=', '!=');
  return literal.startsWith('!') ? literal.slice(1) : `!${literal}`;
}

const condition = (literals) => {
  const all = literals.map(expression);
  return all.length === 1 ? all[0].replace(/^\((.*)\)$/, '$1') : `and ${all.join(' ')}`;
};

/** Where a value of the user goes. `nindent` needs to know how deep. */
const PARAMS = {
  replicas: ({ value }) => `{{ .Values.replicas | default ${value} }}`,
  schedulerReplicas: () => '{{ .Values.kubeScheduler.replicas }}',
  image: () => '{{ include "muster.image" . }}',
  schedulerImage: () => '{{ include "muster.kubeSchedulerImage" . }}',
  policyArg: () => '--policy={{ .Values.policyPreset | default "/etc/muster/policies.yaml" }}',
  nodeOptions: () => '--max-old-space-size={{ int .Values.heapMebibytes }}',
  provisioningClass: () => '{{ .Values.provisioning.class }}',
  interval: () => '{{ .Values.serviceMonitor.interval }}',
  monitoringNamespace: () => '{{ .Values.networkPolicy.monitoringNamespace }}',
};
const BLOCKS = {
  resources: (depth) => [`{{- toYaml .Values.resources | nindent ${depth} }}`],
  schedulerResources: (depth) => [`{{- toYaml .Values.kubeScheduler.resources | nindent ${depth} }}`],
};
const literal = (value, depth) =>
  value
    .trimEnd()
    .split('\n')
    .map((line) => (line ? pad(depth) + escaped(line) : ''));
const TEXTS = {
  policies: (_value, depth) => [`{{- include "muster.policies" . | nindent ${depth} }}`],
  dashboard: (_value, depth) => [`{{- .Files.Get "files/dashboard.json" | nindent ${depth} }}`],
  schedulerConfig: (value, depth) => literal(value, depth),
  webhookRules: (value, depth) => [
    '{{- if .Values.webhook.rules }}',
    `{{- include "muster.webhookRules" . | nindent ${depth} }}`,
    '{{- else }}',
    ...literal(value, depth),
    '{{- end }}',
  ],
};
const more = (values) => (depth) => [`{{- with ${values} }}`, `{{- toYaml . | nindent ${depth} }}`, '{{- end }}'];
const CHECKSUM = '{{ include (print $.Template.BasePath "/config.yaml") . | sha256sum }}';
const SLOTS = {
  labels: (depth) => [`{{- include "muster.labels" . | nindent ${depth} }}`],
  alertLabels: more('.Values.alerts.labels'),
  monitorLabels: more('.Values.serviceMonitor.labels'),
  dashboardLabels: more('.Values.dashboard.labels'),
  podAnnotations: (depth) => [`${pad(depth)}checksum/config: ${CHECKSUM}`, ...more('.Values.podAnnotations')(depth)],
  schedulerPodAnnotations: (depth) => [
    `${pad(depth)}checksum/config: ${CHECKSUM}`,
    ...more('.Values.kubeScheduler.podAnnotations')(depth),
  ],
  podSettings: (depth) => [`{{- include "muster.podSettings" . | nindent ${depth} }}`],
  settings: (depth) => [`{{- include "muster.settings" . | nindent ${depth} }}`],
  volumes: more('.Values.extraVolumes'),
  volumeMounts: more('.Values.extraVolumeMounts'),
  caBundle: (depth) => ['{{- with .Values.webhook.caBundle }}', `${pad(depth)}caBundle: {{ . }}`, '{{- end }}'],
};

const pad = (depth) => ' '.repeat(depth);

const TOKENS = {
  '{{': '{{ "{{" }}',
  '}}': '{{ "}}" }}',
  '‹namespace›': '{{ .Release.Namespace }}',
  '# percentageOfNodesToScore: 100': '{{ include "muster.percentageOfNodesToScore" . }}',
};
const TOKEN = new RegExp([...Object.keys(TOKENS), '‹hash [^›]*›'].join('|'), 'g');
const escaped = (text) => text.replaceAll(TOKEN, (token) => TOKENS[token] ?? '');

const scalar = (value) => escaped(stringify(value, { lineWidth: 0, singleQuote: true }).trimEnd());

/** A value behind `key:` or `-`, if it fits on the line; undefined: it does not. */
function inline(node) {
  if (node.is === 'one') {
    const { value } = node;
    if (value instanceof Slot) return undefined;
    if (value instanceof Param) return PARAMS[value.name]?.(value);
    const text = scalar(value);
    return text.includes('\n') ? undefined : text;
  }
  if (node.is === 'either') return undefined;
  if (node.parts.length === 0) return node.is === 'map' ? '{}' : '[]';
  const isPlain = ({ when, node: inner }) => !when && inner.is === 'one' && typeof inner.value !== 'object';
  if (node.is !== 'list' || !node.parts.every(isPlain)) return undefined;
  const list = node.parts.map(({ node: inner }) => inner.value);
  const text = stringify(list, {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
    singleQuote: true,
  });
  return text.length < 90 && !text.includes('‹') ? escaped(text.trimEnd()) : undefined;
}

/** The lines of what stands below `key:`, this deep. */
function below(node, depth) {
  if (node.is === 'map') return conditional(node.parts, ({ key, node: inner }) => entry(key, inner, depth));
  if (node.is === 'list') return conditional(node.parts, ({ node: inner }) => item(inner, depth));
  if (node.is === 'one' && node.value instanceof Param) return BLOCKS[node.value.name](depth);
  throw new Error(`${JSON.stringify(node).slice(0, 100)} cannot be written as a block`);
}

function entry(key, node, depth) {
  if (node.is === 'either') return either(node, (inner) => entry(key, inner, depth));
  if (node.is === 'one' && node.value instanceof Slot) return SLOTS[node.value.slot](depth);
  const start = `${pad(depth)}${scalar(key)}:`;
  const short = inline(node);
  if (short !== undefined) return [`${start} ${short}`];
  const text = node.is === 'one' && (node.value instanceof Param ? node.value.value : node.value);
  if (typeof text !== 'string') return [start, ...below(node, depth + 2)];
  const write = TEXTS[node.value.name] ?? literal;
  return [`${start} |`, ...write(text, depth + 2)];
}

function item(node, depth) {
  if (node.is === 'either') return either(node, (inner) => item(inner, depth));
  if (node.is === 'one' && node.value instanceof Slot) return SLOTS[node.value.slot](depth);
  const short = inline(node);
  if (short !== undefined) return [`${pad(depth)}- ${short}`];
  const [first, ...rest] = below(firm(node), depth + 2);
  if (!first.startsWith(pad(depth + 2))) throw new Error(`an item of a list begins with a condition: ${first}`);
  return [`${pad(depth)}- ${first.trimStart()}`, ...rest];
}

/** The same with a part first that is always there: `- ` cannot stand before an `if`. */
const firm = ({ is, parts }) => {
  const at = parts.findIndex(({ when, node }) => !when && node.is !== 'either');
  return { is, parts: [...parts.slice(at, at + 1), ...parts.slice(0, at), ...parts.slice(at + 1)] };
};

/** Neighbours with the same condition stand in one `if`, and those with the opposite in its `else`. */
function conditional(parts, write) {
  const lines = [];
  let open;
  let inElse = false;
  for (const part of parts) {
    const when = part.when?.join('&');
    if (when !== open) {
      inElse = !inElse && open !== undefined && when === opposite(open);
      if (inElse) lines.push('{{- else }}');
      else if (open) lines.push('{{- end }}');
      if (when && !inElse) lines.push(`{{- if ${condition(part.when)} }}`);
      open = when;
    }
    lines.push(...write(part));
  }
  return open ? [...lines, '{{- end }}'] : lines;
}

/** One of several: the last is what remains. */
const either = ({ parts }, write) => [
  ...parts.flatMap(({ when, node }, i) => {
    const word = i === 0 ? `if ${condition(when)}` : i < parts.length - 1 ? `else if ${condition(when)}` : 'else';
    return [`{{- ${word} }}`, ...write(node)];
  }),
  '{{- end }}',
];

/** In which file of the chart an object stands, and what else must be chosen for it. */
function placeOf({ kind, name, id }) {
  if (kind === 'Namespace') return { file: 'namespace', when: '.Values.createNamespace' };
  if (name.startsWith('muster-history')) return { file: 'history', when: '.Values.history.enabled' };
  if (name === 'muster-provisioning' || name.startsWith('muster-room-request')) return { file: 'provisioning' };
  if (kind.startsWith('ValidatingAdmissionPolicy')) return { file: 'admission-policies' };
  if (name === 'muster-readers') return { file: 'console-rbac' };
  if (name === 'muster-policies') return { file: 'policies' };
  if (name === 'muster-dashboard') return { file: 'dashboard' };
  if (id.includes('‹hash')) return { file: 'config' };
  if (name.startsWith('muster-webhook') || kind === 'MutatingWebhookConfiguration') return { file: 'webhook' };
  if (kind === 'Certificate' || kind === 'Issuer') return { file: 'certificates', when: '.Values.tls.certManager' };
  if (name === 'muster-kube-scheduler') return { file: 'kube-scheduler' };
  if (/Role|ServiceAccount/.test(kind)) return { file: 'access' };
  return { file: kind.replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase() };
}

const HEAD = '{{- /* Made from deploy/ by deploy/helm/generate.mjs: change the kustomizations instead. */}}';

/**
 * The chart's templates.
 * @param {Awaited<ReturnType<import('./layers.mjs').layers>>} objects
 * @returns {Map<string, string>} text by file
 */
export function templatesOf(objects) {
  const files = new Map();
  for (const object of objects) {
    const { file, when } = placeOf(object);
    const all = [...(object.when ? object.when.map(expression) : []), ...(when ? [when] : [])];
    const lines = ['---', ...below(object.node, 0)];
    const whole =
      all.length === 0
        ? lines
        : [
            `{{- if ${all.length === 1 ? all[0].replace(/^\((.*)\)$/, '$1') : `and ${all.join(' ')}`} }}`,
            ...lines,
            '{{- end }}',
          ];
    files.set(file, [...(files.get(file) ?? [HEAD]), ...whole]);
  }
  return new Map([...files].map(([file, lines]) => [`${file}.yaml`, `${lines.join('\n')}\n`]));
}

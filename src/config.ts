import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { MusterError } from './core/errors.ts';
import { MAX_GANG_MEMBERS } from './core/model.ts';

/** Reads integers from the text of flags and environment. An empty variable or a null is a mistake and not 0. */
const integer = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.int().min(min).max(max),
  );

const flag = z.preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean());

/** Reads a list, or a text with commas. */
const list = (pattern = /./, message?: string) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',') : value),
    z.array(z.string().regex(pattern, message)),
  );

/**
 * The schema that validates the file, fills in defaults and types the code. Unknown keys are errors. See
 * docs/config.md.
 */
export const Config = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address of /v1, /metrics, /healthz and /readyz; without --live, of the extender verbs as well.'),
  port: integer(0, 65_535).default(8888).describe('TCP port of the same; 0 picks a free one and logs it.'),
  extenderHost: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe(
      'With --live: address of /filter, /prioritize and /preempt. The loopback, since kube-scheduler runs in the same pod or on the same host; for any other address set tlsClientCaFile.',
    ),
  extenderPort: integer(0, 65_535).default(8889).describe('With --live: TCP port of the verbs.'),
  reasons: z
    .enum(['one', 'all'])
    .default('one')
    .describe('Whether a rejection names one node or all; use all with kube-scheduler before 1.31.'),
  maxBodyBytes: integer(1024, 512 * 2 ** 20)
    .default(8 * 2 ** 20)
    .describe(
      'Largest request body in bytes. 5,000 node names are 67 kB; 1,000 whole nodes (nodeCacheCapable: false) 2 to 10 MB.',
    ),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Logs below this level are not written.'),
  logFormat: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('How log lines look: JSON, one object a line, or readable for people; auto: readable on a terminal.'),
  traces: z
    .string()
    .regex(
      /^(env|https?:\/\/[^\s@]+)$/,
      'expected env, or a URL such as http://collector:4318 without user and password: those go into OTEL_EXPORTER_OTLP_HEADERS',
    )
    .optional()
    .describe(
      "Export a trace of each gang's waiting and start to this OTLP/HTTP endpoint (docs/observe.md); env: to that of OTEL_EXPORTER_OTLP_ENDPOINT.",
    ),
  schedulerNames: list()
    .default(['muster'])
    .describe(
      'Names of the schedulers that call muster. Their pods may use every gang dialect, and prioritize scores those in no gang. Comma-separated in the environment.',
    ),
  ignoredResources: list(/^[^/\s]+\/[^/\s]+$/, 'expected names such as example.com/licence')
    .default([])
    .describe(
      'Extended resources that muster leaves out of account, as kube-scheduler does: those with ignoredByScheduler in its extenders, and ignoredResources of its NodeResourcesFit. Comma-separated in the environment.',
    ),
  policy: z
    .string()
    .optional()
    .describe(
      'Policy file, reloaded when it changes; or a preset: kube-default, kube-no-preemption, fifo-gang, muster, muster-preempt, muster-fair, kueue-like, yunikorn-like.',
    ),
  live: flag
    .default(false)
    .describe('Serve a live cluster instead of files: that of --kubeconfig, or the one that muster runs in.'),
  kubeconfig: z
    .string()
    .optional()
    .describe('kubeconfig file; by default KUBECONFIG, ~/.kube/config, or the service account of the pod.'),
  apiEncoding: z
    .enum(['protobuf', 'json'])
    .default('protobuf')
    .describe(
      'How pods and nodes come from the API server; json only where something between muster and the server garbles protobuf.',
    ),
  schedulerLease: z
    .string()
    .regex(/^[a-z0-9.-]+\/[a-z0-9.-]+$/, 'expected namespace/name')
    .optional()
    .describe('namespace/name of the Lease of the kube-schedulers that call muster; required with several replicas.'),
  identity: z
    .string()
    .min(1)
    .optional()
    .describe('Name of this pod, with which the holder identity of the lease begins; by default the host name.'),
  staleAfterMs: integer(5000, 3_600_000)
    .default(30_000)
    .describe('No new gang is admitted once the API server has told nothing of nodes or pods for this long.'),
  settleMs: integer(0, 60_000)
    .default(1000)
    .describe(
      'No new gang is admitted for this long after a start or a take-over, since earlier bindings may still arrive.',
    ),
  maxGangMembers: integer(1, 1_000_000)
    .default(MAX_GANG_MEMBERS)
    .describe(
      'The most members of all roles together that a gang may need to start on a live cluster; a larger gang waits, and its reason says so.',
    ),
  wakesPerSecond: integer(1, 1000)
    .default(20)
    .describe('The most leaders that are woken per second when room appears.'),
  eventsPerSecond: integer(1, 1000).default(5).describe('The most Kubernetes Events that are written per second.'),
  nominate: z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe(
      'Which members get their node nominated before kube-scheduler asks about them: those that queue and gain by it, all, or none. A member that was refused because its node was not offered is always nominated.',
    ),
  driverFiguresMs: integer(0, 3_600_000)
    .default(0)
    .describe(
      'How often each Spark driver is polled for what losing its executors would cost (docs/preemption.md); 0: never.',
    ),
  provisioning: z
    .string()
    .max(253)
    .regex(
      /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
      'expected off, check-capacity, best-effort-atomic or the name of a class',
    )
    .optional()
    .describe(
      'With --live: ask the autoscaler for nodes for whole gangs that wait for room (docs/autoscaling.md), by ProvisioningRequests of this class: best-effort-atomic, check-capacity, or its whole name. off: ask for nothing, and withdraw what was asked. Absent: ask for nothing.',
    ),
  provisioningParameters: list(/^[^=\s]{1,255}=[^\n]{0,255}$/, 'expected key=value')
    .default([])
    .describe(
      'spec.parameters of these requests, as key=value. ValidUntilSeconds is 900 unless said: how long the autoscaler may take. Comma-separated in the environment.',
    ),
  provisioningAfterMs: integer(0, 3_600_000)
    .default(10_000)
    .describe('How long a gang waits for room before the autoscaler is asked.'),
  provisioningMost: integer(1, 1000)
    .default(20)
    .describe('The most gangs for which the autoscaler is asked at a time, in the order of their turns.'),
  keepHistory: flag
    .default(true)
    .describe('With --live: keep the history of run times in the ConfigMaps muster-history (docs/run-times.md).'),
  historyNamespace: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'expected the name of a namespace')
    .optional()
    .describe('Namespace of these ConfigMaps; by default that of the pod, or muster-system.'),
  history: z
    .string()
    .optional()
    .describe(
      'History file to start with (muster history import); with --live only while the ConfigMaps hold no history.',
    ),
  historyKeyFile: z
    .string()
    .optional()
    .describe('Keep keyed hashes in place of names in the history, with the key in this file (16 bytes or more).'),
  webhook: z
    .string()
    .optional()
    .describe('Serve the mutating webhook /mutate with the rules of this file (docs/webhook.md).'),
  webhookPort: integer(0, 65_535).default(9443).describe('TCP port of the webhook, HTTPS, on all addresses.'),
  webhookCertFile: z.string().optional().describe('Certificate of the webhook (PEM); reloaded when it changes.'),
  webhookKeyFile: z.string().optional().describe('Key of webhookCertFile (PEM).'),
  tlsCertFile: z.string().optional().describe('Serve HTTPS with this certificate (PEM).'),
  tlsKeyFile: z.string().optional().describe('Key of tlsCertFile (PEM).'),
  tlsClientCaFile: z
    .string()
    .optional()
    .describe(
      'Accept only clients whose certificate this CA signed (PEM). /healthz and /readyz need none with --live.',
    ),
  tlsClientNames: list()
    .default(['system:kube-scheduler'])
    .describe(
      'With tlsClientCaFile: the verbs answer only certificates with one of these names, as common name or alternative name (DNS, URI, e-mail). Comma-separated in the environment.',
    ),
  readAccess: z
    .enum(['loopback', 'token', 'kubernetes', 'anyone'])
    .default('loopback')
    .describe(
      'Who may read /v1: loopback (this machine, kubectl port-forward), token (of readTokenFile), kubernetes (those namespaces whose pods the reader may list), anyone. See docs/security.md.',
    ),
  readTokenFile: z
    .string()
    .optional()
    .describe('With readAccess token: file of bearer tokens, one a line; read again when it changes.'),
  readHosts: list(/^[a-z0-9.-]+$/, 'expected names such as muster.example.com')
    .default([])
    .describe(
      'With readAccess loopback or anyone: names of muster in browsers, beside localhost and IP addresses; with anyone, none: every name. Comma-separated in the environment.',
    ),
  nodes: z.string().optional().describe('Nodes: output of kubectl get nodes -o json or -o yaml.'),
  pods: z.string().optional().describe('Pods: output of kubectl get pods -A -o json or -o yaml.'),
});
export type Config = z.output<typeof Config>;

const FIELDS = Object.keys(Config.shape) as (keyof Config)[];
/** `maxBodyBytes` is MUSTER_MAX_BODY_BYTES. */
export const envName = (field: string) => `MUSTER_${field.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

/**
 * Flags override the environment, which overrides the file, which overrides the defaults.
 * @throws MusterError MUSTER_USAGE naming the source, the field and the value
 */
export function loadConfig(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv, file?: string): Config {
  const fromFile = file === undefined ? {} : readConfigFile(file);
  const fromEnv = Object.fromEntries(
    FIELDS.flatMap((field) => (env[envName(field)] === undefined ? [] : [[field, env[envName(field)]]])),
  );
  const fromFlags = Object.fromEntries(
    FIELDS.flatMap((field) => (flags[field] === undefined ? [] : [[field, flags[field]]])),
  );
  const given: Record<string, unknown> = { ...fromFile, ...fromEnv, ...fromFlags };
  const parsed = Config.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `${file}: ${issue.keys.join(', ')}: unknown field; expected one of ${FIELDS.join(', ')}`;
    const field = String(issue.path[0] ?? '');
    const source =
      field in fromFlags
        ? `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
        : field in fromEnv
          ? envName(field)
          : `${file}: ${field}`;
    return `${source}: ${JSON.stringify(given[field])}: ${issue.message}`;
  });
  throw new MusterError('MUSTER_USAGE', `${lines.join('\n')}.`);
}

function readConfigFile(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(error as Error).message}.`, { cause: error });
  }
  const value = yamlOf(text, file);
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new MusterError(
      'MUSTER_USAGE',
      `${file}: expected a map of fields, got ${Array.isArray(value) ? 'a list' : JSON.stringify(value).slice(0, 80)}.`,
    );
  return value as Record<string, unknown>;
}

function yamlOf(text: string, file: string): unknown {
  const document = parseDocument(text);
  try {
    if (document.errors[0]) throw document.errors[0];
    // A file with more aliases was made to fill the memory.
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const [what] = (error as Error).message.split('\n');
    throw new MusterError('MUSTER_USAGE', `${file}: ${what}.`, { cause: error });
  }
}

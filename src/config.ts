import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { MusterError } from './core/errors.ts';

/** The environment and flags give text. Nothing else becomes a number: an empty variable or a null is a mistake, not 0. */
const integer = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.int().min(min).max(max),
  );

/** One schema checks the file, fills in defaults and types the code. Unknown keys are errors. docs/config.md lists it. */
export const Config = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Loopback: kube-scheduler runs in the same pod.'),
  port: integer(0, 65_535).default(8888).describe('TCP port; 0 takes a free one and logs it.'),
  reasons: z
    .enum(['one', 'all'])
    .default('one')
    .describe('Whether a rejection names one node or all; all is for kube-scheduler before 1.31.'),
  maxBodyBytes: integer(1024, 512 * 2 ** 20)
    .default(64 * 2 ** 20)
    .describe('Largest request body in bytes. 5,000 node names are 67 kB; 1,000 whole nodes 2 to 10 MB.'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Logs below this level are not written.'),
  schedulerNames: z
    .preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(z.string().min(1)))
    .default(['muster'])
    .describe(
      'Pods of these schedulers that are in no gang are scored by prioritize; in the environment, separated by commas.',
    ),
  policy: z
    .string()
    .optional()
    .describe(
      'Policy file, read again when it changes; or a preset: kube-default, kube-preempt, fifo-gang, muster, muster-preempt.',
    ),
  live: z
    .preprocess((value) => (value === 'true' ? true : value === 'false' ? false : value), z.boolean())
    .default(false)
    .describe('Serve the cluster of --kubeconfig, or the one this runs in, instead of files.'),
  kubeconfig: z
    .string()
    .optional()
    .describe('kubeconfig file; otherwise KUBECONFIG, ~/.kube/config, or the service account of the pod.'),
  schedulerLease: z
    .string()
    .regex(/^[a-z0-9.-]+\/[a-z0-9.-]+$/, 'is not namespace/name')
    .optional()
    .describe('namespace/name of the Lease of the kube-schedulers that ask; needed with more than one replica.'),
  identity: z
    .string()
    .min(1)
    .optional()
    .describe('Name of this pod, with which the holder of the lease begins; otherwise the host name.'),
  staleAfterMs: integer(1000, 3_600_000)
    .default(30_000)
    .describe('No new gang is admitted once the API server has been out of reach for so long.'),
  settleMs: integer(0, 60_000)
    .default(1000)
    .describe('After a start or a take-over, no new gang is admitted for so long: bindings may still be on their way.'),
  wakesPerSecond: integer(1, 1000).default(20).describe('How many leaders are woken per second when room appears.'),
  eventsPerSecond: integer(1, 1000).default(5).describe('How many Kubernetes Events are written per second.'),
  nominateFromNodes: integer(0, 1_000_000)
    .default(0)
    .describe('From how many nodes on queueing members are told their node ahead; 0: never.'),
  driverFiguresMs: integer(0, 3_600_000)
    .default(0)
    .describe(
      "How often each Spark driver is asked what its executors' loss would cost (docs/preemption.md); 0: never.",
    ),
  webhook: z.string().optional().describe('Serve the mutating webhook /mutate by this file (docs/webhook.md).'),
  webhookPort: integer(0, 65_535).default(9443).describe('TCP port of the webhook, HTTPS, on all addresses.'),
  webhookCertFile: z.string().optional().describe('Certificate of the webhook (PEM); read again when it changes.'),
  webhookKeyFile: z.string().optional().describe('Key of webhookCertFile (PEM).'),
  tlsCertFile: z.string().optional().describe('Serve HTTPS with this certificate (PEM).'),
  tlsKeyFile: z.string().optional().describe('Key of tlsCertFile (PEM).'),
  tlsClientCaFile: z.string().optional().describe('Only clients whose certificate this CA signed (PEM).'),
  nodes: z.string().optional().describe('Nodes as kubectl get nodes -o json or -o yaml prints them.'),
  pods: z.string().optional().describe('Pods as kubectl get pods -A -o json or -o yaml prints them.'),
});
export type Config = z.output<typeof Config>;

const FIELDS = Object.keys(Config.shape) as (keyof Config)[];
/** `maxBodyBytes` is MUSTER_MAX_BODY_BYTES. */
export const envName = (field: string) => `MUSTER_${field.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

/**
 * Flags before environment before file before defaults.
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
      return `${file}: ${issue.keys.join(', ')}: no such field; known: ${FIELDS.join(', ')}`;
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
    throw new MusterError('MUSTER_USAGE', `${file}: is not a map of fields.`);
  return value as Record<string, unknown>;
}

function yamlOf(text: string, file: string): unknown {
  const document = parseDocument(text);
  try {
    if (document.errors[0]) throw document.errors[0];
    // More aliases than any person writes: a file made to fill the memory.
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const [what] = (error as Error).message.split('\n');
    throw new MusterError('MUSTER_USAGE', `${file}: ${what}.`, { cause: error });
  }
}

import type { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import { QueueDetailView, QueueList } from '../server/api/queue-schemas.ts';
import { EtaView, ExplanationView, GangList, Problem, type EtaBody } from '../server/api/schemas.ts';

/** Which muster is asked, and about whose gangs. */
export interface ServerFlags {
  readonly server: string;
  readonly namespace?: string;
}

const TIMEOUT_MS = 10_000;

/**
 * The explanation of a gang. @param app the gang's name, `namespace/name`, or the name of its leader pod
 * @returns undefined: there is no such gang
 * @throws MusterError MUSTER_USAGE
 */
export async function explanationOf(
  app: string,
  flags: ServerFlags,
): Promise<z.output<typeof ExplanationView> | undefined> {
  const key = await find(app, flags);
  if (key === undefined) return undefined;
  const [namespace, name] = key.split('/').map(encodeURIComponent) as [string, string];
  return ExplanationView.parse(await ask(flags.server, `/v1/gangs/${namespace}/${name}`));
}

/** When these objects would start. @throws MusterError MUSTER_USAGE, MUSTER_OBJECT_INVALID */
export async function etaOf(body: z.input<typeof EtaBody>, { server }: ServerFlags): Promise<z.output<typeof EtaView>> {
  return EtaView.parse(await ask(server, '/v1/eta', body));
}

/** All queues, or one and those below it, in the order of the tree. @throws MusterError MUSTER_USAGE */
export async function queuesOf({ server }: ServerFlags, under?: string): Promise<z.output<typeof QueueList>> {
  const query = new URLSearchParams({ limit: '10000', ...(under === undefined ? {} : { under }) });
  return QueueList.parse(await ask(server, `/v1/queues?${query.toString()}`));
}

/** @throws MusterError MUSTER_USAGE, also where there is no such queue: it names the nearest */
export async function queueOf({ server }: ServerFlags, path: string): Promise<z.output<typeof QueueDetailView>> {
  return QueueDetailView.parse(await ask(server, `/v1/queues/${encodeURIComponent(path)}`));
}

async function find(app: string, { server, namespace }: ServerFlags): Promise<string | undefined> {
  const at = app.indexOf('/');
  const [space, name] = at < 0 ? [namespace, app] : [app.slice(0, at), app.slice(at + 1)];
  const query = new URLSearchParams({ name, ...(space === undefined ? {} : { namespace: space }) });
  const { items } = GangList.parse(await ask(server, `/v1/gangs?${query.toString()}`));
  if (items.length > 1) {
    const keys = items.map(({ gang }) => gang).join(', ');
    throw new MusterError('MUSTER_USAGE', `${app} is ambiguous: it may be ${keys}. Give namespace/name.`);
  }
  return items[0]?.gang;
}

/** @param body absent: GET, else POST */
async function ask(server: string, path: string, body?: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(path, server), { ...posting(body), signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const { cause, message } = error as Error;
    const why = cause instanceof Error && cause.message !== '' ? cause.message : message;
    throw new MusterError(
      'MUSTER_USAGE',
      `Cannot reach ${server}: ${why}. If muster runs in a cluster: kubectl -n muster-system port-forward deploy/muster 8888.`,
      { cause: error },
    );
  }
  if (response.ok) return response.json();
  if (response.status === 400 && body !== undefined) {
    const { error } = Problem.parse(await response.json());
    throw new MusterError('MUSTER_OBJECT_INVALID', error);
  }
  if (response.status === 404) {
    const problem = Problem.safeParse(await response.json().catch(() => undefined));
    if (problem.success) throw new MusterError('MUSTER_USAGE', problem.data.error);
  }
  throw new MusterError(
    'MUSTER_USAGE',
    `${server}${path} answered ${response.status}: ${(await response.text()).slice(0, 300)}.`,
  );
}

const posting = (body: unknown) =>
  body === undefined
    ? {}
    : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };

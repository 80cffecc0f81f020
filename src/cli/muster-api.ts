import type { z } from 'zod';
import { MusterError } from '../core/errors.ts';
import { QueueDetailView, QueueList } from '../server/api/queue-schemas.ts';
import {
  AboutView,
  DecisionList,
  GangRowList,
  NodeMapView,
  TickView,
  type DecisionQuery,
  type GangRowQuery,
} from '../server/api/board-schemas.ts';
import { EtaView, ExplanationView, GangList, type EtaBody } from '../server/api/schemas.ts';
import type { MusterServer } from './server/client.ts';
import type { ServerFlags } from './server/flags.ts';

/** Which muster is asked, and about whose gangs. */
export interface AskFlags extends ServerFlags {
  readonly namespace?: string;
}

/**
 * The explanation of a gang. @param app the gang's name, `namespace/name`, or the name of its leader pod
 * @param namespace only in this one; absent: in all
 * @returns undefined: there is no such gang
 * @throws MusterError MUSTER_ASK_FAILED, and MUSTER_USAGE where the name is ambiguous
 */
export async function explanationOf(
  app: string,
  server: MusterServer,
  namespace?: string,
): Promise<z.output<typeof ExplanationView> | undefined> {
  const key = await find(app, server, namespace);
  if (key === undefined) return undefined;
  const [space, name] = key.split('/').map(encodeURIComponent) as [string, string];
  return known(ExplanationView, await server.get(`/v1/gangs/${space}/${name}`));
}

/** When these objects would start. @throws MusterError MUSTER_ASK_FAILED, MUSTER_OBJECT_INVALID */
export async function etaOf(body: z.input<typeof EtaBody>, server: MusterServer): Promise<z.output<typeof EtaView>> {
  return known(EtaView, await server.post('/v1/eta', body));
}

/** All queues, or one and those below it, in the order of the tree. @throws MusterError MUSTER_ASK_FAILED */
export async function queuesOf(server: MusterServer, under?: string): Promise<z.output<typeof QueueList>> {
  const query = new URLSearchParams({ limit: '10000', ...(under === undefined ? {} : { under }) });
  return known(QueueList, await server.get(`/v1/queues?${query.toString()}`));
}

/** @throws MusterError MUSTER_USAGE, also where there is no such queue: it names the nearest */
export async function queueOf(server: MusterServer, path: string): Promise<z.output<typeof QueueDetailView>> {
  return known(QueueDetailView, await server.get(`/v1/queues/${encodeURIComponent(path)}`));
}

/** One window of the list of gangs. @throws MusterError MUSTER_ASK_FAILED, MUSTER_USAGE */
export async function gangRows(
  server: MusterServer,
  query: z.input<typeof GangRowQuery>,
): Promise<z.output<typeof GangRowList>> {
  return known(GangRowList, await server.get(`/v1/board/gangs${queryText(query)}`));
}

/** The map of nodes, with their names. @throws MusterError MUSTER_ASK_FAILED */
export async function nodeMap(server: MusterServer): Promise<z.output<typeof NodeMapView>> {
  return known(NodeMapView, await server.get('/v1/board/nodes'));
}

/** The newest decisions, the newest first. @throws MusterError MUSTER_ASK_FAILED, MUSTER_USAGE */
export async function decisions(
  server: MusterServer,
  query: z.input<typeof DecisionQuery>,
): Promise<z.output<typeof DecisionList>['items']> {
  return known(DecisionList, await server.get(`/v1/decisions${queryText(query)}`)).items;
}

/** @throws MusterError MUSTER_ASK_FAILED */
export async function aboutOf(server: MusterServer): Promise<z.output<typeof AboutView>> {
  return known(AboutView, await server.get('/v1/about'));
}

/** What the stream tells: what changed, or new decisions. */
export type StreamEvent =
  | { readonly kind: 'tick'; readonly tick: z.output<typeof TickView>; readonly id: string }
  | { readonly kind: 'decisions'; readonly items: z.output<typeof DecisionList>['items']; readonly id: string };

/** The stream; events that this command does not know are left out. @throws MusterError MUSTER_ASK_FAILED */
export async function* streamOf(
  server: MusterServer,
  how: { readonly lastId: string; readonly signal: AbortSignal },
): AsyncGenerator<StreamEvent> {
  for await (const { event, data, id } of server.events('/v1/stream', how)) {
    if (event === 'tick') yield { kind: 'tick', tick: known(TickView, JSON.parse(data)), id };
    if (event === 'decisions') yield { kind: 'decisions', items: known(DecisionList, JSON.parse(data)).items, id };
  }
}

/**
 * An answer by its schema. A newer muster may say more than this command knows: that is left as it is.
 * @throws MusterError MUSTER_ASK_FAILED where something is missing
 */
function known<S extends z.ZodType>(schema: S, answer: unknown): z.output<S> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.find(({ code }) => code !== 'unrecognized_keys' && code !== 'invalid_value');
  if (!wrong) return answer as z.output<S>;
  const where = wrong.path.join('.') || 'the answer';
  throw new MusterError(
    'MUSTER_ASK_FAILED',
    `muster answered in a form that this command does not know (${where}: ${wrong.message}). Compare \`muster version\`.`,
  );
}

function queryText(query: Readonly<Record<string, unknown>>): string {
  const told = Object.entries(query).filter(([, value]) => value !== undefined);
  return told.length === 0
    ? ''
    : `?${new URLSearchParams(told.map(([key, value]): [string, string] => [key, String(value)])).toString()}`;
}

async function find(app: string, server: MusterServer, namespace: string | undefined): Promise<string | undefined> {
  const at = app.indexOf('/');
  const [space, name] = at < 0 ? [namespace, app] : [app.slice(0, at), app.slice(at + 1)];
  const query = new URLSearchParams({ name, ...(space === undefined ? {} : { namespace: space }) });
  const { items } = known(GangList, await server.get(`/v1/gangs?${query.toString()}`));
  if (items.length > 1) {
    const keys = items.map(({ gang }) => gang).join(', ');
    throw new MusterError('MUSTER_USAGE', `${app} is ambiguous: it may be ${keys}. Give namespace/name.`);
  }
  return items[0]?.gang;
}

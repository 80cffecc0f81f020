import type http from 'node:http';
import { bytesField, encode, enveloped, frame } from './encode.ts';

type Json = Readonly<Record<string, unknown>>;

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const KINDS: Readonly<Record<string, string>> = { pods: 'Pod', nodes: 'Node' };

/** An object without its type, which protobuf has elsewhere. */
const messageOf = (kind: string, object: Json) => encode(kind, { ...object, kind: undefined, apiVersion: undefined });

/** The kind of the objects of a request that asks for protobuf; undefined: it is answered with JSON. */
export function protobufKind({ url = '', headers }: http.IncomingMessage): string | undefined {
  const resource = /^\/api\/v1(?:\/namespaces\/[^/]+)?\/([a-z]+)(?:\?|$)/.exec(url)?.[1] ?? '';
  return headers.accept?.includes(PROTOBUF) ? KINDS[resource] : undefined;
}

interface Body {
  readonly type: string;
  readonly bytes: Buffer | string;
}

/** A list, or a Status. @param kind as `protobufKind` says */
export function bodyOf(kind: string | undefined, body: Json): Body {
  if (kind === undefined) return { type: 'application/json', bytes: JSON.stringify(body) };
  if (body['kind'] === 'Status') return { type: PROTOBUF, bytes: enveloped('Status', messageOf('Status', body)) };
  const items = (body['items'] as readonly Json[]).map((item) => bytesField(2, messageOf(kind, item)));
  const metadata = bytesField(1, encode('ListMeta', body['metadata'] as Json));
  return { type: PROTOBUF, bytes: enveloped(`${kind}List`, Buffer.concat([metadata, ...items])) };
}

/** The content type of a watch. */
export const watchType = (kind: string | undefined) => (kind ? `${PROTOBUF};stream=watch` : 'application/json');

/** An event as it is sent to a watcher. */
export function eventOf(kind: string | undefined, type: string, object: Json): Buffer | string {
  if (kind === undefined) return `${JSON.stringify({ type, object })}\n`;
  const own = type === 'ERROR' ? 'Status' : kind;
  return frame(type, enveloped(own, messageOf(own, object)));
}

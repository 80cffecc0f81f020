import type { FastifyInstance, FastifyRequest } from 'fastify';
import { shapeError } from '../intake/json-shape.ts';
import { NameList } from './name-list.ts';

type Done = (error: Error | null, body?: unknown) => void;

/** The bytes that Go writes between the pod and the names. Inside a JSON string the quotes would be escaped. */
const BETWEEN = Buffer.from(',"Nodes":null,"NodeNames":[');
const CLOSING = { bracket: 0x5d, brace: 0x7d, newline: 0x0a } as const;

/**
 * Reads the JSON bodies of the extender's verbs. In a body as Go writes it with nodeCacheCapable, only the pod is
 * parsed and NodeNames becomes a NameList. Any other body is parsed as ordinary JSON.
 */
export function readExtenderBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('remove', 'remove');
  const whole = (request: FastifyRequest, bytes: Buffer, done: Done) =>
    void parse(request, bytes.toString('utf8'), done);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    const split = splitNames(bytes);
    const error = shapeError(bytes, split?.end);
    if (error) return done(error);
    if (!split) return whole(request, bytes, done);
    void parse(request, `${bytes.toString('utf8', 0, split.end)}}`, (error, body) => {
      if (error || typeof body !== 'object' || body === null) whole(request, bytes, done);
      else done(null, { ...body, Nodes: null, NodeNames: split.names });
    });
  });
}

/** @returns the names and the offset at which the part before them ends; undefined: the body is not as Go writes it */
function splitNames(bytes: Buffer): { readonly names: NameList; readonly end: number } | undefined {
  let last = bytes.length - 1;
  if (bytes[last] === CLOSING.newline) last--;
  if (bytes[last] !== CLOSING.brace || bytes[last - 1] !== CLOSING.bracket) return undefined;
  const end = bytes.lastIndexOf(BETWEEN);
  if (end < 0) return undefined;
  const names = NameList.read(bytes, end + BETWEEN.length, last - 1);
  return names && { names, end };
}

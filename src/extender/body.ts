import type { FastifyInstance, FastifyRequest } from 'fastify';
import { shapeError } from '../intake/json-shape.ts';
import { NameList, type NameIndex } from './name-list.ts';
import type { RequestSpace } from './request-space.ts';

type Done = (error: Error | null, body?: unknown) => void;

/** Parses a text as JSON. Calls `done` before it returns. */
type ParseJson = (text: string, done: Done) => void;

/** The bytes that Go writes between the pod and the names. Inside a JSON string the quotes would be escaped. */
const BETWEEN = Buffer.from(',"Nodes":null,"NodeNames":[');
const CLOSING = { bracket: 0x5d, brace: 0x7d, newline: 0x0a } as const;

/** Parses JSON as Fastify does. */
function jsonParser(app: FastifyInstance): ParseJson {
  const parse = app.getDefaultJsonParser('remove', 'remove');
  // It does not look at the request.
  return (text, done) => void parse(undefined as unknown as FastifyRequest, text, done);
}

/** Reads the JSON bodies of the extender's verbs, however they are written. */
export function readWholeBodies(app: FastifyInstance): void {
  const parse = jsonParser(app);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, bytes: Buffer, done) =>
    whole(parse, bytes, done),
  );
}

function whole(parse: ParseJson, bytes: Buffer, done: Done): void {
  const error = shapeError(bytes);
  if (error) done(error);
  else parse(bytes.toString('utf8'), done);
}

/**
 * Reads bodies as Go writes them with nodeCacheCapable: only the pod is parsed, and NodeNames becomes a NameList. Any
 * other body is parsed as ordinary JSON, with the same result.
 */
export class BodyReader {
  readonly #parse: ParseJson;
  readonly #names: NameIndex;

  constructor(app: FastifyInstance, names: NameIndex) {
    this.#parse = jsonParser(app);
    this.#names = names;
  }

  /**
   * @param length of the body, which the space holds
   * @throws MusterError or FastifyError as the parser of all JSON
   */
  read(space: RequestSpace, length: number): unknown {
    return this.#split(space, length) ?? this.#whole(space.bytes.subarray(0, length));
  }

  #whole(bytes: Buffer): unknown {
    let [problem, value]: [Error | null, unknown] = [null, undefined];
    whole(this.#parse, bytes, (error, body) => ([problem, value] = [error, body]));
    if (problem) throw problem as Error;
    return value;
  }

  /** @returns undefined: the body is not as Go writes it */
  #split(space: RequestSpace, length: number): object | undefined {
    const { bytes } = space;
    let last = length - 1;
    if (bytes[last] === CLOSING.newline) last--;
    if (bytes[last] !== CLOSING.brace || bytes[last - 1] !== CLOSING.bracket) return undefined;
    // The first: what follows it must be names up to the end, so that there is no other.
    const end = bytes.indexOf(BETWEEN);
    if (end < 0 || end + BETWEEN.length >= last || shapeError(bytes, end)) return undefined;
    let args: unknown;
    this.#parse(`${bytes.toString('utf8', 0, end)}}`, (error, body) => (args = error ? undefined : body));
    if (typeof args !== 'object' || args === null) return undefined;
    const names = NameList.read(this.#names, space, end + BETWEEN.length, last - 1);
    return names && { ...args, Nodes: null, NodeNames: names };
  }
}

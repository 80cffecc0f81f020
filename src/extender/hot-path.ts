import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyError, FastifyInstance } from 'fastify';
import type { MusterError } from '../core/errors.ts';
import { BodyReader } from './body.ts';
import { NameIndex } from './name-list.ts';
import { SpacePool, type RequestSpace } from './request-space.ts';
import { finish, refusal } from './routes.ts';
import { answer, VERBS, type Answered, type ExtenderDeps, type Verb } from './verbs.ts';

/** Larger bodies, of whole nodes, go through Fastify. 15,000 names are 0.6 MB. */
const LARGEST = 2 ** 20;

export interface HotPathOptions {
  /** Largest body, in bytes. */
  readonly bodyLimit: number;
  /** Whether the client may ask; otherwise Fastify refuses it. */
  readonly isAllowed: (request: IncomingMessage) => boolean;
}

/** Takes a request, or leaves it to Fastify (false). */
export type Taking = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Answers what kube-scheduler usually sends without Fastify's way through hooks, copies and serializers, which takes
 * longer than most decisions. The answers are those of extenderRoutes; the rest is left to them: other content types,
 * bodies of unknown or great length, clients that may not ask, and every request while the server closes.
 */
export function hotPath(app: FastifyInstance, deps: ExtenderDeps, options: HotPathOptions): Taking {
  const [pool, reader] = [new SpacePool(), new BodyReader(app, new NameIndex())];
  const most = Math.min(options.bodyLimit, LARGEST);
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  return (request, response) => {
    const verb = verbOf(request);
    const length = verb ? lengthOf(request) : 0;
    if (!verb || isClosing || !(length > 0 && length <= most) || !options.isAllowed(request)) return false;
    const space = pool.take(length);
    receive(request, space, (isComplete) => {
      if (isComplete) void respond(response, { verb, space, length });
      else pool.give(space);
    });
    return true;
  };

  async function respond(response: ServerResponse, { verb, space, length }: Asked): Promise<void> {
    const give = () => pool.give(space);
    try {
      const answering = answer(verb, reader.read(space, length), deps);
      const answered = answering instanceof Promise ? await answering : answering;
      send(response, answered, give);
      finish(answered, app.log);
    } catch (error) {
      const { status, text } = refusal(error as FastifyError | MusterError, app.log);
      write(response, status, text);
      give();
    }
  }
}

interface Asked {
  readonly verb: Verb;
  readonly space: RequestSpace;
  readonly length: number;
}

const VERB_OF: ReadonlyMap<string | undefined, Verb> = new Map(VERBS.map((verb) => [`/${verb}`, verb]));

const verbOf = ({ method, url }: IncomingMessage) => (method === 'POST' ? VERB_OF.get(url) : undefined);

/** The length of a JSON body; NaN if it is unknown, or another content. */
function lengthOf({ headers }: IncomingMessage): number {
  const isPlain = headers['content-type'] === 'application/json' && headers['transfer-encoding'] === undefined;
  return isPlain ? Number(headers['content-length']) : NaN;
}

/** Calls `done` once: when the body is complete, or will never be. */
function receive(request: IncomingMessage, { bytes }: RequestSpace, done: (isComplete: boolean) => void): void {
  let [at, isDone] = [0, false];
  const end = (isComplete: boolean) => {
    if (!isDone) done(isComplete);
    isDone = true;
  };
  request.on('data', (chunk: Buffer) => {
    // Node.js takes no more bytes for a body than its length says.
    bytes.set(chunk, at);
    at += chunk.length;
  });
  request.on('end', () => end(true));
  request.on('close', () => end(false));
}

/** Sends the answer in one write. @param onSent when its bytes are no longer needed */
function send(response: ServerResponse, { body }: Answered, onSent: () => void): void {
  const isKept = typeof body !== 'string' && !response.destroyed;
  if (isKept) response.once('close', onSent);
  write(response, 200, body);
  if (!isKept) onSent();
}

const TYPE = 'application/json; charset=utf-8';

function write(response: ServerResponse, status: number, body: string | Buffer): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, ['content-type', TYPE, 'content-length', String(length)]);
  response.end(body);
}

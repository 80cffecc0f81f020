import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The page refers to its files by names that change with the content: only the page itself is asked for again. */
const KEPT_FOR_EVER = 'max-age=31536000, immutable';
const ASKED_AGAIN = 'no-cache';

interface Served {
  readonly type: string;
  readonly cacheControl: string;
  readonly gzip: Buffer;
  readonly etag: string;
  /** Uncompressed, once somebody asked for it. */
  plain?: Buffer;
}

/** GET / and GET /assets/...: the console. It holds no data, so that everybody who may connect gets it. */
export function consoleFiles(app: FastifyInstance): void {
  let loaded: Promise<ReadonlyMap<string, Served>> | undefined;
  const serve = async (path: string, request: FastifyRequest, reply: FastifyReply) => {
    const file = (await (loaded ??= load())).get(path);
    return file ? send(file, request, reply) : reply.code(404).send({ error: 'The console has no such file: open /.' });
  };
  app.get('/', (request, reply) => serve('/', request, reply));
  // A file is found by its whole path, in a map: no path leads anywhere else.
  app.get<{ Params: { '*': string } }>('/assets/*', (request, reply) =>
    serve(`/assets/${request.params['*']}`, request, reply),
  );
}

/** Only where somebody asks for the console. */
async function load(): Promise<ReadonlyMap<string, Served>> {
  const { default: files } = await import('muster:console');
  return new Map(
    files.map(({ path, type, gzip: text }) => {
      const gzip = Buffer.from(text, 'base64');
      const etag = createHash('sha256').update(gzip).digest('base64url').slice(0, 22);
      return [path, { type, gzip, etag, cacheControl: path === '/' ? ASKED_AGAIN : KEPT_FOR_EVER }];
    }),
  );
}

function send(file: Served, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isGzip = takesGzip(headers['accept-encoding']);
  const etag = isGzip ? `"${file.etag}-gzip"` : `"${file.etag}"`;
  void reply.headers({ 'cache-control': file.cacheControl, etag, vary: 'accept-encoding' });
  if (isKnown(headers['if-none-match'], etag)) return reply.code(304).send();
  void reply.type(file.type);
  if (!isGzip) return reply.send((file.plain ??= gunzipSync(file.gzip)));
  return reply.header('content-encoding', 'gzip').send(file.gzip);
}

/** `br;q=1, gzip;q=0.8`; a weight of 0 says no. */
const takesGzip = (header: string | string[] | undefined): boolean =>
  String(header ?? '')
    .split(',')
    .some((one) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)|$)/i.test(one));

const isKnown = (header: string | undefined, etag: string): boolean =>
  (header ?? '').split(',').some((one) => [etag, `W/${etag}`, '*'].includes(one.trim()));

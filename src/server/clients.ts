import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { hasCertificate } from './access/asker.ts';

/** The kubelet has no client certificate. */
const OPEN = new Set(['/healthz', '/readyz']);

/** Refuses clients without a certificate of the server's CA, except about health. */
export function requireCertificate(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN.has(request.routeOptions.url ?? '') || hasCertificate(socketOf(request.raw))) return;
    return refuse(reply, 'a client certificate is required');
  });
}

/** Whether a client's certificate has one of these names. */
export function nameCheck(names: readonly string[]): (request: IncomingMessage) => boolean {
  /** A certificate belongs to a connection, and reading it takes longer than most decisions. */
  const allowed = new WeakMap<TLSSocket, boolean>();
  return (request) => {
    const socket = socketOf(request);
    let isAllowed = allowed.get(socket);
    if (isAllowed === undefined) {
      isAllowed = hasCertificate(socket) && namesOf(socket).some((name) => names.includes(name));
      allowed.set(socket, isAllowed);
    }
    return isAllowed;
  };
}

/** Refuses clients whose certificate has none of these names. */
export function requireName(app: FastifyInstance, names: readonly string[]): void {
  const isAllowed = nameCheck(names);
  app.addHook('onRequest', async (request, reply) => {
    if (!isAllowed(request.raw))
      return refuse(reply, `the client certificate has none of the names ${names.join(', ')}`);
  });
}

/** The common name and the alternative names (DNS names, URIs, e-mail addresses) of the client's certificate. */
function namesOf(socket: TLSSocket): readonly string[] {
  const { subject, subjectaltname = '' } = socket.getPeerCertificate();
  // Node.js escapes commas inside a name, so that none can pretend to be several.
  const named = subjectaltname.split(', ').map((name) => /^(?:DNS|URI|email):(.+)$/.exec(name)?.[1]);
  // Several common names are a list, and none of them counts.
  const common: unknown = (subject as { CN?: unknown } | undefined)?.CN;
  return [common, ...named].filter((name) => typeof name === 'string');
}

// Only servers with a CA have these hooks, and they speak TLS.
const socketOf = ({ socket }: IncomingMessage) => socket as TLSSocket;

function refuse(reply: FastifyReply, why: string): FastifyReply {
  reply.log.warn({ reason: why }, 'client refused');
  return reply.code(403).send({ Error: `${why[0]!.toUpperCase()}${why.slice(1)}.` });
}

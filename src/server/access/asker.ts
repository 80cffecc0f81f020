import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** What a request says of who asks. Headers are the asker's own words; the address and the certificate are not. */
export interface Asker {
  /** The other end of the connection. */
  readonly address: string;
  /** The server's CA signed its certificate. */
  readonly isCertified: boolean;
  /** The header Host: a name or an address, and mostly a port. */
  readonly host: string;
  /** A proxy says that it passes the request on for somebody. */
  readonly isForwarded: boolean;
  /** The header Sec-Fetch-Site, which scripts of a page cannot set. */
  readonly fetchSite: string | undefined;
  readonly origin: string | undefined;
  /** The bearer token. */
  readonly token: string | undefined;
}

/** Proxies set one of these. Envoy, as a sidecar, sets the third alone. */
const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-real-ip', 'via'];
/** As long as all headers together may be. */
const BEARER = /^Bearer +([\w.~+/=-]{1,16384})$/i;

export function askerOf({ socket, headers }: IncomingMessage): Asker {
  return {
    address: socket.remoteAddress ?? '',
    isCertified: hasCertificate(socket as TLSSocket),
    host: headers.host ?? '',
    isForwarded: FORWARDING.some((name) => headers[name] !== undefined),
    fetchSite: textOf(headers['sec-fetch-site']),
    origin: headers.origin,
    token: BEARER.exec(headers.authorization ?? '')?.[1],
  };
}

/** A certificate belongs to a connection, and reading it takes longer than most decisions. */
const certified = new WeakMap<TLSSocket, boolean>();

/**
 * Whether the server's CA signed a certificate of the client. OpenSSL finds nothing wrong with a session of TLS 1.3 that
 * is resumed, even if its client never had a certificate: `authorized` alone does not say that there is one.
 */
export function hasCertificate(socket: TLSSocket): boolean {
  if (socket.authorized !== true) return false;
  let has = certified.get(socket);
  if (has === undefined) certified.set(socket, (has = Object.keys(socket.getPeerCertificate()).length > 0));
  return has;
}

const textOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join() : value;

import type { FastifyBaseLogger } from 'fastify';
import type { Config } from '../../config.ts';
import { isLoopback } from '../listen.ts';

/** Warns of settings that let more people read than somebody may have wanted. */
export function warnOfReaders(
  { host, readAccess, tlsCertFile, tlsClientCaFile }: Config,
  log: Pick<FastifyBaseLogger, 'warn'>,
): void {
  if (isLoopback(host) || tlsClientCaFile !== undefined) return;
  if (readAccess === 'anyone')
    log.warn({ host }, 'anyone who reaches the port may read the names of gangs, users and nodes: set readAccess');
  const sendsTokens = readAccess === 'token' || readAccess === 'kubernetes';
  if (sendsTokens && tlsCertFile === undefined)
    log.warn({ host }, 'tokens of readers cross the network as plain text: set tlsCertFile, or use port-forward alone');
}

import type { FastifyBaseLogger } from 'fastify';
import type { Config } from '../../config.ts';
import { MusterError } from '../../core/errors.ts';
import type { AccessReviews } from '../../kube/access-reviews.ts';
import { GangNamespaces } from './gang-namespaces.ts';
import { KubeUsers } from './kube-users.ts';
import { anyone, loopbackAlone, tokenHolders, type ReadAccess } from './read-access.ts';
import { TokenFile } from './token-file.ts';

export interface AccessParts {
  readonly logger: FastifyBaseLogger;
  /** The namespace of each gang, `namespace/name`. */
  readonly gangs: () => readonly { readonly gang: string }[];
  /** Of a live cluster, for readAccess kubernetes. */
  readonly reviews?: AccessReviews | undefined;
}

type Settings = Pick<Config, 'readAccess' | 'readTokenFile' | 'readHosts'>;

/**
 * Who may read, as the config says.
 * @throws MusterError MUSTER_USAGE for settings that do not go together, and as TokenFile
 */
export function openAccess(settings: Settings, { logger, gangs, reviews }: AccessParts): ReadAccess {
  requireSense(settings);
  const { readAccess, readTokenFile, readHosts } = settings;
  if (readAccess === 'loopback') return loopbackAlone(readHosts);
  if (readAccess === 'anyone') return anyone(readHosts);
  if (readAccess === 'token') return tokenHolders(new TokenFile(readTokenFile!, logger));
  if (!reviews)
    throw new MusterError('MUSTER_USAGE', 'readAccess kubernetes needs --live: it asks the API server of the cluster.');
  const onTrouble = (trouble: string) => logger.warn({ trouble }, 'the API server does not say who may read');
  return new KubeUsers({ reviews, namespaces: new GangNamespaces(gangs), onTrouble });
}

/** A setting that would have no effect is a mistake: somebody relies on it. */
function requireSense({ readAccess, readTokenFile, readHosts }: Settings): void {
  if (readAccess === 'token' && readTokenFile === undefined)
    throw new MusterError('MUSTER_USAGE', 'readAccess token needs readTokenFile, a file of tokens, one a line.');
  if (readAccess !== 'token' && readTokenFile !== undefined)
    throw new MusterError('MUSTER_USAGE', `readTokenFile is for readAccess token, which is ${readAccess}.`);
  if (readHosts.length > 0 && readAccess !== 'loopback' && readAccess !== 'anyone')
    throw new MusterError('MUSTER_USAGE', `readHosts is for readAccess loopback or anyone, which is ${readAccess}.`);
}

import { readFileSync } from 'node:fs';
import { MusterError } from '../../core/errors.ts';
import { AboutView } from '../../server/api/board-schemas.ts';
import { isLoopback, MUSTER_PORT, serverUrl } from './address.ts';
import { MusterServer, type Reach } from './client.ts';
import { TOKEN_VARIABLE, withEnvironment, type ServerFlags } from './flags.ts';

/** A muster on this machine answers at once, or there is none. */
const LOCAL_TIMEOUT_MS = 1000;

/**
 * Finds muster and uses it: where `--server` or MUSTER_SERVER says; else on this machine, unless a cluster is named; else
 * in the cluster of the kubeconfig.
 * @throws MusterError MUSTER_ASK_FAILED, MUSTER_USAGE, MUSTER_KUBE_CONFIG, MUSTER_FILE_UNREADABLE
 */
export async function withMuster<T>(flags: ServerFlags, use: (server: MusterServer) => Promise<T>): Promise<T> {
  const server = await connect(flags);
  try {
    return await use(server);
  } finally {
    server.close();
  }
}

/** As `withMuster`; the caller closes it. */
export async function connect(given: ServerFlags, env: NodeJS.ProcessEnv = process.env): Promise<MusterServer> {
  const flags = withEnvironment(given, env);
  const tls = tlsOf(flags);
  const token = toldToken(flags, env);
  const told = token === undefined ? {} : { token: () => Promise.resolve(token) };
  if (flags.server !== undefined) {
    const reach = await directReach(flags, tls);
    if (token !== undefined && reach.base.protocol === 'http:' && !isLoopback(reach.base))
      process.stderr.write(`muster: warning: the token goes to ${reach.name} without encryption; use https://.\n`);
    return new MusterServer({ ...reach, ...told });
  }
  if (flags.kubeconfig === undefined && flags.context === undefined) {
    const local = await localServer({ tls, ...told });
    if (local) return local;
  }
  // The client library takes 0.3 s to load.
  const { reachInCluster } = await import('./cluster-reach.ts');
  try {
    return new MusterServer({ ...(await reachInCluster(flags, tls)), ...told });
  } catch (error) {
    if (!(error instanceof MusterError) || error.code !== 'MUSTER_KUBE_CONFIG' || flags.kubeconfig !== undefined)
      throw error;
    const none = `No muster answers at 127.0.0.1:${MUSTER_PORT}, and there is no kubeconfig that names a cluster: give --server ADDRESS or --kubeconfig FILE.`;
    throw new MusterError('MUSTER_ASK_FAILED', none, { cause: error });
  }
}

async function directReach(flags: ServerFlags, tls: Reach['tls']): Promise<Reach> {
  const base = serverUrl(flags.server!, tls.ca !== undefined || tls.cert !== undefined);
  const hint =
    'Without --server and MUSTER_SERVER the muster of your kubeconfig is found, by port-forward through its API server.';
  const reach = { name: base.href.replace(/\/$/, ''), base, tls, hint };
  const isNamed = (flags.kubeconfig ?? flags.context) !== undefined;
  // A kubeconfig's token opens the whole cluster: only who names both sends it, and never in the clear.
  if (!isNamed || (base.protocol === 'http:' && !isLoopback(base))) return reach;
  const { configFor, tokenOf } = await import('./cluster-reach.ts');
  return { ...reach, token: tokenOf(configFor(flags)) };
}

/** The muster of this machine; undefined: what listens there, if anything, is none. */
async function localServer(how: Pick<Reach, 'tls' | 'token'>): Promise<MusterServer | undefined> {
  for (const scheme of how.tls.cert === undefined ? ['http'] : ['https', 'http']) {
    const base = new URL(`${scheme}://127.0.0.1:${MUSTER_PORT}/`);
    const open = { tls: how.tls, name: base.href.replace(/\/$/, ''), base, hint: 'Is it still running?' };
    // Who listens there is not known: the token is not sent before it is asked for.
    const server = new MusterServer(open);
    const about = AboutView.safeParse(await server.get('/v1/about', LOCAL_TIMEOUT_MS).catch(() => undefined));
    if (about.success && about.data.access === 'open') return server;
    server.close();
    if (about.success) return new MusterServer({ ...open, ...how });
  }
  return undefined;
}

function tlsOf({ ca, clientCert, clientKey, tlsServerName }: ServerFlags): Reach['tls'] {
  if ((clientCert === undefined) !== (clientKey === undefined))
    throw new MusterError('MUSTER_USAGE', '--client-cert and --client-key belong together: give both.');
  return {
    ...(ca === undefined ? {} : { ca: read(ca) }),
    ...(clientCert === undefined ? {} : { cert: read(clientCert), key: read(clientKey!) }),
    ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
  };
}

function toldToken({ tokenFile }: ServerFlags, env: NodeJS.ProcessEnv): string | undefined {
  const token = (tokenFile === undefined ? env[TOKEN_VARIABLE] : read(tokenFile).toString('utf8'))?.trim();
  if (tokenFile !== undefined && token === '')
    throw new MusterError('MUSTER_USAGE', `--token-file ${tokenFile}: is empty; expected one token.`);
  if (token !== undefined && !/^[\x21-\x7e]*$/.test(token))
    throw new MusterError(
      'MUSTER_USAGE',
      `${tokenFile === undefined ? TOKEN_VARIABLE : `--token-file ${tokenFile}`}: expected one token without spaces.`,
    );
  return token === '' ? undefined : token;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new MusterError('MUSTER_FILE_UNREADABLE', `${file}: ${(cause as Error).message}.`, { cause });
  }
}

import type { Command } from 'commander';

/** Which muster is asked, and as whom. All are optional: `connect` finds the rest by itself. */
export interface ServerFlags {
  readonly server?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly musterNamespace?: string;
  readonly tokenFile?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly ca?: string;
  readonly tlsServerName?: string;
}

/** The variables that stand for flags; MUSTER_TOKEN holds the token itself. */
export const SERVER_VARIABLES = {
  server: 'MUSTER_SERVER',
  musterNamespace: 'MUSTER_NAMESPACE',
  tokenFile: 'MUSTER_TOKEN_FILE',
  clientCert: 'MUSTER_CLIENT_CERT',
  clientKey: 'MUSTER_CLIENT_KEY',
  ca: 'MUSTER_CA',
  tlsServerName: 'MUSTER_TLS_SERVER_NAME',
} as const satisfies Partial<Record<keyof ServerFlags, string>>;

export const TOKEN_VARIABLE = 'MUSTER_TOKEN';

/** Adds the options that say which muster a command asks. */
export const withServer = (command: Command): Command =>
  command
    .optionsGroup('Which muster (docs/cli.md):')
    .option(
      '--server <address>',
      'such as muster:8888 or https://...; default: MUSTER_SERVER, then the muster of this machine, then that of the kubeconfig',
    )
    .option('--kubeconfig <file>', 'reach the muster of this cluster through its API server; as kubectl has it')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--muster-namespace <name>', "namespace of muster's pods; default: muster-system, then kube-system")
    .option('--token-file <file>', 'bearer token for muster; or MUSTER_TOKEN')
    .option('--client-cert <file>', 'client certificate for muster (PEM)')
    .option('--client-key <file>', 'key of the client certificate (PEM)')
    .option('--ca <file>', 'the CA of the certificate of muster (PEM)')
    .option('--tls-server-name <name>', 'name that the certificate of muster must have');

/** What the flags say, and where they say nothing, the environment. */
export function withEnvironment(flags: ServerFlags, env: NodeJS.ProcessEnv): ServerFlags {
  const told = Object.entries(SERVER_VARIABLES).flatMap(([flag, variable]) => {
    const value = env[variable];
    return value === undefined || value === '' ? [] : [[flag, value] as const];
  });
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(told), ...Object.fromEntries(given) };
}

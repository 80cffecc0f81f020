import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { Transport } from '../../../src/kube/transport.ts';
import type { Binaries } from './binaries.ts';
import { freePort, start, waitFor, type Started } from './process.ts';

/** User names and groups by token; the API server's RBAC decides what they may do. */
const USERS = {
  admin: { name: 'admin', groups: ['system:masters'] },
  scheduler: { name: 'system:kube-scheduler', groups: [] },
  muster: { name: 'system:serviceaccount:muster-system:muster', groups: ['system:serviceaccounts'] },
  tenant: { name: 'tenant', groups: [] },
} as const;
export type User = keyof typeof USERS;

type Flags = Readonly<Record<string, string>>;

interface Ports {
  readonly etcd: number;
  readonly peer: number;
  readonly api: number;
}

/** A real etcd and kube-apiserver on the loopback, in a folder of their own. */
export class ControlPlane {
  readonly folder = mkdtempSync(join(tmpdir(), 'muster-e2e-'));
  readonly binaries: Binaries;
  readonly #ports: Ports;
  readonly #apiFlags: Flags;
  #etcd: Started | undefined;
  #api: Started | undefined;
  #admin: Transport | undefined;

  private constructor(binaries: Binaries, ports: Ports, apiFlags: Flags) {
    this.binaries = binaries;
    this.#ports = ports;
    this.#apiFlags = apiFlags;
  }

  /** @param apiFlags of kube-apiserver beside its own here, such as `{ 'feature-gates': 'GenericWorkload=true' }` */
  static async start(binaries: Binaries, apiFlags: Flags = {}): Promise<ControlPlane> {
    const ports = { etcd: await freePort(), peer: await freePort(), api: await freePort() };
    const plane = new ControlPlane(binaries, ports, apiFlags);
    try {
      plane.#writeSecrets();
      await plane.#startEtcd();
      await plane.startApiServer();
      await plane.#letSchedulersLease();
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  get url(): string {
    return `https://127.0.0.1:${this.#ports.api}`;
  }

  /** By the program's name. */
  get pids(): { readonly etcd: number; readonly apiServer: number } {
    return { etcd: this.#etcd!.child.pid!, apiServer: this.#api!.child.pid! };
  }

  /** As cluster-admin. */
  get admin(): Transport {
    return (this.#admin ??= this.transportFor('admin'));
  }

  transportFor(user: User): Transport {
    const config = new KubeConfig();
    config.loadFromFile(this.kubeconfig(user));
    return new Transport(config);
  }

  /** @returns the path of a kubeconfig file */
  kubeconfig(user: User): string {
    const file = join(this.folder, `${user}.kubeconfig`);
    if (existsSync(file)) return file;
    const ca = this.#certificate().toString('base64');
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: this.url, 'certificate-authority-data': ca } }],
      users: [{ name: user, user: { token: tokenOf(user) } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user } }],
      'current-context': 'test',
    });
    writeFileSync(file, text);
    return file;
  }

  /** @throws Error while the API server, which makes it, has not written all of it */
  #certificate(): Buffer {
    const pem = readFileSync(join(this.folder, 'certs', 'apiserver.crt'));
    if (!pem.toString('latin1').trimEnd().endsWith('-----END CERTIFICATE-----')) throw new Error('half a certificate');
    return pem;
  }

  async startApiServer(): Promise<void> {
    const certs = join(this.folder, 'certs');
    const flags = {
      'etcd-servers': `http://127.0.0.1:${this.#ports.etcd}`,
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'secure-port': this.#ports.api,
      'cert-dir': certs,
      'service-cluster-ip-range': '10.0.0.0/24',
      'service-account-issuer': 'https://muster.test',
      'service-account-key-file': join(certs, 'sa.pub'),
      'service-account-signing-key-file': join(certs, 'sa.key'),
      'token-auth-file': join(this.folder, 'tokens.csv'),
      'authorization-mode': 'RBAC',
      // Bare pods and nodes without a controller manager: nobody makes service accounts or untaints nodes.
      'disable-admission-plugins': 'ServiceAccount,TaintNodesByCondition',
      'max-requests-inflight': 2000,
      'max-mutating-requests-inflight': 1000,
      'watch-cache': true,
      ...this.#apiFlags,
    };
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    this.#api = start(this.binaries.apiServer, args, join(this.folder, 'kube-apiserver.log'));
    await waitFor('kube-apiserver', () => this.#isReady(), this.#api);
  }

  async killApiServer(): Promise<void> {
    await this.#api?.stop('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#admin?.close();
    await this.#api?.stop();
    await this.#etcd?.stop('SIGKILL');
    if (process.env['MUSTER_E2E_KEEP']) console.log(`logs: ${this.folder}`);
    else rmSync(this.folder, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    await this.admin.request({ method: 'GET', path: '/readyz', timeoutMs: 1000 }).catch((error: unknown) => {
      // The body is the plain text `ok`, which is no JSON.
      if (!(error instanceof SyntaxError)) throw error;
    });
    await this.admin.request({ method: 'GET', path: '/api/v1/namespaces/kube-system', timeoutMs: 1000 });
    return true;
  }

  #writeSecrets(): void {
    const certs = join(this.folder, 'certs');
    mkdirSync(certs);
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(join(certs, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(certs, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    const rows = (Object.keys(USERS) as User[]).map((user) => {
      const { name, groups } = USERS[user];
      return `${tokenOf(user)},${name},${user},"${groups.join(',')}"`;
    });
    writeFileSync(join(this.folder, 'tokens.csv'), `${rows.join('\n')}\n`);
  }

  async #startEtcd(): Promise<void> {
    const { etcd, peer } = this.#ports;
    const [client, peers] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${peer}`];
    const args = [
      `--data-dir=${join(this.folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
      '--unsafe-no-fsync',
    ];
    const known = await supports(this.binaries.etcd, '--unsafe-no-fsync');
    const usable = args.filter((arg) => known || arg !== '--unsafe-no-fsync');
    this.#etcd = start(this.binaries.etcd, usable, join(this.folder, 'etcd.log'));
    await waitFor('etcd', async () => (await fetch(`${client}/health`)).ok, this.#etcd);
  }

  /** The bootstrap role of system:kube-scheduler names the lease `kube-scheduler` alone. */
  async #letSchedulersLease(): Promise<void> {
    const rules = [
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        verbs: ['create', 'get', 'list', 'watch', 'update'],
      },
    ];
    const role = { metadata: { name: 'muster-scheduler-lease' }, rules };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'muster-scheduler-lease' };
    const subjects = [{ kind: 'User', name: USERS.scheduler.name, apiGroup: 'rbac.authorization.k8s.io' }];
    const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system';
    await this.admin.request({ method: 'POST', path: `${path}/roles`, body: role });
    const binding = { metadata: { name: 'muster-scheduler-lease' }, roleRef, subjects };
    await this.admin.request({ method: 'POST', path: `${path}/rolebindings`, body: binding });
  }
}

const tokenOf = (user: User) => `token-of-${user}`;

async function supports(binary: string, flag: string): Promise<boolean> {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve) => {
    execFile(binary, ['--help'], (_error, stdout, stderr) => resolve(`${stdout}${stderr}`.includes(flag.slice(2))));
  });
}

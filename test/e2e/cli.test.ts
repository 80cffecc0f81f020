import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, persist } from './harness/cluster.ts';
import { ControlPlane, type User } from './harness/control-plane.ts';
import { ForwardingKubelet } from './harness/forwarding-kubelet.ts';
import { MusterProcess } from './harness/muster.ts';
import { freePort, waitFor } from './harness/process.ts';
import { inProject } from './harness/root.ts';
import { applyAccess } from './harness/world.ts';

const OPENSSL = '/usr/bin/openssl';
const found = await findBinaries((line) => console.log(line));
const binaries = typeof found === 'string' || existsSync(OPENSSL) ? found : 'there is no openssl';
if (typeof binaries === 'string') console.log(`SKIPPED: ${binaries}`);

const SPACE = 'muster-system';
const LEASE = { namespace: 'kube-system', name: 'muster-scheduler' };
const LEASE_PATH = `/apis/coordination.k8s.io/v1/namespaces/${LEASE.namespace}/leases`;

/** The commands on a laptop: a kubeconfig, a real API server that forwards ports, and musters that really serve. */
describe.skipIf(typeof binaries === 'string')('commands find muster through the API server', () => {
  let plane: ControlPlane;
  let kubelet: ForwardingKubelet;
  const musters: MusterProcess[] = [];
  const file = (name: string) => join(plane.folder, name);

  beforeAll(async () => {
    if (typeof binaries === 'string') return;
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 3, { cpu: 8 });
    await applyAccess(plane);
    await letMusterAskWhoReads();
    await hold('muster-b');
    certificates();
    const tls = {
      MUSTER_TLS_CERT_FILE: file('muster.crt'),
      MUSTER_TLS_KEY_FILE: file('muster.key'),
      MUSTER_TLS_CLIENT_CA_FILE: file('ca.crt'),
    };
    const a = await muster('muster-a', { MUSTER_READ_ACCESS: 'kubernetes' });
    const b = await muster('muster-b', { MUSTER_READ_ACCESS: 'kubernetes' });
    const c = await muster('muster-c', { ...tls, MUSTER_TLS_CLIENT_NAMES: 'reader' }, false);
    const ports = {
      [`${SPACE}/muster-a`]: { 8888: a },
      [`${SPACE}/muster-b`]: { 8888: b },
      'mtls/muster-c': { 8888: c },
    };
    const certs = { cert: read('certs/apiserver.crt'), key: read('certs/apiserver.key') };
    kubelet = new ForwardingKubelet(certs, ports);
    await nodeOf(await kubelet.start());
    for (const space of ['mtls', 'dead', 'jobs'])
      await plane.admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: space } } });
    await pod(SPACE, 'muster-a');
    await pod(SPACE, 'muster-b');
    await pod('mtls', 'muster-c', 'HTTPS');
    await pod('dead', 'muster-d');
    await leader('etl');
  });

  afterAll(async () => {
    kubelet?.stop();
    for (const one of musters) await one.kill('SIGKILL');
    await plane?.stop();
  });

  const read = (name: string) => readFileSync(file(name), 'utf8');

  async function muster(name: string, env: Record<string, string>, hasLease = true): Promise<number> {
    const port = await freePort();
    const lease = hasLease ? { lease: `${LEASE.namespace}/${LEASE.name}` } : {};
    const one = new MusterProcess(plane, { name, port, extenderPort: await freePort(), env, ...lease });
    musters.push(one);
    one.start();
    if (hasLease) await one.ready();
    else
      await waitFor(
        name,
        () => Promise.resolve(readFileSync(one.logFile, 'utf8').includes('muster serves')),
        undefined,
      );
    return port;
  }

  /** Rights to review tokens and accesses, as deploy/ gives them where readAccess is kubernetes. */
  async function letMusterAskWhoReads(): Promise<void> {
    const body = {
      metadata: { name: 'muster-reads' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:auth-delegator' },
      subjects: [
        { kind: 'User', name: 'system:serviceaccount:muster-system:muster', apiGroup: 'rbac.authorization.k8s.io' },
      ],
    };
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    await persist(plane.admin, { method: 'POST', path, body });
  }

  /** As kube-scheduler beside that muster does. */
  async function hold(name: string): Promise<void> {
    const spec = {
      holderIdentity: `${name}_0a1b`,
      leaseDurationSeconds: 3600,
      renewTime: `${new Date().toISOString().slice(0, -1)}000Z`,
    };
    const path = `${LEASE_PATH}/${LEASE.name}`;
    const contentType = 'application/merge-patch+json';
    await plane.admin
      .request({ method: 'PATCH', path, body: { spec }, contentType })
      .catch(() => plane.admin.request({ method: 'POST', path: LEASE_PATH, body: { metadata: LEASE, spec } }));
  }

  async function nodeOf(port: number): Promise<void> {
    const status = {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    };
    const body = { metadata: { name: 'kubelet' }, spec: { unschedulable: true }, status };
    await persist(plane.admin, { method: 'POST', path: '/api/v1/nodes', body });
  }

  async function pod(namespace: string, name: string, scheme = 'HTTP'): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const args = ['serve', '--live', `--scheduler-lease=${LEASE.namespace}/${LEASE.name}`];
    const container = {
      ...{ name: 'muster', image: 'muster', args },
      ports: [{ name: 'http', containerPort: 8888 }],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'http', scheme } },
    };
    const metadata = { name, labels: { 'app.kubernetes.io/name': 'muster' } };
    const securityContext = { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } };
    const body = { metadata, spec: { nodeName: 'kubelet', securityContext, containers: [container] } };
    await persist(plane.admin, { method: 'POST', path, body });
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    const contentType = 'application/merge-patch+json';
    await plane.admin.request({ method: 'PATCH', path: `${path}/${name}/status`, body: { status }, contentType });
  }

  async function leader(name: string): Promise<void> {
    const roles = [{ name: 'driver' }, { name: 'executor', count: 99, requests: { cpu: '1' } }];
    const metadata = {
      name: `${name}-driver`,
      labels: { 'muster.dev/gang': name, 'muster.dev/role': 'driver' },
      annotations: { 'muster.dev/roles': JSON.stringify(roles) },
    };
    const spec = {
      schedulerName: 'muster',
      schedulingGates: [{ name: 'muster.dev/gang' }],
      containers: [{ name: 'main', image: 'main', resources: { requests: { cpu: '1' } } }],
    };
    await persist(plane.admin, { method: 'POST', path: '/api/v1/namespaces/jobs/pods', body: { metadata, spec } });
  }

  /** A CA, muster's certificate for its Service in namespace mtls, and one of a reader. */
  function certificates(): void {
    const openssl = (...args: string[]) => execFileSync(OPENSSL, args, { stdio: 'ignore', cwd: plane.folder });
    const key = ['-newkey', 'rsa:2048', '-nodes'];
    openssl('req', '-x509', ...key, '-subj', '/CN=ca', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt');
    for (const [name, names] of [
      ['muster', 'DNS:muster.mtls.svc'],
      ['reader', 'DNS:reader'],
    ] as const) {
      writeFileSync(file(`${name}.ext`), `subjectAltName=${names}\n`);
      openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
      const ca = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
      openssl('x509', '-req', '-in', `${name}.csr`, ...ca, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
    }
  }

  const CLI = inProject('dist/cli.js');
  const child = (args: readonly string[], user: User) =>
    spawn(process.execPath, [CLI, ...args, '--kubeconfig', plane.kubeconfig(user)], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  async function run(args: readonly string[], user: User = 'admin') {
    const started = child(args, user);
    const text = { out: '', err: '' };
    started.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
    started.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => started.on('close', resolve));
    return { code, ...text };
  }

  test('the one that decides is asked, with the token of the kubeconfig', async () => {
    expect(await run(['version'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(
        /^client: .*\nserver: .* \(pod muster-system\/muster-b; .*; it decides\)\n$/,
      ) as string,
    });
    expect(new Set(kubelet.forwarded)).toEqual(new Set([`${SPACE}/muster-b:8888`]));
  });

  test('gangs, nodes and explain: what kube-apiserver has, through it', async () => {
    await waitFor('the gang', async () => (await run(['gangs', '-o', 'name'])).out === 'jobs/etl\n');
    const { out, code, err } = await run(['explain', 'etl', '--context', 'test']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Gang jobs\/etl: waiting/);
    expect((await run(['nodes', '-o', 'name'])).out).toContain('node-0000\n');
  });

  test('a context that is none is told with those there are', async () => {
    const { code, err } = await run(['gangs', '--context', 'tets']);
    expect(code).toBe(2);
    expect(err).toContain('--context tets: the kubeconfig has test; did you mean test?');
  });

  test('who may not list pods, and where there is no muster, hears what to do', async () => {
    const refused = await run(['gangs'], 'tenant');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(
      /^muster: You may not list pods in muster-system and kube-system of https:.*--server\..*\n$/,
    );
    const none = await run(['gangs', '--muster-namespace', 'jobs']);
    expect(none.err).toMatch(
      /^muster: No pod with label app\.kubernetes\.io\/name=muster runs in jobs of .*--muster-namespace.*\n$/,
    );
  });

  test('a port on which nobody listens is an error of one line', async () => {
    const { code, err } = await run(['gangs', '--muster-namespace', 'dead']);
    expect(code).toBe(1);
    expect(err).toMatch(/^muster: Cannot reach pod dead\/muster-d: .*kubectl -n dead logs muster-d.*\n$/);
  });

  test('mTLS to muster inside the forwarded connection', async () => {
    const there = ['gangs', '-o', 'name', '--muster-namespace', 'mtls'];
    expect((await run(there)).err).toMatch(/Cannot reach pod mtls\/muster-c: .* Give --ca FILE/);
    const ca = ['--ca', file('ca.crt')];
    expect(await run([...there, ...ca])).toMatchObject({ code: 1, out: '' });
    const identity = ['--client-cert', file('reader.crt'), '--client-key', file('reader.key')];
    expect(await run([...there, ...ca, ...identity])).toMatchObject({ code: 0, err: '', out: 'jobs/etl\n' });
    const wrongName = await run([...there, ...ca, ...identity, '--tls-server-name', 'other']);
    expect(wrongName.err).toContain('Give --tls-server-name');
  });

  test('a watch goes on at the other replica when the first one is gone', async () => {
    const started = child(['gangs', '-o', 'name', '--watch'], 'admin');
    let [out, err] = ['', ''];
    started.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    started.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => started.on('close', resolve));
    await waitFor('the first list', () => Promise.resolve(out.includes('jobs/etl\n')));
    await hold('muster-a');
    kubelet.cut();
    await waitFor('the other replica', () => Promise.resolve(kubelet.forwarded.includes(`${SPACE}/muster-a:8888`)));
    await leader('ml');
    await waitFor('the new gang', () => Promise.resolve(out.includes('jobs/ml\n')));
    expect(err).toContain('Trying again.');
    started.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(out).not.toContain('\x1b');
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { hasKubectl, kustomize, ROOT, STACKS, type Manifest } from '../support/kustomize.ts';
import { deploymentsOf, staticPod, type Container } from '../support/pod-specs.ts';
import { findBinaries } from './harness/binaries.ts';
import { createNodes, FakeKubelet, persist } from './harness/cluster.ts';
import { ControlPlane } from './harness/control-plane.ts';
import { PodWatch } from './harness/pods.ts';
import { freePort, start, waitFor, type Started } from './harness/process.ts';
import { runApps, SparkApp } from './harness/spark.ts';

const binaries = await findBinaries((line) => console.log(line));
const OPENSSL = '/usr/bin/openssl';
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const why =
  typeof binaries === 'string'
    ? binaries
    : !hasKubectl
      ? 'there is no kubectl'
      : existsSync(OPENSSL)
        ? undefined
        : 'there is no openssl';
if (why !== undefined) console.log(`SKIPPED: ${why}`);

interface SchedulerConfig {
  clientConnection: Record<string, unknown>;
  extenders: { urlPrefix: string; tlsConfig?: Record<string, string> }[];
}

/** Files that the manifests mount, and where they are here; all else is as the manifests say. */
interface Ports {
  readonly port: number;
  readonly extenderPort: number;
}

type Places = Readonly<Record<string, string>>;

interface Scheduler {
  readonly account: string;
  readonly command: readonly string[];
  /** Its configuration. */
  readonly text: string;
  /** Of muster. */
  readonly url: string;
  readonly places?: Places;
}

const EXECUTORS = 4;
const ACCOUNTS = '/api/v1/namespaces/muster-system/serviceaccounts';

describe.skipIf(why !== undefined)('as deploy/ runs them, with the rights that it gives', () => {
  let plane: ControlPlane;
  let watch: PodWatch;
  let started: Started[];

  beforeEach(async () => {
    if (typeof binaries === 'string' || why !== undefined) return;
    started = [];
    plane = await ControlPlane.start(binaries);
    await createNodes(plane.admin, 2, { cpu: 8 });
    watch = new PodWatch(plane.admin);
    new FakeKubelet(plane.admin, watch);
  });

  afterEach(async () => {
    for (const one of started) await one.stop();
    watch?.stop();
    await plane?.stop();
  });

  /**
   * Creates the accounts, roles, bindings and admission policies of a stack. User `muster` (overlay main) is an account
   * here, too.
   */
  async function grant(all: readonly Manifest[]): Promise<void> {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    for (const path of ['rolebindings', 'roles'].map((kind) => `${rbac}/namespaces/kube-system/${kind}`)) {
      // The harness gives its own kube-scheduler this one.
      await persist(plane.admin, { method: 'DELETE', path: `${path}/muster-scheduler-lease` });
    }
    const namespace = { metadata: { name: 'muster-system' } };
    await persist(plane.admin, { method: 'POST', path: '/api/v1/namespaces', body: namespace });
    for (const name of ['muster', 'muster-kube-scheduler']) {
      await persist(plane.admin, { method: 'POST', path: ACCOUNTS, body: { metadata: { name } } });
    }
    for (const object of all.filter(({ apiVersion }) => /^(rbac|admissionregistration)/.test(apiVersion))) {
      const { apiVersion, kind, metadata } = object;
      const space = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
      const path = `/apis/${apiVersion}${space}/${`${kind.toLowerCase()}s`.replace(/ys$/, 'ies')}`;
      await persist(plane.admin, { method: 'POST', path, body: withAccounts(object) });
    }
  }

  /** @returns the path of a kubeconfig with a token of the account, as a pod has it */
  async function kubeconfigOf(account: string): Promise<string> {
    const path = `${ACCOUNTS}/${account}/token`;
    const answer = await persist(plane.admin, { method: 'POST', path, body: { spec: { expirationSeconds: 3600 } } });
    const config = parse(readFileSync(plane.kubeconfig('admin'), 'utf8')) as { users: [{ user: object }] };
    config.users[0].user = { token: (answer as { status: { token: string } }).status.token };
    const file = join(plane.folder, `${account}-account.kubeconfig`);
    writeFileSync(file, stringify(config));
    return file;
  }

  const here = (text: string, places: Places) =>
    Object.entries(places).reduce((out, [path, place]) => out.replaceAll(path, place), text);

  async function startMuster({ args = [], env = [] }: Container, places: Places): Promise<Ports> {
    const ports = { port: await freePort(), extenderPort: await freePort() };
    const others = /^--(extender-)?(host|port)=|^--kubeconfig=/;
    const flags = args.map((arg) => here(arg, places)).filter((arg) => !others.test(arg));
    const at = [`--port=${ports.port}`, `--extender-port=${ports.extenderPort}`];
    const own = [...at, `--kubeconfig=${await kubeconfigOf('muster')}`];
    const variables = Object.fromEntries(env.map(({ name, value = '' }) => [name, here(value, places)]));
    const log = join(plane.folder, 'muster.log');
    started.push(start(process.execPath, [CLI, ...flags, ...own], log, variables));
    return ports;
  }

  async function startScheduler({ account, command, text, url, places = {} }: Scheduler): Promise<void> {
    const kubeconfig = await kubeconfigOf(account);
    const config = parse(here(text, places)) as SchedulerConfig;
    config.clientConnection['kubeconfig'] = kubeconfig;
    config.extenders[0]!.urlPrefix = url;
    const file = join(plane.folder, 'scheduler.yaml');
    writeFileSync(file, stringify(config));
    const flags = command.slice(1).filter((arg) => !/^--(config|secure-port)=/.test(arg));
    const own = [
      `--config=${file}`,
      `--secure-port=${await freePort()}`,
      '--bind-address=127.0.0.1',
      // In a pod both come from the service account.
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
    ];
    started.push(start(plane.binaries.scheduler, [...flags, ...own], join(plane.folder, 'kube-scheduler.log')));
  }

  async function startsWhole(): Promise<void> {
    const app = new SparkApp(plane.admin, watch, {
      name: 'pi',
      executors: EXECUTORS,
      schedulerName: 'muster',
      workMs: 500,
    });
    await app.submit();
    expect(await runApps([app], 60_000)).toEqual([]);
    expect(app.peak).toBe(EXECUTORS);
    for (const log of ['muster.log', 'kube-scheduler.log']) {
      expect(readFileSync(join(plane.folder, log), 'utf8')).not.toMatch(
        /forbidden|cannot (get|list|watch|patch|create)/,
      );
    }
  }

  const containerOf = (all: readonly Manifest[], name: string) =>
    deploymentsOf(all)
      .flatMap(({ spec }) => spec.template.spec.containers)
      .find((container) => container.name === name)!;
  const lead = async () =>
    (
      (await plane.admin.request({
        method: 'GET',
        path: '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/muster-scheduler',
      })) as { spec: { holderIdentity: string } }
    ).spec.holderIdentity;

  test('dedicated: a Spark app starts whole, and the lease says who decides', async () => {
    const all = kustomize(STACKS['dedicated']!);
    await grant(all);
    const places = { '/etc/muster': join(ROOT, 'deploy/base/config') };
    const { port, extenderPort } = await startMuster(containerOf(all, 'muster'), places);
    const api = `http://127.0.0.1:${port}`;
    const url = `http://127.0.0.1:${extenderPort}`;
    await waitFor('muster', async () => (await fetch(`${api}/readyz`)).ok, started[0]);
    const text = readFileSync(join(ROOT, 'deploy/base/config/dedicated.yaml'), 'utf8');
    const { command = [] } = containerOf(all, 'kube-scheduler');
    await startScheduler({ account: 'muster', command, text, url });
    await startsWhole();
    expect(await lead()).toMatch(new RegExp(`^${hostname()}_`));
    expect(await (await fetch(`${api}/metrics`)).text()).toContain('\nmuster_leading 1\n');
  });

  test('main: the static pod beside a kube-scheduler with main.yaml', async () => {
    await grant([...kustomize(STACKS['main']!), ...schedulerRights()]);
    const [container] = staticPod().spec.containers as [Container];
    const { port, extenderPort } = await startMuster(container, {
      '/etc/muster/policies.yaml': join(ROOT, 'scheduler-config/policies/spark.yaml'),
    });
    const api = `http://127.0.0.1:${port}`;
    const url = `http://127.0.0.1:${extenderPort}`;
    await waitFor('muster', async () => (await fetch(`${api}/readyz`)).ok, started[0]);
    const text = readFileSync(join(ROOT, 'scheduler-config/main.yaml'), 'utf8');
    const command = ['kube-scheduler', '--feature-gates=OpportunisticBatching=false'];
    await startScheduler({ account: 'muster-kube-scheduler', command, text, url });
    await startsWhole();
    expect(await (await fetch(`${api}/metrics`)).text()).toContain('\nmuster_leading 1\n');
    const foreign = { metadata: { name: 'lone' }, spec: { containers: [{ name: 'c', image: 'c' }] } };
    await persist(plane.admin, { method: 'POST', path: '/api/v1/namespaces/default/pods', body: foreign });
    const isBound = () =>
      [...watch.pods.values()].some(({ metadata, spec }) => metadata.name === 'lone' && spec.nodeName);
    await waitFor('a pod of the default scheduler', () => Promise.resolve(isBound()));
  });

  test('service-mtls: both sides show certificates', async () => {
    const all = kustomize(STACKS['service-mtls']!);
    await grant(all);
    const certificates = makeCertificates(plane.folder);
    const { extenderPort } = await startMuster(containerOf(all, 'muster'), {
      '/etc/muster/policies.yaml': join(ROOT, 'deploy/base/config/policies.yaml'),
      '/etc/muster-tls': certificates.server,
    });
    const text = readFileSync(join(ROOT, 'deploy/overlays/service-mtls/config/dedicated.yaml'), 'utf8');
    const { command = [] } = containerOf(all, 'kube-scheduler');
    const places = { '/etc/muster-tls': certificates.client };
    const url = `https://127.0.0.1:${extenderPort}`;
    await startScheduler({ account: 'muster-kube-scheduler', command, text, url, places });
    await startsWhole();
    await expect(fetch(`${url}/filter`, { method: 'POST' })).rejects.toThrow();
  });
});

function withAccounts(object: Manifest): Manifest {
  const { subjects } = object as unknown as { subjects?: { kind: string; name: string }[] };
  if (object.kind === 'ValidatingAdmissionPolicy')
    return JSON.parse(
      JSON.stringify(object).replace("= 'muster'", "= 'system:serviceaccount:muster-system:muster'"),
    ) as Manifest;
  if (!subjects) return object;
  const own = subjects.map(({ name }) => ({ kind: 'ServiceAccount', name, namespace: 'muster-system' }));
  return { ...object, subjects: own };
}

/** What the cluster's own kube-scheduler has before muster comes; here it is an account. */
const schedulerRights = () =>
  kustomize(STACKS['service-mtls']!).filter(({ metadata }) => /^muster-(as|extension)/.test(metadata.name));

/** A CA, and for each side a folder with tls.crt, tls.key and ca.crt, as cert-manager's Secrets have them. */
function makeCertificates(folder: string): { server: string; client: string } {
  const openssl = (...args: string[]) => execFileSync(OPENSSL, args, { stdio: 'ignore', cwd: folder });
  const fresh = ['-newkey', 'rsa:2048', '-nodes'];
  openssl('req', '-x509', ...fresh, '-days', '1', '-subj', '/CN=muster-ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  const sign = (name: string, extensions: string, commonName = name) => {
    const at = join(folder, name);
    execFileSync('mkdir', ['-p', at]);
    const ext = join(at, 'ext');
    writeFileSync(ext, extensions);
    openssl('req', ...fresh, '-subj', `/CN=${commonName}`, '-keyout', join(at, 'tls.key'), '-out', join(at, 'csr'));
    const ca = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl('x509', '-req', '-in', join(at, 'csr'), ...ca, '-days', '1', '-extfile', ext, '-out', join(at, 'tls.crt'));
    writeFileSync(join(at, 'ca.crt'), readFileSync(join(folder, 'ca.crt')));
    return at;
  };
  return {
    server: sign('muster-server', 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n'),
    client: sign('muster-client', 'extendedKeyUsage=clientAuth\n', 'system:kube-scheduler'),
  };
}

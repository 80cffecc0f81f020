import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { Scheduler } from '../../src/core/scheduler.ts';
import { DEFAULT_CONTEXT } from '../../src/intake/gang-objects.ts';
import { buildServer, closeServers, type MusterServer } from '../../src/server/app.ts';
import { serve } from '../../src/server/serve.ts';
import type { Serving } from '../../src/server/start.ts';
import { readTls } from '../../src/server/tls.ts';
import { startWebhook } from '../../src/server/webhook.ts';
import { VERSION } from '../../src/version.ts';
import { node } from '../support/builders.ts';

const OPENSSL = '/usr/bin/openssl';
if (!existsSync(OPENSSL)) console.log('SKIPPED: there is no openssl to make certificates with');

describe.skipIf(!existsSync(OPENSSL))('HTTPS, for clients with a certificate alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-tls-'));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync(OPENSSL, args, { stdio: 'ignore', cwd: folder });
  let serving: Serving;

  /** @param uri an alternative name of the certificate */
  function certificate(name: string, ca: string, uri = 'urn:none', commonName = name): void {
    const section = ['[req]', 'distinguished_name=dn', '[dn]', '[ext]', 'subjectAltName=@names'];
    writeFileSync(file('openssl.cnf'), [...section, '[names]', 'IP=127.0.0.1', `URI=${uri}`, ''].join('\n'));
    openssl(
      'req',
      '-config',
      'openssl.cnf',
      '-reqexts',
      'ext',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${commonName}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${ca}.crt`,
      '-CAkey',
      `${ca}.key`,
      '-CAcreateserial',
      '-days',
      '1',
      '-copy_extensions',
      'copy',
      '-out',
      `${name}.crt`,
    );
  }

  beforeAll(async () => {
    for (const ca of ['ca', 'stranger']) {
      openssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '1',
        '-subj',
        `/CN=${ca}`,
        '-keyout',
        `${ca}.key`,
        '-out',
        `${ca}.crt`,
      );
    }
    certificate('muster', 'ca');
    certificate('kube-scheduler', 'ca', undefined, 'system:kube-scheduler');
    certificate('uri', 'ca', 'spiffe://cluster/kube-scheduler');
    certificate('prometheus', 'ca');
    certificate('liar', 'ca', 'http://x/, URI:spiffe://cluster/kube-scheduler, URI:y');
    certificate('somebody', 'stranger', undefined, 'system:kube-scheduler');
    const flags = {
      port: '0',
      logLevel: 'silent',
      tlsCertFile: file('muster.crt'),
      tlsKeyFile: file('muster.key'),
      tlsClientCaFile: file('ca.crt'),
      tlsClientNames: 'system:kube-scheduler,spiffe://cluster/kube-scheduler',
    };
    serving = await serve(loadConfig(flags, {}), { nodes: [node('n1', { cpu: 4 })], pods: [] });
  });

  afterAll(async () => {
    await serving?.close();
    rmSync(folder, { recursive: true });
  });

  /** The status and the answer, or the error. */
  function call(url: string, client: string | undefined, body?: object): Promise<string> {
    const own =
      client === undefined
        ? {}
        : { cert: readFileSync(file(`${client}.crt`)), key: readFileSync(file(`${client}.key`)) };
    const headers = { 'content-type': 'application/json' };
    const method = body ? 'POST' : 'GET';
    return new Promise((resolve) => {
      const request = https.request(
        url,
        { method, ca: readFileSync(file('ca.crt')), headers, agent: false, ...own },
        (response) => {
          let text = '';
          response.on('data', (part: Buffer) => (text += part.toString()));
          response.on('end', () => resolve(`${response.statusCode} ${text}`));
        },
      );
      request.on('error', (error: NodeJS.ErrnoException) => resolve(`error ${error.code}`));
      request.end(body && JSON.stringify(body));
    });
  }

  const ask = (url: string, client: string | undefined, verb = 'filter') =>
    call(`${url}/${verb}`, client, { Pod: { metadata: { name: 'p', uid: 'u' } }, NodeNames: ['n1'] });

  test('the webhook serves HTTPS, and tells its version as it starts', async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const flags = {
      webhook: join(import.meta.dirname, '../../scheduler-config/webhook.example.yaml'),
      webhookCertFile: file('muster.crt'),
      webhookKeyFile: file('muster.key'),
    };
    const webhook = await startWebhook(
      { ...loadConfig(flags, {}), webhookPort: 0 },
      new Registry(),
      logger,
      () => false,
    );
    await webhook!.close();
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ msg: 'muster serves the webhook', version: VERSION, url: webhook!.url }),
    );
    expect(webhook!.url).toMatch(/^https:/);
  });

  test.each(['kube-scheduler', 'uri'])('a client with the certificate %s is answered', async (client) => {
    expect(await ask(serving.url, client)).toBe('200 {"NodeNames":["n1"]}');
  });

  test.each([undefined, 'somebody'])('a client with the certificate %s gets no connection', async (client) => {
    expect(await ask(serving.url, client)).toMatch(/^error /);
  });

  test.each(['prometheus', 'liar'])('%s, of the same CA, gets no answer of a verb, but metrics', async (client) => {
    for (const verb of ['filter', 'prioritize', 'preempt'])
      expect(await ask(serving.url, client, verb)).toMatch(/^403 .*none of the names system:kube-scheduler/);
    expect(await call(`${serving.url}/metrics`, client)).toMatch(/^200 /);
  });

  describe('on a live cluster', () => {
    let server: MusterServer;
    let [api, extender] = ['', ''];

    beforeAll(async () => {
      const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
      scheduler.observe({ kind: 'synced' }, 0);
      const live = {
        context: DEFAULT_CONTEXT,
        identify: () => ({ kind: 'unknown' }) as const,
        onAsked: () => undefined,
        onEffects: () => undefined,
        snapshot: () => ({ ageMs: 0, isStale: false }),
      };
      server = buildServer({
        scheduler,
        nowMs: () => 0,
        logger: pino({ level: 'silent' }),
        reasons: 'one',
        maxBodyBytes: 2 ** 20,
        live,
        tls: readTls({ cert: file('muster.crt'), key: file('muster.key'), ca: file('ca.crt') }),
        clientNames: ['system:kube-scheduler'],
      });
      api = await server.app.listen({ host: '127.0.0.1', port: 0 });
      extender = await server.extender.listen({ host: '127.0.0.1', port: 0 });
    });

    afterAll(() => closeServers(server));

    test('the verbs are not where metrics are, and metrics not where the verbs are', async () => {
      expect(await ask(extender, 'kube-scheduler')).toMatch(/^200 /);
      expect(await ask(api, 'kube-scheduler')).toMatch(/^404 /);
      for (const path of ['/metrics', '/v1/gangs', '/healthz'])
        expect(await call(extender + path, 'kube-scheduler')).toMatch(/^404 /);
    });

    test('the kubelet asks about health without a certificate, and about nothing else', async () => {
      for (const path of ['/healthz', '/readyz']) expect(await call(api + path, undefined)).toBe('200 ok\n');
      for (const path of ['/metrics', '/v1/gangs', '/openapi.json', '/nothing'])
        expect(await call(api + path, undefined)).toMatch(/^403 .*certificate is required/);
      expect(await call(`${api}/metrics`, 'somebody')).toMatch(/^403 /);
      expect(await call(`${api}/metrics`, 'prometheus')).toMatch(/^200 /);
      expect(await ask(extender, undefined)).toMatch(/^error /);
      expect(await ask(extender, 'prometheus')).toMatch(/^403 /);
    });

    /** The answer to a request on a connection that may take up the session of an earlier one, and its own session. */
    function resume(client: string | undefined, session?: Buffer): Promise<{ text: string; session?: Buffer }> {
      const own = client === undefined ? {} : { cert: file(`${client}.crt`), key: file(`${client}.key`) };
      const secrets = Object.fromEntries(Object.entries(own).map(([name, path]) => [name, readFileSync(path)]));
      const { hostname: host, port } = new URL(api);
      const options = { host, port: Number(port), ca: readFileSync(file('ca.crt')), ...secrets };
      return new Promise((resolve, reject) => {
        const socket = tls.connect({ ...options, ...(session ? { session } : {}) });
        let [text, kept]: [string, Buffer | undefined] = ['', undefined];
        socket.on('session', (latest: Buffer) => (kept = latest));
        socket.on('data', (part: Buffer) => (text += part.toString()));
        socket.on('error', reject);
        socket.on('close', () => resolve({ text, ...(kept ? { session: kept } : {}) }));
        socket.on('secureConnect', () => {
          expect(socket.isSessionReused()).toBe(session !== undefined);
          socket.write('GET /metrics HTTP/1.1\r\nHost: muster\r\nConnection: close\r\n\r\n');
        });
      });
    }

    test.each([
      { client: undefined, status: '403' },
      { client: 'prometheus', status: '200' },
    ])('a resumed session is as good as the first: $client, $status', async ({ client, status }) => {
      const first = await resume(client);
      expect(first.text).toContain(`HTTP/1.1 ${status} `);
      // The session alone stands for the certificate.
      const second = await resume(undefined, first.session);
      expect(second.text).toContain(`HTTP/1.1 ${status} `);
    });
  });
});

test.each([
  [{ tlsCertFile: 'a' }, 'tlsCertFile and tlsKeyFile must be set together'],
  [{ tlsClientCaFile: 'a' }, 'tlsClientCaFile needs both'],
  [{ tlsCertFile: '/nowhere', tlsKeyFile: '/nowhere' }, '/nowhere'],
  [{ webhook: '/nowhere' }, 'webhook needs webhookCertFile'],
])('%j is refused', async (flags, says) => {
  const config = loadConfig({ port: '0', logLevel: 'silent', ...flags }, {});
  await expect(serve(config, { nodes: [], pods: [] })).rejects.toThrow(says);
});

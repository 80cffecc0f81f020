import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { serve } from '../../src/server/serve.ts';
import type { Serving } from '../../src/server/start.ts';
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

  function certificate(name: string, ca: string): void {
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=IP:127.0.0.1',
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
    certificate('kube-scheduler', 'ca');
    certificate('somebody', 'stranger');
    const flags = {
      port: '0',
      logLevel: 'silent',
      tlsCertFile: file('muster.crt'),
      tlsKeyFile: file('muster.key'),
      tlsClientCaFile: file('ca.crt'),
    };
    serving = await serve(loadConfig(flags, {}), { nodes: [node('n1', { cpu: 4 })], pods: [] });
  });

  afterAll(async () => {
    await serving?.close();
    rmSync(folder, { recursive: true });
  });

  /** The answer to a filter request, or the error. */
  function ask(client: string | undefined): Promise<string> {
    const own =
      client === undefined
        ? {}
        : { cert: readFileSync(file(`${client}.crt`)), key: readFileSync(file(`${client}.key`)) };
    const body = JSON.stringify({ Pod: { metadata: { name: 'p', uid: 'u' } }, NodeNames: ['n1'] });
    const headers = { 'content-type': 'application/json' };
    return new Promise((resolve) => {
      const request = https.request(
        `${serving.url}/filter`,
        { method: 'POST', ca: readFileSync(file('ca.crt')), headers, agent: false, ...own },
        (response) => {
          let text = '';
          response.on('data', (part: Buffer) => (text += part.toString()));
          response.on('end', () => resolve(text));
        },
      );
      request.on('error', (error: NodeJS.ErrnoException) => resolve(`error ${error.code}`));
      request.end(body);
    });
  }

  test('the webhook serves HTTPS, and tells its version as it starts', async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const flags = {
      webhook: join(import.meta.dirname, '../../scheduler-config/webhook.example.yaml'),
      webhookCertFile: file('muster.crt'),
      webhookKeyFile: file('muster.key'),
    };
    const webhook = await startWebhook({ ...loadConfig(flags, {}), webhookPort: 0 }, new Registry(), logger);
    await webhook!.close();
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ msg: 'muster serves the webhook', version: VERSION, url: webhook!.url }),
    );
    expect(webhook!.url).toMatch(/^https:/);
  });

  test('kube-scheduler with a certificate of the CA is answered', async () => {
    expect(JSON.parse(await ask('kube-scheduler'))).toMatchObject({ NodeNames: ['n1'] });
  });

  test.each([undefined, 'somebody'])('a client with the certificate %s is not', async (client) => {
    expect(await ask(client)).toMatch(/^error /);
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

import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text as streamText } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import files from 'muster:console';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Scheduler } from '../../src/core/scheduler.ts';
import { DEFAULT_POLICY } from '../../src/core/policy/policy.ts';
import { anyone, loopbackAlone, type ReadAccess } from '../../src/server/access/read-access.ts';
import { buildServer, type MusterServer } from '../../src/server/app.ts';
import { node } from '../support/builders.ts';
import { askRaw } from '../support/raw-http.ts';
import { withRoutes } from '../support/routes-of.ts';

/** Who reaches the port of the read API and of the console, and what browsers make of the answers. */

/** A server of two nodes, which does not listen yet. */
function serverOf(access?: ReadAccess): MusterServer {
  const scheduler = new Scheduler({ policies: [DEFAULT_POLICY], schedulerNames: ['muster'] });
  for (const name of ['n1', 'n2']) scheduler.observe({ kind: 'node', node: node(name, { cpu: 4 }) }, 0);
  scheduler.observe({ kind: 'synced' }, 0);
  const logger = pino({ level: 'silent' });
  const options = { scheduler, nowMs: () => 60_000, logger, reasons: 'one', maxBodyBytes: 2 ** 20 } as const;
  return buildServer(access ? { ...options, access } : options);
}

const { built: server, routes } = withRoutes(() => serverOf());
let url = '';
let port = 0;

beforeAll(async () => {
  await server.app.listen({ host: '::', port: 0 });
  port = (server.app.server.address() as { port: number }).port;
  url = `http://127.0.0.1:${port}`;
});

afterAll(() => server.app.close());

const text = async (asking: ReturnType<typeof askRaw>) => {
  const { status, body } = await asking;
  return `${status} ${body.toString()}`;
};

describe('by default this machine reads', () => {
  test.each(['localhost', 'LOCALHOST:8888', '127.0.0.1:8888', '[::1]:8888', '10.1.2.3:80', 'localhost:'])(
    'under %s, which another site cannot have as its name',
    async (host) => {
      expect(await text(askRaw(`${url}/v1/nodes`, { headers: { host } }))).toMatch(/^200 .*"n1"/);
    },
  );

  test.each([
    'evil.example',
    'evil.example:8888',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    '[::1',
    `${'a'.repeat(4000)}.example`,
  ])('not under %j: its owner may have the name lead here (DNS rebinding)', async (host) => {
    const answer = await text(askRaw(`${url}/v1/nodes`, { headers: { host } }));
    expect(answer).toMatch(/^403 .*is no name of this muster: open http:\/\/localhost:8888, or add .* to readHosts/);
    expect(answer.length).toBeLessThan(400);
  });

  test.each(['', 'Host:\r\n'])('not without a name: HTTP 1.0, %j', async (line) => {
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET /v1/nodes HTTP/1.0\r\n${line}\r\n`);
    expect(await streamText(socket)).toMatch(/^HTTP\/1.1 403 [^]*is no name of this muster/);
  });

  test('over IPv6, and over IPv4 on a socket of IPv6', async () => {
    expect((await askRaw(`http://[::1]:${port}/v1/nodes`)).status).toBe(200);
    // The server listens on `::`, so that this connection comes from ::ffff:127.0.0.1.
    expect((await askRaw(`http://127.0.0.1:${port}/v1/nodes`)).status).toBe(200);
  });

  test('a sidecar of a mesh, which passes others on from 127.0.0.6, is not this machine', async () => {
    const answer = await text(askRaw(`${url}/v1/nodes`, { localAddress: '127.0.0.6' }));
    expect(answer).toMatch(/^403 .*you ask from (?:::ffff:)?127\.0\.0\.6: run kubectl -n muster-system port-forward/);
  });

  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  test.skipIf(outer === undefined)('an address of the network is not this machine', async () => {
    expect((await askRaw(`http://${outer}:${port}/v1/nodes`)).status).toBe(403);
    expect((await askRaw(`http://${outer}:${port}/v1/nodes`, { headers: { host: 'localhost' } })).status).toBe(403);
  });

  test.each(['10.0.0.5', '::2', '::ffff:10.0.0.5', 'unknown'])('%j is not this machine', async (remoteAddress) => {
    const answer = await server.app.inject({ url: '/v1/nodes', remoteAddress });
    expect(answer.statusCode).toBe(403);
    expect(answer.json<{ error: string }>().error).toContain('set readAccess');
  });

  test.each(['x-forwarded-for', 'forwarded', 'x-forwarded-proto', 'x-forwarded-host', 'x-real-ip', 'via'])(
    'what a proxy on this machine passes on is of somebody else: %s',
    async (name) => {
      const answer = await text(askRaw(`${url}/v1/nodes`, { headers: { [name]: '127.0.0.1' } }));
      expect(answer).toMatch(/^403 .*a proxy passes this request on/);
    },
  );

  test('the word of a proxy makes nobody local', async () => {
    const headers = { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1', host: 'localhost' };
    const answer = await server.app.inject({ url: '/v1/nodes', remoteAddress: '10.0.0.5', headers });
    expect(answer.json<{ error: string }>().error).toContain('you ask from 10.0.0.5');
  });
});

describe('pages of other sites', () => {
  const eta = { method: 'POST', body: '{"objects":[]}', headers: { 'content-type': 'application/json' } } as const;

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site', origin: 'null' },
    { 'sec-fetch-site': 'invented' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { origin: `http://evil.example/${'a'.repeat(5000)}` },
  ])('%j may not read, nor have muster work', async (headers) => {
    const isRefused = /^403 .*open muster's own page/;
    expect(await text(askRaw(`${url}/v1/nodes`, { headers }))).toMatch(isRefused);
    const answer = await text(askRaw(`${url}/v1/eta`, { ...eta, headers: { ...eta.headers, ...headers } }));
    expect(answer).toMatch(isRefused);
    expect(answer.length).toBeLessThan(400);
  });

  test('the same where everybody may read', async () => {
    const open = serverOf(anyone([]));
    const ask = (headers: Record<string, string>) => open.app.inject({ url: '/v1/nodes', headers });
    expect((await ask({ 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    expect((await ask({ origin: 'https://evil.example' })).statusCode).toBe(403);
    expect((await ask({})).statusCode).toBe(200);
    await open.app.close();
  });

  test('no answer says that another origin may read it, to no question', async () => {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-private-network': 'true',
    };
    for (const method of ['OPTIONS', 'GET', 'POST'])
      for (const path of ['/', '/v1/nodes', '/v1/eta', '/openapi.json', '/metrics']) {
        const { headers: said } = await askRaw(url + path, { method, headers });
        expect(Object.keys(said).filter((name) => name.startsWith('access-control-'))).toEqual([]);
      }
  });

  test("muster's own page, the address bar, and programs read", async () => {
    const origin = `http://127.0.0.1:${port}`;
    for (const headers of [{ 'sec-fetch-site': 'same-origin', origin }, { 'sec-fetch-site': 'none' }, { origin }, {}])
      expect((await askRaw(`${url}/v1/nodes`, { headers })).status).toBe(200);
    // Of Node.js, which the commands use.
    const asked = await fetch(`${url}/v1/eta`, eta);
    expect(asked.status).toBe(400);
  });
});

describe('readHosts', () => {
  test.each([
    ['loopback', loopbackAlone(['muster.example.com'])],
    ['anyone', anyone(['muster.example.com'])],
  ])('%s: these names as well, and no other', async (_mode, access) => {
    const named = serverOf(access);
    const ask = async (host: string) => (await named.app.inject({ url: '/v1/nodes', headers: { host } })).statusCode;
    expect(await ask('muster.example.com:8443')).toBe(200);
    expect(await ask('Muster.Example.com')).toBe(200);
    expect(await ask('localhost')).toBe(200);
    expect(await ask('evil.example')).toBe(403);
    await named.app.close();
  });

  test('anyone without names: under every name, from everywhere', async () => {
    const open = serverOf(anyone([]));
    const asked = { url: '/v1/nodes', remoteAddress: '10.0.0.5', headers: { host: 'evil.example' } };
    expect((await open.app.inject(asked)).statusCode).toBe(200);
    await open.app.close();
  });
});

describe('routes', () => {
  /** Those that everybody who may connect gets: no names of gangs, or, of metrics, those that operators agreed to. */
  const OPEN = new Set(['/', '/assets/*', '/healthz', '/readyz', '/metrics', '/v1/about']);
  /** Without --live on the same port. */
  const VERBS = new Set(['/filter', '/prioritize', '/preempt']);

  test('all but these are refused to somebody who may not read', async () => {
    expect(routes.map(({ path }) => path)).toEqual(
      expect.arrayContaining([...VERBS, '/', '/v1/gangs', '/openapi.json']),
    );
    for (const { method, path } of routes.filter((route) => !VERBS.has(route.path))) {
      const url = path.replaceAll(/:\w+|\*/g, 'x');
      const { statusCode } = await server.app.inject({ method: method as 'GET', url, remoteAddress: '10.0.0.5' });
      expect(`${method} ${path} ${statusCode === 403}`).toBe(`${method} ${path} ${!OPEN.has(path)}`);
    }
  });

  test.each(['/v1/nodes/', '//v1/nodes', '/v1/./nodes', '/%761/nodes', '/v1/nodes?a=/v1/about', '/v1/about/../nodes'])(
    'no spelling leads past the guard: %s',
    async (path) => {
      const { statusCode } = await server.app.inject({ url: path, remoteAddress: '10.0.0.5' });
      expect([403, 404]).toContain(statusCode);
    },
  );

  test('refusals are counted by their reason', async () => {
    await server.app.inject({ url: '/v1/nodes', remoteAddress: '10.0.0.5' });
    const { body } = await server.app.inject({ url: '/metrics' });
    for (const reason of ['address', 'host', 'site', 'forwarded'])
      expect(body).toMatch(new RegExp(`muster_reads_refused_total\\{reason="${reason}"\\} [1-9]`));
  });
});

describe('what browsers do with answers', () => {
  test.each(['/', '/v1/nodes', '/v1/nothing', '/nothing', '/metrics', '/healthz', '/openapi.json', '/assets/nothing'])(
    '%s runs nothing, is framed by nobody, and tells nobody where it was',
    async (path) => {
      const { headers } = await askRaw(url + path);
      const policy = headers['content-security-policy'] as string;
      expect(policy.split('; ').sort()).toEqual(
        [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "img-src 'self' data:",
          "connect-src 'self'",
          "font-src 'self'",
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'",
          "require-trusted-types-for 'script'",
        ].sort(),
      );
      expect(policy).not.toContain('unsafe');
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['permissions-policy']).toContain('geolocation=()');
      if (path !== '/') expect(headers['cache-control']).toBe('no-store');
    },
  );

  test('an answer that names what was asked for is JSON, not a page', async () => {
    const { headers, body } = await askRaw(`${url}/v1/gangs/a/%3Cscript%3Ealert(1)%3C%2Fscript%3E`);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(body.toString()).toContain('<script>');
  });

  test('a refusal is kept by no cache either', async () => {
    const { status, headers } = await askRaw(`${url}/v1/nodes`, { headers: { host: 'evil.example' } });
    expect([status, headers['cache-control']]).toEqual([403, 'no-store']);
  });
});

describe('the console', () => {
  const plain = (gzip: string) => gunzipSync(Buffer.from(gzip, 'base64'));

  test('each of its files is served as it was built, compressed or not', async () => {
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['/']));
    expect(files.length).toBeGreaterThan(1);
    for (const { path, type, gzip } of files) {
      const packed = await askRaw(url + path, { headers: { 'accept-encoding': 'br, gzip;q=0.8' } });
      expect(packed.headers).toMatchObject({
        'content-encoding': 'gzip',
        'content-type': type,
        vary: 'accept-encoding',
      });
      expect(packed.body.equals(Buffer.from(gzip, 'base64'))).toBe(true);
      const isForEver = path === '/' ? 'no-cache' : 'max-age=31536000, immutable';
      expect(packed.headers['cache-control']).toBe(isForEver);
      for (const headers of [{}, { 'accept-encoding': 'gzip;q=0' }, { 'accept-encoding': 'br' }]) {
        const raw = await askRaw(url + path, { headers });
        expect(raw.headers['content-encoding']).toBeUndefined();
        expect(raw.body.equals(plain(gzip))).toBe(true);
        expect(raw.headers.etag).not.toBe(packed.headers.etag);
      }
    }
  });

  test('a browser that has a file is told so, and of HEAD only the head comes', async () => {
    const first = await askRaw(`${url}/`);
    const etag = first.headers.etag!;
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await askRaw(`${url}/`, { headers: { 'if-none-match': known } });
      expect([again.status, again.body.length]).toEqual([304, 0]);
    }
    expect((await askRaw(`${url}/`, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    const head = await askRaw(`${url}/`, { method: 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(head.headers['content-length']).toBe(first.headers['content-length']);
  });

  test.each([
    '/assets/',
    '/assets/../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/etc/passwd',
    '/assets//etc/passwd',
    '/assets/__proto__',
    '/assets/constructor',
    '/assets/%00',
    `/assets/${'a'.repeat(4000)}`,
    '/index.html',
  ])('%s leads to no file', async (path) => {
    const { status, body } = await askRaw(url, { path });
    expect(status).toBe(404);
    expect(body.length).toBeLessThan(5000);
  });

  test('from everywhere, since it holds no data', async () => {
    const headers = { host: 'evil.example' };
    expect((await server.app.inject({ url: '/', remoteAddress: '10.0.0.5', headers })).statusCode).toBe(200);
  });
});

import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { Effect } from '../../src/core/effects.ts';
import { accessReviews, type Listing, type UserInfo } from '../../src/kube/access-reviews.ts';
import { Transport } from '../../src/kube/transport.ts';
import { GangNamespaces } from '../../src/server/access/gang-namespaces.ts';
import { guardReads } from '../../src/server/access/guard.ts';
import { KubeUsers } from '../../src/server/access/kube-users.ts';
import { tokenHolders, type ReadAccess, type Verdict } from '../../src/server/access/read-access.ts';
import { TokenFile } from '../../src/server/access/token-file.ts';
import { warnOfReaders } from '../../src/server/access/advice.ts';
import { EVERYTHING } from '../../src/server/api/viewer.ts';
import { forPeople } from '../../src/server/for-people.ts';
import { serve } from '../../src/server/serve.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { kubeConfigFor, until } from '../support/live.ts';
import { askRaw } from '../support/raw-http.ts';
import { reviewBy, reviewsAsked, type FakeUser } from '../support/reviews.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-access-'));
const started: FastifyInstance[] = [];
afterEach(() => Promise.all(started.splice(0).map((app) => app.close())));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the routes behind the guard were told of the viewer. */
interface Told {
  readonly seesAll: boolean;
  readonly seesNodes: boolean;
  readonly seen: readonly string[];
}

const NAMESPACES = ['a', 'b', 'c'];

/** A server whose routes tell what the viewer sees. */
function serverFor(access: ReadAccess): FastifyInstance {
  const app = Fastify();
  started.push(app);
  forPeople(app, { access, registry: new Registry() }, (reads) => {
    for (const path of ['/v1/told', '/v1/told/:namespace', '/v1/about'])
      reads.get(path, ({ viewer: { seesAll, seesNodes, ...viewer }, viewer: all }): Told => {
        expect(viewer).toBeDefined();
        return { seesAll, seesNodes, seen: [...NAMESPACES, 'far'].filter((name) => all.sees(name)) };
      });
  });
  return app;
}

async function ask(app: FastifyInstance, token?: string, path = '/v1/told', remoteAddress = '10.0.0.5') {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { statusCode: status, body, headers: said } = await app.inject({ url: path, headers, remoteAddress });
  return { status, body, challenge: said['www-authenticate'], told: JSON.parse(body) as Told & { error?: string } };
}

describe('readAccess token', () => {
  const RIGHT = 'right-token-0123456789';
  const NEXT = 'next-token-0123456789';
  let file = '';
  let nowMs = 0;
  const lines: { level: string; text: string }[] = [];
  const to = (level: string) => (_fields: unknown, text: string) => void lines.push({ level, text });
  const log = { info: to('info'), warn: to('warn'), error: to('error') };
  let files = 0;

  /** As kubelets and editors do: a new file takes the name. */
  function write(text: string, mode = 0o400): void {
    writeFileSync(`${file}.new`, text, { mode });
    chmodSync(`${file}.new`, mode);
    renameSync(`${file}.new`, file);
    nowMs += 1000;
  }

  beforeEach(() => {
    file = join(folder, `tokens-${files++}`);
    lines.length = 0;
    write(`${RIGHT}\n`);
  });

  const open = () => serverFor(tokenHolders(new TokenFile(file, log as never, () => nowMs)));

  test('the right token reads, from everywhere; none, a wrong one and half of one do not', async () => {
    const app = open();
    expect((await ask(app, RIGHT)).told).toEqual({ seesAll: true, seesNodes: true, seen: [...NAMESPACES, 'far'] });
    for (const wrong of [undefined, '', 'wrong-token-0123456789', RIGHT.slice(1), `${RIGHT}x`, `${RIGHT} ${RIGHT}`]) {
      const { status, challenge, told } = await ask(app, wrong, undefined, '127.0.0.1');
      expect([status, challenge]).toEqual([401, 'Bearer realm="muster"']);
      expect(told.error).toMatch(/readTokenFile/);
      expect(told.error).not.toContain('token-0123456789');
    }
  });

  test.each(['Basic', 'bearer', 'BEARER'])('the scheme %s counts as it should', async (scheme) => {
    const answer = await open().inject({ url: '/v1/told', headers: { authorization: `${scheme} ${RIGHT}` } });
    expect(answer.statusCode).toBe(scheme === 'Basic' ? 401 : 200);
  });

  test('a new token counts beside the old one, until that one goes', async () => {
    const app = open();
    expect((await ask(app, NEXT)).status).toBe(401);
    write(`${RIGHT}\n\n${NEXT}\n`);
    expect([(await ask(app, RIGHT)).status, (await ask(app, NEXT)).status]).toEqual([200, 200]);
    write(NEXT);
    expect([(await ask(app, RIGHT)).status, (await ask(app, NEXT)).status]).toEqual([401, 200]);
    expect(lines.filter(({ text }) => text === 'read tokens reloaded')).toHaveLength(2);
  });

  test('who deletes or empties the file locks everybody out, until it is right again', async () => {
    const app = open();
    rmSync(file);
    nowMs += 1000;
    expect((await ask(app, RIGHT)).status).toBe(401);
    write('short\n');
    expect((await ask(app, 'short')).status).toBe(401);
    expect(lines.map(({ level }) => level)).toEqual(['error', 'error']);
    write(RIGHT);
    expect((await ask(app, RIGHT)).status).toBe(200);
  });

  test('who floods muster with tokens does not have it look at the file each time', async () => {
    const app = open();
    rmSync(file);
    for (let i = 0; i < 50; i++) expect((await ask(app, `wrong-token-0123456789-${i}`)).status).toBe(401);
    // The second has not passed: the file was not looked at.
    expect(lines).toEqual([]);
    expect((await ask(app, RIGHT)).status).toBe(200);
  });

  test('a file that everybody may read is pointed out', () => {
    write(RIGHT, 0o444);
    open();
    expect(lines).toEqual([{ level: 'warn', text: expect.stringContaining('chmod 0400') as unknown }]);
  });

  test.each([
    ['', 'has no token; make one with: openssl rand -hex 32'],
    ['\n \n', 'has no token'],
    [`${RIGHT}\nshort\n`, ':2: expected 16 or more letters'],
    [`${RIGHT} and more\n`, ':1: expected 16 or more'],
    [`${RIGHT}\n`.repeat(101), 'has 101 tokens; 100 is the most'],
  ])('%j is refused at the start', (text, says) => {
    write(text);
    expect(open).toThrow(says);
  });

  test('a token of a megabyte is no request, and one of many kilobytes no token', async () => {
    const app = open();
    const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/v1/told`;
    const withToken = (bytes: number) => askRaw(url, { headers: { authorization: `Bearer ${'a'.repeat(bytes)}` } });
    const answered = await withToken(2 ** 20).then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );
    // Node.js closes the connection while the header still comes.
    expect([431, 'ECONNRESET', 'EPIPE']).toContain(answered);
    expect((await withToken(15_000)).status).toBe(401);
    expect((await askRaw(url, { headers: { authorization: `Bearer ${RIGHT}` } })).status).toBe(200);
  });

  test('about is told to everybody, with nothing to see', async () => {
    expect((await ask(open(), undefined, '/v1/about')).told).toEqual({ seesAll: false, seesNodes: false, seen: [] });
  });
});

describe('readAccess kubernetes', () => {
  const api = new FakeApiServer();
  const users = new Map<string, FakeUser>([
    ['admin', { pods: '*', nodes: true }],
    ['viewer-of-a', { pods: ['a', 'far'] }],
    ['nobody', { pods: [] }],
    ['node-reader', { pods: [], nodes: true }],
  ]);
  // Not 0, which the cache takes for no time.
  let nowMs = 1;
  let namespaces: string[] = NAMESPACES;
  let transport: Transport;
  const troubles: string[] = [];

  beforeEach(async () => {
    await api.start();
    reviewBy(api, users);
    api.calls.length = 0;
    troubles.length = 0;
    namespaces = NAMESPACES;
    transport = new Transport(kubeConfigFor(api.url));
  });

  afterEach(async () => {
    transport.close();
    api.refuse = () => undefined;
    await api.stop();
  });

  const listed = { all: () => new Set(namespaces), onEffects: () => undefined };
  const open = () => {
    const onTrouble = (trouble: string) => void troubles.push(trouble);
    const options = { namespaces: listed, nowMs: () => nowMs, onTrouble, patienceMs: 100_000 };
    return new KubeUsers({ reviews: accessReviews(transport), ...options });
  };

  test.each([
    { user: 'admin', told: { seesAll: true, seesNodes: true, seen: ['a', 'b', 'c', 'far'] } },
    { user: 'viewer-of-a', told: { seesAll: false, seesNodes: false, seen: ['a'] } },
    { user: 'nobody', told: { seesAll: false, seesNodes: false, seen: [] } },
    { user: 'node-reader', told: { seesAll: false, seesNodes: true, seen: [] } },
  ])('$user sees what he may list', async ({ user, told }) => {
    expect((await ask(serverFor(open()), user)).told).toEqual(told);
  });

  test('the API server hears who asks, with all that it said of him, and about lists of pods and nodes', async () => {
    await ask(serverFor(open()), 'viewer-of-a');
    const specs = api.calls.map(({ body }) => (body as { spec: unknown }).spec);
    expect(specs).toContainEqual({ token: 'viewer-of-a' });
    expect(specs).toContainEqual({
      user: 'viewer-of-a',
      groups: ['g'],
      extra: { scope: ['x'] },
      resourceAttributes: { verb: 'list', resource: 'pods', version: 'v1', namespace: 'b' },
    });
  });

  test('a namespace that the path names is asked about, although it has no gang', async () => {
    const app = serverFor(open());
    expect((await ask(app, 'viewer-of-a', '/v1/told/far')).told.seen).toEqual(['a', 'far']);
    expect((await ask(app, 'nobody', '/v1/told/far')).told.seen).toEqual([]);
    // What is no name of a namespace is not sent on.
    for (const odd of ['A', 'a%2Fb', '..', '%00', 'x'.repeat(64)]) await ask(app, 'nobody', `/v1/told/${odd}`);
    const asked = api.calls.map(({ body }) => JSON.stringify(body));
    expect(asked.filter((text) => /"namespace":"(?:A|a\/b|\.\.|xxx)/.test(text))).toEqual([]);
  });

  test('from the loopback, too, a token is needed: kubectl port-forward ends there', async () => {
    const app = serverFor(open());
    expect((await ask(app, undefined, '/v1/told', '127.0.0.1')).status).toBe(401);
    expect((await ask(app, 'stranger', '/v1/told', '127.0.0.1')).told.error).toMatch(/does not accept this token/);
    expect((await ask(app, undefined, '/v1/about')).told.seen).toEqual([]);
  });

  test('answers are kept for a minute: more requests ask nothing more', async () => {
    const app = serverFor(open());
    await Promise.all(Array.from({ length: 50 }, () => ask(app, 'viewer-of-a')));
    const first = reviewsAsked(api);
    expect(first).toEqual({ tokens: 1, access: 2 + NAMESPACES.length });
    nowMs += 59_000;
    await ask(app, 'viewer-of-a');
    expect(reviewsAsked(api)).toEqual(first);
    nowMs += 2000;
    await ask(app, 'viewer-of-a');
    expect(reviewsAsked(api)).toEqual({ tokens: 2, access: 2 * (2 + NAMESPACES.length) });
  });

  test('a right that is taken away, and a token that is revoked, count no longer than a minute', async () => {
    const app = serverFor(open());
    expect((await ask(app, 'viewer-of-a')).told.seen).toEqual(['a']);
    reviewBy(api, new Map([['viewer-of-a', { pods: ['b'] }]]));
    nowMs += 60_001;
    expect((await ask(app, 'viewer-of-a')).told.seen).toEqual(['b']);
    reviewBy(api, new Map());
    nowMs += 60_001;
    expect((await ask(app, 'viewer-of-a')).status).toBe(401);
  });

  test('many invented tokens: bounded questions, answered 429, and valid ones go on', async () => {
    const app = serverFor(open());
    expect((await ask(app, 'admin', undefined, '10.0.0.9')).status).toBe(200);
    const answers: number[] = [];
    for (let i = 0; i < 300; i++) answers.push((await ask(app, `invented-${i}`)).status);
    expect(answers.filter((status) => status === 401)).toHaveLength(20);
    expect(answers.filter((status) => status === 429)).toHaveLength(280);
    expect(reviewsAsked(api).tokens).toBe(1 + 20);
    // Those that are known, and new ones from elsewhere.
    expect((await ask(app, 'admin')).status).toBe(200);
    expect((await ask(app, 'nobody', undefined, '10.0.0.7')).status).toBe(200);
    nowMs += 1000;
    expect((await ask(app, 'viewer-of-a')).status).toBe(200);
  });

  test('from a thousand addresses: still bounded', async () => {
    const app = serverFor(open());
    for (let i = 0; i < 1000; i++) await ask(app, `invented-${i}`, undefined, `10.0.${i >> 8}.${i & 255}`);
    expect(reviewsAsked(api).tokens).toBe(200);
  });

  test('the same wrong token is asked about once in ten seconds', async () => {
    const app = serverFor(open());
    for (let i = 0; i < 30; i++) expect((await ask(app, 'stranger')).status).toBe(401);
    expect(reviewsAsked(api).tokens).toBe(1);
    nowMs += 10_001;
    await ask(app, 'stranger');
    expect(reviewsAsked(api).tokens).toBe(2);
  });

  test.each([403, 429, 500, 503])('where the API server answers %i, nobody is let in', async (status) => {
    const app = serverFor(open());
    api.refuse = (_method, path) => (path.includes('tokenreviews') ? status : undefined);
    expect((await ask(app, 'admin')).status).toBe(503);
    api.refuse = (_method, path) => (path.includes('subjectaccess') ? status : undefined);
    const { status: answered, told } = await ask(app, 'viewer-of-a');
    expect(answered).toBe(503);
    expect(told.error).toMatch(status === 403 ? /deploy\/components\/console-rbac/ : /did not say what you may see/);
    expect(troubles).toHaveLength(1);
    api.refuse = () => undefined;
    expect((await ask(app, 'viewer-of-a')).told.seen).toEqual(['a']);
  });

  test('nor where one namespace of many gets no answer, or nobody answers at all', async () => {
    const app = serverFor(open());
    let left = 3;
    api.refuse = (_method, path) => (path.includes('subjectaccess') && left-- === 0 ? 500 : undefined);
    expect((await ask(app, 'viewer-of-a')).status).toBe(503);
    const gone = serverFor(new KubeUsers({ reviews: accessReviews(transport), namespaces: listed }));
    await api.stop();
    expect((await ask(gone, 'admin')).status).toBe(503);
    await api.start();
  });

  test.each([
    {},
    { status: { authenticated: 'yes' } },
    { status: { authenticated: true } },
    { status: { authenticated: true, user: {} } },
  ])('nor for an odd answer: %j', async (answer) => {
    api.review = () => answer;
    expect([401, 503]).toContain((await ask(serverFor(open()), 'admin')).status);
  });

  test('of many namespaces each request asks about 500, ten at a time; the others are hidden until the next', async () => {
    namespaces = Array.from({ length: 1200 }, (_, i) => `n${i}`);
    const [asked, open] = [[] as (string | undefined)[], { now: 0, most: 0 }];
    // Within the process: on a busy machine one of so many requests could take longer than muster waits for it.
    const mayList = async (_: UserInfo, { namespace }: Listing) => {
      asked.push(namespace);
      open.most = Math.max(open.most, ++open.now);
      await new Promise(setImmediate);
      open.now--;
      return namespace !== undefined;
    };
    reviewBy(api, new Map([['all-of-them', { pods: [] }]]));
    const reviews = { ...accessReviews(transport), mayList };
    const access = new KubeUsers({ reviews, namespaces: listed, nowMs: () => nowMs, patienceMs: 100_000 });
    const asker = { address: '10.0.0.5', isCertified: false, host: 'x', isForwarded: false, token: 'all-of-them' };
    const seen = async () => {
      const { viewer } = await access.decide({ ...asker, fetchSite: undefined, origin: undefined });
      return namespaces.filter((name) => viewer!.sees(name)).length;
    };
    expect([await seen(), await seen(), await seen()]).toEqual([500, 1000, 1200]);
    expect([asked.length, new Set(asked).size, open.most]).toEqual([2 + 1200, 1 + 1200, 10]);
  });

  test('where the API server is slow, namespaces without an answer are hidden, and shown when it comes', async () => {
    const held: (() => void)[] = [];
    const reviews = accessReviews(transport);
    const slow = {
      ...reviews,
      mayList: async (...[user, listing]: Parameters<typeof reviews.mayList>) => {
        if (listing.namespace === 'b') await new Promise<void>((resolve) => held.push(resolve));
        return reviews.mayList(user, listing);
      },
    };
    reviewBy(api, new Map([['of-two', { pods: ['a', 'b'] }]]));
    namespaces = [];
    const app = serverFor(new KubeUsers({ reviews: slow, namespaces: listed, patienceMs: 200 }));
    for (const known of ['a', 'c']) await ask(app, 'of-two', `/v1/told/${known}`);
    namespaces = NAMESPACES;
    expect((await ask(app, 'of-two')).told.seen).toEqual(['a']);
    expect(held).toHaveLength(1);
    held[0]!();
    await until(() => reviewsAsked(api).access === 2 + NAMESPACES.length);
    expect((await ask(app, 'of-two')).told.seen).toEqual(['a', 'b']);
  });

  test('the namespaces of gangs that are, that have just come, and that went lately are asked about', () => {
    let gangs = [{ gang: 'a/1' }, { gang: 'a/2' }, { gang: 'b/1' }];
    const made = new GangNamespaces(
      () => gangs,
      () => nowMs,
    );
    const all = () => [...made.all()].sort().join();
    expect(all()).toBe('a,b');
    gangs = [{ gang: 'c/1' }];
    expect(all()).toBe('a,b');
    const waits = (gang: string) => ({ kind: 'gang-waits', gang }) as unknown as Effect;
    made.onEffects([waits('d/1')]);
    expect(all()).toBe('a,b,d');
    nowMs += 1000;
    expect(all()).toBe('c,d');
    made.onEffects(Array.from({ length: 3000 }, (_, i) => waits(`invented-${i}/x`)));
    expect(made.all().size).toBe(1 + 2000);
  });

  describe('streams', () => {
    /** A stream that never ends, judged again every few milliseconds. */
    async function streamOf(access: ReadAccess, token: string) {
      const app = Fastify();
      started.push(app);
      let viewer: { sees: (name: string) => boolean } | undefined;
      guardReads(app, { access, onRefusal: () => undefined, againMs: 5 });
      app.get('/v1/stream', (request, reply) => {
        viewer = request.viewer;
        reply.hijack();
        reply.raw.write('event: tick\n\n');
      });
      const url = await app.listen({ host: '127.0.0.1', port: 0 });
      const stream = await fetch(`${url}/v1/stream`, { headers: { authorization: `Bearer ${token}` } });
      const reader = stream.body!.getReader();
      await reader.read();
      return { sees: () => NAMESPACES.filter((name) => viewer!.sees(name)), next: () => reader.read() };
    }

    test('see what the reader may see now, and end with the token', async () => {
      const { sees, next } = await streamOf(open(), 'viewer-of-a');
      expect(sees()).toEqual(['a']);
      reviewBy(api, new Map([['viewer-of-a', { pods: ['b', 'c'] }]]));
      nowMs += 60_001;
      await until(() => sees().join() === 'b,c');
      reviewBy(api, new Map());
      nowMs += 60_001;
      await expect(next()).rejects.toThrow();
    });

    test('end where the API server gives no answer', async () => {
      const { next } = await streamOf(open(), 'viewer-of-a');
      api.refuse = () => 500;
      nowMs += 60_001;
      await expect(next()).rejects.toThrow();
    });

    test('of somebody who went while the API server was asked are judged no more', async () => {
      const app = Fastify();
      started.push(app);
      let asked = 0;
      let answer: (verdict: Verdict) => void = () => undefined;
      const decide = () => {
        asked++;
        return new Promise<Verdict>((resolve) => (answer = resolve));
      };
      guardReads(app, { access: { needsToken: true, decide }, onRefusal: () => undefined, againMs: 5 });
      app.get('/v1/stream', (_request, reply) => void reply.hijack());
      const url = await app.listen({ host: '127.0.0.1', port: 0 });
      const stop = new AbortController();
      const gone = fetch(`${url}/v1/stream`, { signal: stop.signal }).catch(() => undefined);
      await until(() => asked === 1);
      stop.abort();
      await gone;
      const connections = () => new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)));
      while ((await connections()) !== 0) await sleep(1);
      answer({ viewer: EVERYTHING });
      await sleep(50);
      expect(asked).toBe(1);
    });

    test('are judged one after the other, however slow the API server is', async () => {
      const app = Fastify();
      started.push(app);
      let asked = 0;
      const waiting: ((verdict: Verdict) => void)[] = [];
      const decide = (): Verdict | Promise<Verdict> => {
        if (++asked <= 3) return { viewer: EVERYTHING };
        return new Promise((resolve) => waiting.push(resolve));
      };
      guardReads(app, { access: { needsToken: true, decide }, onRefusal: () => undefined, againMs: 2 });
      app.get('/v1/stream', (_request, reply) => {
        reply.hijack();
        reply.raw.write('event: tick\n\n');
      });
      const url = await app.listen({ host: '127.0.0.1', port: 0 });
      await Promise.all(Array.from({ length: 3 }, () => fetch(`${url}/v1/stream`)));
      for (let answered = 0; answered < 6; answered++) {
        await until(() => waiting.length > 0);
        await sleep(20);
        expect(waiting).toHaveLength(1);
        waiting.pop()!({ viewer: EVERYTHING });
      }
      await until(() => waiting.length > 0);
      waiting.pop()!({ viewer: EVERYTHING });
    });

    test('end when their token is taken out of the file', async () => {
      const file = join(folder, 'stream-tokens');
      writeFileSync(file, 'right-token-0123456789\n', { mode: 0o400 });
      const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
      let looks = 0;
      const tokens = new TokenFile(file, log, () => (looks += 1000));
      const { next } = await streamOf(tokenHolders(tokens), 'right-token-0123456789');
      rmSync(file);
      await expect(next()).rejects.toThrow();
    });
  });
});

describe('settings', () => {
  test.each([
    [{ readAccess: 'token' }, 'readAccess token needs readTokenFile'],
    [{ readTokenFile: '/x' }, 'readTokenFile is for readAccess token, which is loopback'],
    [{ readAccess: 'kubernetes' }, 'readAccess kubernetes needs --live'],
    [{ readAccess: 'kubernetes', readHosts: 'a.example' }, 'readHosts is for readAccess loopback or anyone'],
    [{ readAccess: 'token', readTokenFile: '/nowhere' }, 'readTokenFile: ENOENT'],
  ])('%j is refused', async (flags, says) => {
    const config = loadConfig({ port: '0', logLevel: 'silent', ...flags }, {});
    await expect(serve(config, { nodes: [], pods: [] })).rejects.toThrow(says);
  });

  test.each([
    [{ readAccess: 'everybody' }, 'expected one of "loopback"'],
    [{ readHosts: 'https://a.example' }, 'expected names such as muster.example.com'],
  ])('%j is no config', (flags, says) => {
    expect(() => loadConfig(flags, {})).toThrow(says);
  });

  test('a token in files mode, end to end', async () => {
    const file = join(folder, 'served-tokens');
    writeFileSync(file, 'right-token-0123456789\n', { mode: 0o400 });
    const flags = { port: '0', logLevel: 'silent', readAccess: 'token', readTokenFile: file };
    const serving = await serve(loadConfig(flags, {}), { nodes: [], pods: [] });
    const read = async (headers: Record<string, string>) =>
      (await fetch(`${serving.url}/v1/nodes`, { headers })).status;
    expect(await read({})).toBe(401);
    expect(await read({ authorization: 'Bearer right-token-0123456789' })).toBe(200);
    expect((await fetch(`${serving.url}/metrics`)).status).toBe(200);
    await serving.close();
  });

  test.each([
    [{ host: '0.0.0.0', readAccess: 'anyone' }, 'anyone who reaches the port'],
    [{ host: '0.0.0.0', readAccess: 'token' }, 'as plain text'],
    [{ host: '0.0.0.0', readAccess: 'kubernetes' }, 'as plain text'],
    [{ host: '0.0.0.0', readAccess: 'token', tlsCertFile: 'a' }, ''],
    [{ host: '0.0.0.0' }, ''],
    [{ host: '127.0.0.1', readAccess: 'anyone' }, ''],
    [{ host: '0.0.0.0', readAccess: 'anyone', tlsClientCaFile: 'a' }, ''],
  ])('%j: warning "%s"', (flags, says) => {
    const warnings: string[] = [];
    const warn = (_fields: unknown, text: string) => void warnings.push(text);
    warnOfReaders(loadConfig(flags, {}), { warn } as never);
    expect(warnings).toHaveLength(says === '' ? 0 : 1);
    expect(warnings.join()).toContain(says);
  });
});

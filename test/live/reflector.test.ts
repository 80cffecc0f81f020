import http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BackOff } from '../../src/kube/back-off.ts';
import { Reflector, type Mirror, type ReflectorNote } from '../../src/kube/reflector.ts';
import { POD } from '../../src/kube/decode/pod.ts';
import { Transport } from '../../src/kube/transport.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { kubeConfigFor, until } from '../support/live.ts';

const PODS = '/api/v1/pods';

/** A mirror that keeps names, and notes every call. */
class Names {
  readonly names = new Map<string, string>();
  readonly told: string[] = [];
  readonly notes: ReflectorNote[] = [];
  readonly #mirror: Mirror<string> = {
    kind: 'pods',
    path: PODS,
    resource: POD,
    keyOf: (object) => (object['metadata'] as { uid: string }).uid,
    project: (object) => {
      const { name } = object['metadata'] as { name: string };
      if (name.startsWith('bad')) throw new Error('cannot be read');
      return name;
    },
    onPut: (key, name) => {
      this.names.set(key, name);
      this.told.push(`+${name}`);
    },
    onGone: (key) => {
      this.told.push(`-${this.names.get(key)}`);
      this.names.delete(key);
    },
  };
  readonly reflector: Reflector<string>;

  constructor(
    transport: Transport,
    mirror: Partial<Mirror<string>> = {},
    watchMs = 60_000,
    backOff = new BackOff(5, 20),
  ) {
    const options = {
      transport,
      apiEncoding: encoding,
      nowMs: () => Date.now(),
      onNote: (note: ReflectorNote) => this.notes.push(note),
    };
    this.reflector = new Reflector({ ...this.#mirror, ...mirror }, { ...options, watchMs, pageSize: 3, backOff });
  }

  get sorted(): string[] {
    return [...this.names.values()].sort();
  }

  whats(): string[] {
    return this.notes.map(({ what }) => what);
  }
}

let server: FakeApiServer;
let transport: Transport;
const running: Names[] = [];
let encoding: 'protobuf' | 'json' = 'protobuf';

function mirror(options: Partial<Mirror<string>> = {}, watchMs?: number, backOff?: BackOff): Names {
  const names = new Names(transport, options, watchMs, backOff);
  running.push(names);
  void names.reflector.run();
  return names;
}

const pod = (name: string, phase = 'Running') => ({ metadata: { name, namespace: 'a' }, status: { phase } });
const put = (name: string, phase?: string) => server.put(PODS, pod(name, phase));

beforeEach(async () => {
  server = new FakeApiServer();
  await server.start();
  transport = new Transport(kubeConfigFor(server.url));
});

afterEach(async () => {
  for (const { reflector } of running.splice(0)) reflector.stop();
  transport.close();
  await server.stop();
});

describe.each(['protobuf', 'json'] as const)('as %s', (used) => {
  beforeEach(() => {
    encoding = used;
  });

  test('lists in pages, then watches on from the version of the list', async () => {
    for (const i of [1, 2, 3, 4, 5, 6, 7]) put(`p${i}`);
    const names = mirror();
    await until(() => names.reflector.isSynced);
    expect(names.sorted).toEqual(['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7']);
    expect(server.calls.filter(({ path }) => path.includes('limit=3'))).toHaveLength(3);
    put('p8');
    server.remove(PODS, 'a', 'p1');
    await until(() => names.names.size === 7 && names.told.includes('-p1'));
    expect(names.sorted).toEqual(['p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8']);
    expect(names.told).toHaveLength(9);
  });

  test('what changes between list and watch, or while a watch is broken, is told once', async () => {
    put('p1');
    const names = mirror();
    await until(() => server.watchCount === 1);
    server.cutWatches();
    put('p2');
    server.remove(PODS, 'a', 'p1');
    await until(() => names.told.includes('-p1'));
    expect(names.told).toEqual(['+p1', '+p2', '-p1']);
    expect(names.whats().filter((what) => what === 'listed')).toHaveLength(1);
  });

  test('a watch that the server ends is resumed from the last bookmark', async () => {
    put('p1');
    const names = mirror();
    await until(() => server.watchCount === 1);
    server.bookmark();
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.forget();
    server.endWatches();
    put('p2');
    await until(() => names.names.size === 2);
    expect(names.whats()).not.toContain('relist');
  });

  test('a forgotten version (410) leads to a new list, and what went meanwhile is told as gone, first', async () => {
    const first = put('p1');
    put('p2');
    const names = mirror();
    await until(() => server.watchCount === 1);
    server.refuse = (method, path) => (path.includes('watch') ? 503 : undefined);
    server.cutWatches();
    server.remove(PODS, 'a', 'p1');
    const again = put('p1');
    put('p3');
    server.forget();
    server.refuse = () => undefined;
    await until(() => names.sorted.join() === 'p1,p2,p3');
    expect(again.metadata.uid).not.toBe(first.metadata.uid);
    expect(names.whats()).toContain('relist');
    expect(names.told.indexOf('-p1')).toBeLessThan(names.told.lastIndexOf('+p1'));
  });

  test('a token that expired between two pages starts the list anew', async () => {
    for (const i of [1, 2, 3, 4, 5]) put(`p${i}`);
    let pages = 0;
    server.refuse = (_method, path) => (path.includes('continue') && ++pages === 1 ? 410 : undefined);
    const names = mirror();
    await until(() => names.reflector.isSynced);
    expect(names.sorted).toHaveLength(5);
  });

  test('a first list is told page by page; what goes before it is complete is gone', async () => {
    for (const i of [1, 2, 3, 4, 5]) put(`p${i}`);
    let pages = 0;
    server.refuse = (_method, path) => {
      if (!path.includes('continue') || ++pages > 1) return undefined;
      server.remove(PODS, 'a', 'p2');
      return 410;
    };
    const names = mirror();
    await until(() => names.reflector.isSynced);
    expect(names.sorted).toEqual(['p1', 'p3', 'p4', 'p5']);
    expect(names.told.slice(0, 4)).toEqual(['+p1', '+p2', '+p3', '-p2']);
  });

  test.each([500, 429, 403])(
    '%i is tried again with back-off, and the mirror says for how long it is behind',
    async (code) => {
      put('p1');
      server.refuse = () => code;
      const names = mirror();
      await until(() => names.whats().filter((what) => what === 'failed').length >= 3);
      expect(names.reflector.isSynced).toBe(false);
      expect(names.reflector.isWatching).toBe(false);
      expect(names.reflector.ageMs()).toBeGreaterThan(0);
      server.refuse = () => undefined;
      await until(() => server.watchCount === 1);
      await until(() => names.reflector.isWatching);
    },
  );

  test('a server that is away and comes back is found again', async () => {
    put('p1');
    const names = mirror();
    await until(() => server.watchCount === 1);
    const { port } = new URL(server.url);
    await server.stop();
    await until(() => names.whats().includes('failed'));
    expect(names.sorted).toEqual(['p1']);
    const next = http.createServer((_request, response) =>
      response.writeHead(200).end('{"metadata":{"resourceVersion":"1"},"items":[]}'),
    );
    await new Promise<void>((resolve) => next.listen(Number(port), '127.0.0.1', resolve));
    await until(() => names.whats().includes('reconnect'));
    next.closeAllConnections();
    await new Promise((resolve) => next.close(resolve));
    await server.start();
  });

  test('a watch that went silent is given up, and what it did not tell is heard after all', async () => {
    put('p1');
    const names = mirror({}, 100);
    await until(() => server.watchCount === 1);
    server.muteWatches();
    put('p2');
    await until(() => names.names.size === 2);
    expect(names.sorted).toEqual(['p1', 'p2']);
  });

  test('a quiet watch is renewed from its bookmark before anybody doubts it', async () => {
    put('p1');
    const names = mirror({}, 1400);
    await until(() => server.watchCount === 1);
    const firstPage = () => server.calls.filter(({ path }) => path.includes('limit=')).length;
    const before = firstPage();
    await until(() => names.whats().filter((what) => what === 'reconnect').length === 2);
    expect(names.whats()).toEqual(['listed', 'reconnect', 'reconnect']);
    expect(firstPage()).toBe(before);
  });

  test('what waits for its next try is tried at once when it is told to', async () => {
    put('p1');
    server.refuse = () => 503;
    const names = mirror({}, undefined, new BackOff(1e9, 1e9));
    await until(() => names.whats().includes('failed'));
    server.refuse = () => undefined;
    const asked = server.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.calls).toHaveLength(asked);
    names.reflector.retryNow();
    await until(() => names.sorted.join() === 'p1');
  });

  test('read anew: every object is told again, from a new list', async () => {
    put('p1');
    put('p2');
    const names = mirror();
    await until(() => server.watchCount === 1);
    names.reflector.relist();
    await until(() => names.told.length === 4);
    expect(names.told).toEqual(['+p1', '+p2', '+p1', '+p2']);
    expect(names.whats()).toEqual(['listed', 'listed']);
  });

  test('an event that cannot be read is not skipped: the watch starts again from the last good one', async () => {
    put('p1');
    const names = mirror();
    await until(() => server.watchCount === 1);
    server.garble('{"type":"ADDED","object":{"met\n');
    put('p2');
    await until(() => names.names.size === 2);
    expect(names.whats()).toContain(encoding === 'json' ? 'failed' : 'unencoded');
  });

  test('an object that cannot be read is skipped and told of; one that was readable before stays as it was', async () => {
    put('bad');
    put('p1');
    const names = mirror();
    await until(() => names.reflector.isSynced);
    expect(names.sorted).toEqual(['p1']);
    expect(names.notes.find(({ what }) => what === 'skipped')?.detail).toContain('cannot be read');
  });

  test('a field selector: an object that ceases to match is gone', async () => {
    put('p1');
    put('done', 'Succeeded');
    const names = mirror({ path: `${PODS}?fieldSelector=status.phase%21%3DSucceeded` });
    await until(() => server.watchCount === 1);
    expect(names.sorted).toEqual(['p1']);
    put('p1', 'Succeeded');
    await until(() => names.names.size === 0);
  });

  describe('an optional resource', () => {
    test.each([404, 403])('that answers %i is taken for empty', async (code) => {
      server.refuse = () => code;
      const names = mirror({ isOptional: true });
      await until(() => names.reflector.isSynced);
      expect(names.whats()).toEqual(['absent']);
      expect(names.reflector.isMissing).toBe(code === 404);
    });

    test('that is forbidden after it was read keeps what was read, as while a server starts', async () => {
      put('p1');
      const names = mirror({ isOptional: true });
      await until(() => server.watchCount === 1);
      server.refuse = () => 403;
      server.cutWatches();
      await until(() => names.whats().filter((what) => what === 'failed').length >= 3);
      expect(names.sorted).toEqual(['p1']);
      server.refuse = () => undefined;
      await until(() => server.watchCount === 1);
      expect(names.told).toEqual(['+p1']);
    });
  });
});

describe('protobuf', () => {
  beforeEach(() => {
    encoding = 'protobuf';
  });

  const asked = (accept: string) => server.accepts.filter((one) => one === accept).length;
  const BOTH = 'application/vnd.kubernetes.protobuf,application/json';

  test.each([
    ['is not acceptable', 406],
    ['is an unsupported media type', 415],
    ['is answered by a web page', { type: 'text/html', body: '<html>' }],
    ['is answered without a type', { type: '', body: '{}' }],
    ['is garbled', { type: 'application/vnd.kubernetes.protobuf', body: 'k8s\0garbage' }],
    ['is empty', { type: 'application/vnd.kubernetes.protobuf', body: '' }],
  ] as const)('that %s: JSON from then on, with one note', async (_what, answer) => {
    server.protobuf = answer;
    put('p1');
    const names = mirror();
    await until(() => server.watchCount === 1);
    put('p2');
    names.reflector.relist();
    await until(() => names.names.size === 2 && server.watchCount === 1);
    expect(names.whats().filter((what) => what !== 'listed')).toEqual(['unencoded']);
    expect(asked(BOTH)).toBe(1);
  });

  test('that is garbled from the second page of a first list on: JSON, and what went meanwhile is gone', async () => {
    for (const i of [1, 2, 3, 4, 5]) put(`p${i}`);
    server.refuse = (_method, path) => {
      if (!path.includes('continue') || server.protobuf !== 'spoken') return undefined;
      server.protobuf = { type: 'application/vnd.kubernetes.protobuf', body: 'k8s\0garbage' };
      server.remove(PODS, 'a', 'p2');
      return undefined;
    };
    const names = mirror();
    await until(() => names.reflector.isSynced);
    expect(names.sorted).toEqual(['p1', 'p3', 'p4', 'p5']);
    expect(names.told.slice(0, 4)).toEqual(['+p1', '+p2', '+p3', '-p2']);
    expect(names.whats()).toEqual(['unencoded', 'listed']);
  });

  test('that the server answers with JSON is JSON, without a note, and asked for again', async () => {
    server.protobuf = 'json';
    put('p1');
    const names = mirror();
    await until(() => server.watchCount === 1);
    put('p2');
    await until(() => names.names.size === 2);
    expect(names.whats()).toEqual(['listed']);
    expect(asked(BOTH)).toBe(2);
  });

  test('that breaks in a watch: the watch goes on as JSON where it was, nothing is lost or told twice', async () => {
    put('p1');
    const names = mirror();
    await until(() => server.watchCount === 1);
    put('p2');
    await until(() => names.names.size === 2);
    server.garble('\0\0\0\x02\x0a\x7f');
    put('p3');
    server.remove(PODS, 'a', 'p1');
    await until(() => names.told.includes('-p1'));
    expect(names.told).toEqual(['+p1', '+p2', '+p3', '-p1']);
    expect(names.whats()).toEqual(['listed', 'unencoded']);
    await until(() => server.watchCount === 1);
    expect(asked('application/json')).toBe(1);
  });

  test('is not asked for where it is turned off', async () => {
    encoding = 'json';
    mirror();
    await until(() => server.watchCount === 1);
    expect(new Set(server.accepts)).toEqual(new Set(['application/json']));
  });
});

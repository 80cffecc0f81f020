import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { historyShowCommand } from '../../src/cli/history/show.ts';
import { Clock } from '../../src/clock.ts';
import { PACKED } from '../../src/kube/history-parts.ts';
import { ServedHistory } from '../../src/server/kept-history.ts';
import { builtCli, written } from '../support/cli.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { addNodes, LiveMuster, stopAll, type LiveMusterOptions } from '../support/live-muster.ts';
import { kubeConfigFor, until } from '../support/live.ts';

const CONFIG_MAPS = '/api/v1/configmaps';
const LEASES = '/apis/coordination.k8s.io/v1/leases';
const MINUTE_MS = 60_000;

const { start } = builtCli();
const folder = mkdtempSync(join(tmpdir(), 'muster-history-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let api: FakeApiServer;
let waited = 0;
const started: LiveMuster[] = [];

/** A muster with a history that is kept, on a clock that `waited` moves. */
class Keeping {
  readonly clock = new Clock(
    () => Date.now() + waited,
    () => performance.now() + waited,
  );
  readonly history: ServedHistory;
  readonly warnings: string[] = [];
  readonly muster: LiveMuster;

  constructor({ keyFile, file, ...options }: LiveMusterOptions & { keyFile?: string; file?: string } = {}) {
    this.history = new ServedHistory(() => this.clock.toWall(this.clock.nowMs()), { file, keyFile });
    const log = (level: string, fields: object, message: string) => {
      if (level === 'warn') this.warnings.push(`${message} ${JSON.stringify(fields)}`);
    };
    this.muster = new LiveMuster(api, { ...options, clock: this.clock, history: this.history, log });
    started.push(this.muster);
  }

  async start(): Promise<this> {
    await this.muster.start();
    return this;
  }

  async stop(): Promise<void> {
    started.splice(started.indexOf(this.muster), 1);
    await this.muster.stop();
  }

  /** Learns runs of the app that took so long. */
  learn(app: string, minutes: number, times = 5): void {
    for (let i = 0; i < times; i++)
      this.history.runTimes.learn(identity(app), { ranMs: minutes * MINUTE_MS, how: 'succeeded' });
  }

  /** How long the app takes, in minutes; undefined: nothing is known of it. */
  minutesOf(app: string): number | undefined {
    const found = this.history.runTimes.forecast(identity(app));
    return found.basis.startsWith(`app ${app}`) ? Math.round(found.endsWithin(0.5, 0) / MINUTE_MS) : undefined;
  }
}

const identity = (app: string) => ({ namespace: 'jobs', name: 'x', queue: 'default', app, members: 3 });

const stored = () => api.get(CONFIG_MAPS, 'muster-system', 'muster-history');
const textStored = () => {
  const { [PACKED]: packed } = (stored()?.['binaryData'] ?? {}) as Record<string, string>;
  return packed === undefined ? '' : gunzipSync(Buffer.from(packed, 'base64')).toString();
};
const put = (content: object) =>
  api.put(CONFIG_MAPS, { metadata: { name: 'muster-history', namespace: 'muster-system' }, ...content });
const hold = (holderIdentity: string) =>
  api.put(LEASES, {
    metadata: { name: 'muster-scheduler', namespace: 'kube-system' },
    spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: new Date(Date.now() + waited).toISOString() },
  });
const LEASE = 'kube-system/muster-scheduler';
const reads = () => api.calls.filter(({ method, path }) => method === 'GET' && path.endsWith('/muster-history')).length;

beforeEach(async () => {
  waited = 0;
  api = new FakeApiServer();
  await api.start();
  addNodes(api);
  // As deploy/access/history.yaml creates it.
  put({});
});

afterEach(() => stopAll(started, api));

describe('what was learned', () => {
  test('survives a restart', async () => {
    const first = await new Keeping().start();
    first.learn('etl-#', 42);
    await first.stop();
    const second = await new Keeping().start();
    expect(second.minutesOf('etl-#')).toBe(42);
    expect([...first.warnings, ...second.warnings]).toEqual([]);
  });

  test('is written every ten minutes, so that a crash costs no more, and only if there is something new', async () => {
    const muster = await new Keeping().start();
    muster.learn('etl-#', 42);
    waited += 9 * MINUTE_MS;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(textStored()).toBe('');
    waited += MINUTE_MS;
    await until(() => textStored().includes('etl-#'));
    const version = stored()?.metadata.resourceVersion;
    waited += 10 * MINUTE_MS;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await muster.stop();
    expect(stored()?.metadata.resourceVersion).toBe(version);
  });

  test('is created where the ConfigMap is missing and muster may', async () => {
    api.remove(CONFIG_MAPS, 'muster-system', 'muster-history');
    const first = await new Keeping().start();
    first.learn('etl-#', 42);
    await first.stop();
    expect((await new Keeping().start()).minutesOf('etl-#')).toBe(42);
  });
});

describe('of two replicas', () => {
  const two = async () => {
    hold('muster-a_1');
    const one = await new Keeping({ lease: LEASE, identity: 'muster-a' }).start();
    const other = await new Keeping({ lease: LEASE, identity: 'muster-b' }).start();
    await until(() => one.muster.cluster.isLeading);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    return [one, other] as const;
  };

  test('the one that follows writes nothing', async () => {
    const [one, other] = await two();
    other.learn('other', 7);
    waited += 11 * MINUTE_MS;
    hold('muster-a_1');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await other.stop();
    expect(textStored()).toBe('');
    one.learn('etl-#', 42);
    await one.stop();
    expect(textStored()).toContain('etl-#');
    expect(textStored()).not.toContain('other');
  });

  test('the one that takes over reads what the other wrote', async () => {
    const [one, other] = await two();
    one.learn('etl-#', 42);
    await one.stop();
    expect(other.minutesOf('etl-#')).toBeUndefined();
    hold('muster-b_1');
    await until(() => other.minutesOf('etl-#') === 42);
    expect(other.warnings).toEqual([]);
  });

  test('the one that has just decided writes, though kube-scheduler has given the lease back', async () => {
    hold('muster-a_1');
    const one = await new Keeping({ lease: LEASE, identity: 'muster-a' }).start();
    await until(() => one.muster.cluster.isLeading);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    one.learn('etl-#', 42);
    hold('');
    await until(() => !one.muster.cluster.isLeading);
    await one.stop();
    expect(textStored()).toContain('etl-#');
  });

  test('what another hand has written counts, so that an import needs no restart', async () => {
    const imported = new Keeping();
    imported.learn('imported', 99);
    const muster = await new Keeping().start();
    muster.learn('etl-#', 42);
    put({ binaryData: { [PACKED]: gzipSync(imported.history.text()).toString('base64') } });
    waited += 10 * MINUTE_MS;
    await until(() => muster.minutesOf('imported') === 99);
    expect(textStored()).toContain('imported');
    expect(muster.warnings).toEqual([]);
  });
});

test('a file counts as long as nothing is kept', async () => {
  const source = new Keeping();
  source.learn('imported', 99);
  const file = join(folder, 'imported.json');
  writeFileSync(file, source.history.text());
  const first = await new Keeping({ file }).start();
  expect(first.minutesOf('imported')).toBe(99);
  await first.stop();
  expect(textStored()).toContain('imported');
  const other = new Keeping();
  other.learn('etl-#', 42);
  put({ binaryData: { [PACKED]: gzipSync(other.history.text()).toString('base64') } });
  const second = await new Keeping({ file }).start();
  expect([second.minutesOf('imported'), second.minutesOf('etl-#')]).toEqual([undefined, 42]);
});

test('muster serve keeps what it was given, is told of it in its metrics, and writes it when it is ended', async () => {
  const source = new Keeping();
  source.learn('imported', 99);
  const [file, kubeconfig] = [join(folder, 'given.json'), join(folder, 'kubeconfig')];
  writeFileSync(file, source.history.text());
  writeFileSync(kubeconfig, kubeConfigFor(api.url).exportConfig());
  const live = ['serve', '--live', '--kubeconfig', kubeconfig, '--port', '0', '--extender-port', '0'];
  const served = start([...live, '--history', file]);
  await written(served, /"muster serves"/);
  const [, url = ''] = /"url":"([^"]+)"/.exec(served.text.out) ?? [];
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(new RegExp(`^muster_history_keys ${source.history.runTimes.size}$`, 'm'));
  expect(metrics).toMatch(/^muster_history_write_age_seconds -1$/m);
  served.child.kill('SIGTERM');
  expect((await served.ended).code).toBe(0);
  expect(textStored()).toContain('imported');
});

test('muster history show reads it from the cluster, and says if there is none', async () => {
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeConfigFor(api.url).exportConfig());
  const shown: string[] = [];
  const show = (historyNamespace: string) =>
    historyShowCommand(undefined, { kubeconfig, historyNamespace }, (text) => void shown.push(text));
  const muster = await new Keeping().start();
  muster.learn('etl-#', 42);
  await muster.stop();
  await show('muster-system');
  expect(shown.join()).toMatch(/│ app etl-# +│ jobs +│ 2-3 +│ 5 +│ 42m +│/);
  await expect(show('elsewhere')).rejects.toThrow(/ConfigMap elsewhere\/muster-history holds no history/);
});

describe('a history that cannot be used', () => {
  const other = () => JSON.stringify({ version: 9, names: 'plain', savedMs: 0, keys: [] });
  test.each([
    ['broken', () => ({ binaryData: { [PACKED]: 'AAAA' } }), /cannot be unpacked/],
    [
      'no JSON',
      () => ({ binaryData: { [PACKED]: gzipSync('{').toString('base64') } }),
      /the history: .*JSON.*MUSTER_HISTORY_INVALID/,
    ],
    [
      'of another version',
      () => ({ binaryData: { [PACKED]: gzipSync(other()).toString('base64') } }),
      /version 9: this muster knows version 1 alone/,
    ],
    [
      'of a crash between two writings',
      () => ({ data: { about: '{"generation":7,"part":0,"of":2}' }, binaryData: { [PACKED]: 'AAAA' } }),
      /muster-history-1 is not of the writing 7/,
    ],
  ])('%s: muster starts without it, warns once, and replaces it', async (_what, content, detail) => {
    put(content());
    const muster = await new Keeping().start();
    expect((await muster.muster.get('/readyz')).status).toBe(200);
    expect(muster.history.runTimes.size).toBe(0);
    expect(muster.warnings).toHaveLength(1);
    expect(muster.warnings[0]).toMatch(/cannot be used: .* to keep it, copy it before that/);
    expect(muster.warnings[0]).toMatch(detail);
    muster.learn('etl-#', 42);
    await muster.stop();
    expect((await new Keeping().start()).minutesOf('etl-#')).toBe(42);
    expect(muster.warnings).toHaveLength(1);
  });

  test('that may not be read: muster starts, warns once, and reads it before it writes', async () => {
    const before = await new Keeping().start();
    before.learn('before', 5);
    await before.stop();
    api.refuse = (_method, path) => (path.includes('/muster-history') ? 403 : undefined);
    const muster = await new Keeping().start();
    muster.learn('etl-#', 42);
    expect(muster.warnings).toEqual([expect.stringMatching(/cannot be read: .*history.yaml has it.*403/)]);
    const known = reads();
    waited += 10 * MINUTE_MS;
    await until(() => reads() > known);
    expect(muster.warnings).toHaveLength(1);
    api.refuse = () => undefined;
    waited += 10 * MINUTE_MS;
    await until(() => muster.minutesOf('before') === 5);
    expect(textStored()).toContain('before');
  });

  test('that may not be written: muster goes on, and warns once', async () => {
    const muster = await new Keeping().start();
    api.refuse = (method) => (method === 'PATCH' ? 403 : undefined);
    for (let i = 0; i < 2; i++) {
      muster.learn('etl-#', 42);
      const tried = api.calls.length;
      waited += 10 * MINUTE_MS;
      await until(() => api.calls.slice(tried).some(({ method }) => method === 'PATCH'));
    }
    expect(muster.warnings).toEqual([expect.stringMatching(/cannot be written: a restart forgets.*403/)]);
    expect(muster.minutesOf('etl-#')).toBe(42);
  });
});

describe('names that are hashed', () => {
  const keyFile = (name: string, key: string) => {
    const path = join(folder, name);
    writeFileSync(path, `${key}\n`);
    return path;
  };

  test('do not stand in the ConfigMap, and are found again with the same key alone', async () => {
    const one = keyFile('one', 'a key of 16 bytes or more');
    const first = await new Keeping({ keyFile: one }).start();
    first.learn('secret-app', 42);
    await first.stop();
    expect(textStored()).not.toMatch(/secret|jobs|default/);
    expect((await new Keeping({ keyFile: one }).start()).minutesOf('secret-app')).toBe(42);
    for (const other of [keyFile('two', 'another key of 16 bytes'), undefined]) {
      const muster = await new Keeping(other === undefined ? {} : { keyFile: other }).start();
      expect(muster.minutesOf('secret-app')).toBeUndefined();
      expect(muster.warnings).toEqual([expect.stringMatching(/its names are hashed \w{8}, and muster keeps them/)]);
    }
  });

  test('need a key that nobody guesses', () => {
    expect(() => new Keeping({ keyFile: keyFile('short', 'short') })).toThrow(
      /short: a key of at least 16 bytes is needed, got 5; make one with: openssl rand -hex 32/,
    );
    expect(() => new Keeping({ keyFile: join(folder, 'missing') })).toThrow(/missing.*MUSTER_FILE_UNREADABLE/);
  });
});

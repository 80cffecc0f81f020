import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BrokenHistory, PACKED } from '../../../src/kube/history-parts.ts';
import { HistoryStore } from '../../../src/kube/history-store.ts';
import { Transport } from '../../../src/kube/transport.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { kubeConfigFor } from '../../support/live.ts';

const CONFIG_MAPS = '/api/v1/configmaps';

let api: FakeApiServer;
const transports: Transport[] = [];

beforeEach(async () => {
  api = new FakeApiServer();
  await api.start();
});

afterEach(async () => {
  for (const transport of transports.splice(0)) transport.close();
  await api.stop();
});

function newStore(): HistoryStore {
  const transport = new Transport(kubeConfigFor(api.url));
  transports.push(transport);
  return new HistoryStore(transport, 'muster-system');
}

const stored = (name: string) => api.get(CONFIG_MAPS, 'muster-system', name);
const put = (name: string, content: object) =>
  api.put(CONFIG_MAPS, { metadata: { name, namespace: 'muster-system' }, ...content });
const packed = (text: string) => gzipSync(text).toString('base64');
/** Text that gzip cannot pack to less than this. */
const large = (bytes: number) => randomBytes(bytes).toString('latin1');

test('what one store wrote another reads, whether the ConfigMap was there or not', async () => {
  for (const isThere of [false, true]) {
    if (isThere) put('muster-history', {});
    const first = newStore();
    expect(await first.read()).toEqual({ text: undefined });
    await first.write('{"a":1}');
    expect(await newStore().read()).toEqual({ text: '{"a":1}' });
    await first.write('{"a":2}');
    expect(await newStore().read()).toEqual({ text: '{"a":2}' });
    expect(await first.read()).toBe('unchanged');
    api.remove(CONFIG_MAPS, 'muster-system', 'muster-history');
  }
});

test('labels and keys of others stay', async () => {
  put('muster-history', {
    data: { note: 'ours' },
    metadata: { name: 'muster-history', namespace: 'muster-system', labels: { a: 'b' } },
  });
  const store = newStore();
  await store.read();
  await store.write('x');
  expect(stored('muster-history')).toMatchObject({ data: { note: 'ours' }, metadata: { labels: { a: 'b' } } });
});

test('a file of kubectl create configmap --from-file is read', async () => {
  put('muster-history', { binaryData: { [PACKED]: packed('by hand') } });
  expect(await newStore().read()).toEqual({ text: 'by hand' });
});

describe('a large history', () => {
  test('is split so that each ConfigMap stays below 1 MiB, and comes back whole', async () => {
    const store = newStore();
    const text = large(2_200_000);
    await store.read();
    await store.write(text);
    const names = api.list(CONFIG_MAPS).map(({ metadata }) => metadata.name);
    expect(names).toEqual(['muster-history', 'muster-history-1', 'muster-history-2']);
    for (const name of names) {
      const bytes = Buffer.from((stored(name)!['binaryData'] as Record<string, string>)[PACKED]!, 'base64').length;
      expect(bytes).toBeLessThanOrEqual(900_000);
    }
    expect(await newStore().read()).toEqual({ text });
    await store.write('small now');
    expect(await newStore().read()).toEqual({ text: 'small now' });
  });

  test('that is too large for four is refused, and what is stored stays', async () => {
    const store = newStore();
    await store.read();
    await store.write('before');
    await expect(store.write(large(3_700_000))).rejects.toThrow(/bytes do not fit 4 ConfigMaps/);
    expect(await newStore().read()).toEqual({ text: 'before' });
  });

  test('whose writing was interrupted is noticed, and the next writing replaces it', async () => {
    const store = newStore();
    await store.read();
    await store.write(large(1_000_000));
    api.refuse = (method, path) => (method === 'PATCH' && path.endsWith('muster-history-1') ? 403 : undefined);
    await expect(store.write(large(1_000_000))).rejects.toThrow('403');
    api.refuse = () => undefined;
    const next = newStore();
    await expect(next.read()).rejects.toThrow(/muster-history-1 is not of the writing 2, as muster-history is/);
    await next.write('anew');
    expect(await newStore().read()).toEqual({ text: 'anew' });
  });
});

describe('two writers', () => {
  test('the second is told, and what the first wrote stays', async () => {
    const [one, two] = [newStore(), newStore()];
    await one.read();
    await two.read();
    await one.write('one');
    await expect(two.write('two')).rejects.toMatchObject({ status: 409 });
    expect(await two.read()).toEqual({ text: 'one' });
    await two.write('two');
    await expect(one.write('one again')).rejects.toMatchObject({ status: 409 });
  });
});

describe('what cannot be used', () => {
  test.each([
    ['no gzip', { binaryData: { [PACKED]: Buffer.from('{}').toString('base64') } }, /cannot be unpacked/],
    ['cut off', { binaryData: { [PACKED]: packed(large(1000)).slice(0, 400) } }, /cannot be unpacked/],
    ['a number', { binaryData: { [PACKED]: 7 } }, /expected a string, got 7/],
    ['a bomb', { binaryData: { [PACKED]: packed('0'.repeat(65 * 2 ** 20)) } }, /cannot be unpacked/],
    [
      'a part that says nothing',
      { data: { about: '{}' }, binaryData: { [PACKED]: packed('x') } },
      /data.about says {}/,
    ],
    ['about no JSON', { data: { about: '{' }, binaryData: { [PACKED]: packed('x') } }, /JSON/],
    [
      'thousands of parts',
      { data: { about: '{"generation":1,"part":0,"of":5000}' }, binaryData: { [PACKED]: packed('x') } },
      /data.about says/,
    ],
    [
      'a missing part',
      { data: { about: '{"generation":1,"part":0,"of":2}' }, binaryData: { [PACKED]: packed('x') } },
      /muster-history-1 is not of the writing 1/,
    ],
  ])('%s', async (_what, content, message) => {
    put('muster-history', content);
    const store = newStore();
    const read = store.read();
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toBeInstanceOf(BrokenHistory);
    await store.write('anew');
    expect(await newStore().read()).toEqual({ text: 'anew' });
  });
});

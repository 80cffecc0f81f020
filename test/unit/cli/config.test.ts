import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { envName, loadConfig } from '../../../src/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}

test('without anything, the extender listens on the loopback and answers for muster', () => {
  expect(loadConfig({}, {})).toEqual({
    host: '127.0.0.1',
    port: 8888,
    extenderHost: '127.0.0.1',
    extenderPort: 8889,
    reasons: 'one',
    maxBodyBytes: 8 * 2 ** 20,
    logLevel: 'info',
    logFormat: 'auto',
    schedulerNames: ['muster'],
    ignoredResources: [],
    live: false,
    staleAfterMs: 30_000,
    settleMs: 1000,
    maxGangMembers: 10_000,
    wakesPerSecond: 20,
    apiEncoding: 'protobuf',
    nominate: 'auto',
    eventsPerSecond: 5,
    driverFiguresMs: 0,
    provisioningParameters: [],
    provisioningAfterMs: 10_000,
    provisioningMost: 20,
    keepHistory: true,
    webhookPort: 9443,
    tlsClientNames: ['system:kube-scheduler'],
    readAccess: 'loopback',
    readHosts: [],
  });
});

test('flags stand before the environment, that before the file, that before the defaults', () => {
  const path = file('port: 1\nhost: file\nreasons: all\n');
  const config = loadConfig({ port: '3' }, { MUSTER_PORT: '2', MUSTER_HOST: 'env' }, path);
  expect([config.port, config.host, config.reasons, config.logLevel]).toEqual([3, 'env', 'all', 'info']);
});

test.each([
  ['port', 'MUSTER_PORT'],
  ['maxBodyBytes', 'MUSTER_MAX_BODY_BYTES'],
])('%s is %s in the environment', (field, variable) => {
  expect(envName(field)).toBe(variable);
});

test('a list in the environment is separated by commas', () => {
  expect(loadConfig({}, { MUSTER_SCHEDULER_NAMES: 'a,b' }).schedulerNames).toEqual(['a', 'b']);
});

test('variables and flags of others are left alone', () => {
  const env = { MUSTER_UNKNOWN: '1', PATH: '/bin', PORT: '9' };
  expect(loadConfig({ demo: true, config: 'x' }, env).port).toBe(8888);
});

test.each([
  ['empty', ''],
  ['only a comment', '# nothing\n'],
  ['a map of nothing', '{}'],
])('%s file is no mistake', (_, text) => {
  expect(loadConfig({}, {}, file(text)).port).toBe(8888);
});

test.each([
  ['port', '', 'MUSTER_PORT: "": '],
  ['port', ' ', 'MUSTER_PORT: " ": '],
  ['port', '-1', 'MUSTER_PORT: "-1": '],
  ['port', '65536', 'MUSTER_PORT: "65536": '],
  ['port', '1.5', 'MUSTER_PORT: "1.5": '],
  ['port', 'http', 'MUSTER_PORT: "http": '],
  ['port', '9'.repeat(400), 'MUSTER_PORT: '],
  ['maxBodyBytes', '10', 'MUSTER_MAX_BODY_BYTES: "10": '],
  ['maxBodyBytes', '1e300', 'MUSTER_MAX_BODY_BYTES: "1e300": '],
  ['reasons', 'some', 'MUSTER_REASONS: "some": '],
  ['logLevel', 'loud', 'MUSTER_LOG_LEVEL: "loud": '],
  ['logFormat', 'xml', 'MUSTER_LOG_FORMAT: "xml": '],
  ['schedulerNames', 'a,,b', 'MUSTER_SCHEDULER_NAMES: '],
  ['ignoredResources', 'example.com/licence,cpu', 'MUSTER_IGNORED_RESOURCES: '],
  ['host', '', 'MUSTER_HOST: "": '],
])('%s as %j in the environment is refused by its variable and value', (field, value, start) => {
  expect(() => loadConfig({}, { [envName(field)]: value })).toThrow(
    expect.objectContaining({ code: 'MUSTER_USAGE', what: expect.stringContaining(start) as string }) as Error,
  );
});

test.each([
  ['an unknown field', 'prot: 1\n', 'prot: unknown field; expected one of host, port'],
  ['a hostile key', '__proto__: {port: 1}\n', '__proto__'],
  ['a null', 'port: null\n', 'port: null: '],
  ['a truth value', 'port: true\n', 'port: true: '],
  ['a list for text', 'host: [a]\n', 'host: ["a"]: '],
  ['a text', 'hello\n', 'expected a map of fields, got "hello"'],
  ['a list', '- port: 1\n', 'expected a map of fields, got a list'],
  ['a key twice', 'port: 1\nport: 2\n', 'Map keys must be unique'],
  ['no YAML', 'port: [1\n', '.yaml: '],
  ['two documents', 'port: 1\n---\nport: 2\n', '.yaml: '],
])('a file with %s is refused by its name', (_, text, part) => {
  const path = file(text);
  let message = 'it was taken';
  try {
    loadConfig({}, {}, path);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain(path);
  expect(message).toContain(part);
  expect(({} as Record<string, unknown>)['port']).toBeUndefined();
});

test('every mistake is told, not only the first', () => {
  const message = expect.stringMatching(/port[^]*reasons/) as string;
  expect(() => loadConfig({}, {}, file('port: x\nreasons: y\n'))).toThrow(
    expect.objectContaining({ what: message }) as Error,
  );
});

test('a flag is named as it is typed', () => {
  expect(() => loadConfig({ logLevel: 'loud' }, {})).toThrow(/--log-level: "loud"/);
});

test.each([
  ['missing', join(folder, 'none.yaml')],
  ['a folder', folder],
])('a config file that is %s is said so', (_, path) => {
  expect(() => loadConfig({}, {}, path)).toThrow(expect.objectContaining({ code: 'MUSTER_FILE_UNREADABLE' }) as Error);
});

test('a file of aliases that would fill the memory is refused', () => {
  const lines = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`);
  expect(() => loadConfig({}, {}, file(`a0: &a0 [x]\n${lines.join('\n')}\n`))).toThrow(
    expect.objectContaining({ code: 'MUSTER_USAGE' }) as Error,
  );
});

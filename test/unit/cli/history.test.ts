import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { join as joinParts } from '../../../src/kube/history-parts.ts';
import { ServedHistory } from '../../../src/server/kept-history.ts';
import { builtCli } from '../../support/cli.ts';

const { folder, muster } = builtCli();
const path = (name: string) => join(folder, name);
const SECRET = 'hunter2-planted';
const DAY_MS = 86_400_000;
const NOW_MS = Date.now();

const line = (name: string, fields: object) => JSON.stringify({ Event: `SparkListener${name}`, ...fields });

/** An event log with secrets wherever a log may have them. */
function eventLog(app: string, minutes: number, { daysAgo = 1, isEnded = true } = {}): string {
  const startMs = NOW_MS - daysAgo * DAY_MS;
  return [
    line('LogStart', { 'Spark Version': '3.5.0' }),
    line('ResourceProfileAdded', { secret: SECRET }),
    line('EnvironmentUpdate', {
      'JVM Information': { 'Java Home': SECRET },
      'Spark Properties': {
        'spark.kubernetes.namespace': 'jobs',
        'spark.executor.instances': '2',
        'spark.hadoop.fs.s3a.secret.key': SECRET,
        'spark.kubernetes.driver.label.owner': SECRET,
        'spark.kubernetes.driver.label.muster.dev/queue': 'prod',
      },
      'System Properties': { 'sun.java.command': SECRET },
      'Classpath Entries': { [`/${SECRET}.jar`]: 'x' },
    }),
    line('ApplicationStart', { 'App Name': app, 'App ID': SECRET, Timestamp: startMs, User: 'ann' }),
    line('ExecutorAdded', { Timestamp: startMs, 'Executor Info': { Host: SECRET } }),
    line('ExecutorAdded', { Timestamp: startMs, 'Executor Info': { Host: SECRET } }),
    line('JobEnd', { 'Job Result': { Result: 'JobSucceeded', Exception: { Message: SECRET } } }),
    ...(isEnded ? [line('ApplicationEnd', { Timestamp: startMs + minutes * 60_000, secret: SECRET })] : []),
    '',
  ].join('\n');
}

const attempt = (minutes: number, more: object = {}) => ({
  startTimeEpoch: NOW_MS - DAY_MS,
  endTimeEpoch: NOW_MS - DAY_MS + minutes * 60_000,
  sparkUser: 'ben',
  completed: true,
  secret: SECRET,
  ...more,
});

interface Shown {
  readonly names: string;
  readonly keys: readonly {
    what: string;
    name?: string;
    namespace?: string;
    members?: object;
    runs: number;
    median: number;
  }[];
}
async function shown(file: string): Promise<Shown> {
  const { out, err, code } = await muster('history', 'show', path(file), '--json');
  expect(code, err).toBe(0);
  return JSON.parse(out) as Shown;
}
const appsOf = ({ keys }: Shown) =>
  keys
    .filter(({ what, members }) => what === 'app' && !members)
    .map(({ name, namespace, median }) => `${namespace}/${name} ${Math.round(median / 60_000)}`)
    .sort();

const imported = async (out: string, ...args: readonly string[]) => {
  const ended = await muster('history', 'import', ...args, '-o', path(out));
  expect(ended.code, ended.err).toBe(0);
  return ended;
};

beforeAll(() => {
  for (const name of ['logs', 'logs/eventlog_v2_app-9', 'logs/2026']) mkdirSync(path(name));
  writeFileSync(path('logs/one'), eventLog('ETL daily 20260801', 42));
  writeFileSync(path('logs/2026/two.gz'), zlib.gzipSync(eventLog('ETL daily 20260802', 42)));
  writeFileSync(path('logs/three.inprogress'), eventLog('open', 1));
  writeFileSync(path('logs/cut'), eventLog('cut', 1, { isEnded: false }) + line('ApplicationEnd', {}).slice(0, 30));
  writeFileSync(path('logs/README.md'), SECRET);
  writeFileSync(path('logs/.hidden'), SECRET);
  // A rolling log, whose first files were compacted, in more than nine files.
  const rolled = eventLog('rolling', 7).split('\n');
  const rolling = (name: string) => path(`logs/eventlog_v2_app-9/${name}`);
  writeFileSync(rolling('events_1_app-9'), eventLog('compacted away', 99));
  writeFileSync(rolling('events_2_app-9.compact'), `${rolled.slice(0, 4).join('\n')}\n`);
  writeFileSync(rolling('events_10_app-9'), rolled.slice(5).join('\n'));
  writeFileSync(rolling('events_9_app-9.gz'), zlib.gzipSync(`${rolled[4]}\n`));
  writeFileSync(rolling('appstatus_app-9'), '');
  writeFileSync(
    path('server.json'),
    JSON.stringify([
      { id: SECRET, name: 'Nightly report', attempts: [attempt(30), attempt(1)], secret: SECRET },
      { id: SECRET, name: 'running', attempts: [attempt(0, { completed: false, endTimeEpoch: -1 })] },
    ]),
  );
});

test('a folder of event logs: plain, packed, rolling; what is open, cut off or something else is left out', async () => {
  const { err } = await imported('logs.json', path('logs'));
  expect(appsOf(await shown('logs.json'))).toEqual(['jobs/etl-daily-# 42', 'jobs/rolling 7']);
  expect(err).toContain('3 runs of 4 files read: ');
  expect(err).toContain('; 2 records without a whole run left out; 1 other file left alone');
});

test("the History Server's answer: an attempt before the last has failed, one that runs is left out", async () => {
  const { err } = await imported('server.out', path('server.json'), '--namespace', 'reports');
  expect(appsOf(await shown('server.out'))).toEqual(['reports/nightly-report 30']);
  expect(err).toContain('2 runs of 1 file read: ');
  expect(err).toContain('; 1 record without a whole run left out');
});

test.each(['jobs.ndjson', 'jobs.csv.gz'])('what replay --jobs wrote: %s', async (file) => {
  const replay = ['replay', 'bench/traces/msft-itp/cluster03.csv.gz', '--nodes', 'preset:S', '--max-jobs', '30'];
  const { code, err } = await muster(...replay, '--policy', 'muster', '--policy', 'fifo-gang', '--jobs', path(file));
  expect(code, err).toBe(0);
  await imported(`${file}.json`, path(file));
  const { keys } = await shown(`${file}.json`);
  const all = keys.find(({ what }) => what === 'cluster');
  // Those of the second policy are the same jobs.
  expect(all?.runs).toBeGreaterThan(5);
  expect(all?.runs).toBeLessThanOrEqual(30);
});

test('nothing else of the records is in the history', async () => {
  await imported('secrets.json', path('logs'), path('server.json'), '--namespace', 'reports');
  const text = readFileSync(path('secrets.json'), 'utf8');
  expect(text).not.toContain('hunter2');
  const { keys } = JSON.parse(text) as { keys: [string, object][] };
  expect([...new Set(keys.map(([key]) => key.replace(/^(.)\d*/, '$1')))].sort()).toEqual([
    'a jobs etl-daily-#',
    'a jobs rolling',
    'a reports nightly-report',
    'c',
    'q default',
    'q prod',
    'u jobs ann',
  ]);
  const fields = new Set(keys.flatMap(([, record]) => Object.keys(record)));
  expect([...fields].sort()).toEqual(['cut', 'ended', 'error', 'leastMs', 'mostMs']);
});

test('old runs count less than new ones', async () => {
  for (let i = 0; i < 4; i++) {
    writeFileSync(path(`old-${i}`), eventLog('moving', 10, { daysAgo: 300 + i }));
    writeFileSync(path(`new-${i}`), eventLog('moving', 60, { daysAgo: 1 + i }));
  }
  const files = ['new-3', 'old-1', 'new-1', 'old-0', 'old-2', 'new-0', 'new-2', 'old-3'].map(path);
  await imported('moving.json', ...files);
  const app = (await shown('moving.json')).keys.find(({ what }) => what === 'app');
  // Three of the four old ones are still known, so that the new ones are the majority.
  expect(app?.runs).toBeLessThan(7.5);
  expect((app?.median ?? 0) / 60_000).toBeGreaterThan(50);
});

describe('what comes out', () => {
  const wall = () => NOW_MS;

  test('muster serve starts with it, packed or not', async () => {
    for (const name of ['h.json', 'h.json.gz']) {
      await imported(name, path('logs'));
      const { runTimes } = new ServedHistory(wall, { file: path(name), keyFile: undefined });
      const run = { namespace: 'jobs', name: '', queue: 'prod', app: 'etl-daily-#', members: 3 };
      expect(runTimes.forecast(run).isKnown, name).toBe(true);
    }
  });

  test('--configmap writes what muster reads from its ConfigMaps', async () => {
    const { out, code } = await muster('history', 'import', path('logs'), '--configmap', '--history-namespace', 'm');
    expect(code).toBe(0);
    const { items } = JSON.parse(out) as { items: { kind: string; metadata: object }[] };
    expect(items.map(({ kind, metadata }) => ({ kind, metadata }))).toEqual([
      { kind: 'ConfigMap', metadata: { name: 'muster-history', namespace: 'm' } },
    ]);
    const history = new ServedHistory(wall, { file: undefined, keyFile: undefined });
    history.replace((await joinParts(items)) ?? '');
    expect(history.runTimes.size).toBeGreaterThan(5);
  });

  test('--key-file writes hashes, which muster knows with the same key alone', async () => {
    writeFileSync(path('key'), 'a key of 16 bytes or more\n');
    writeFileSync(path('other'), 'another key of 16 bytes\n');
    await imported('hashed.json', path('logs'), '--key-file', path('key'));
    expect(readFileSync(path('hashed.json'), 'utf8')).not.toMatch(/etl|rolling|ann|prod/);
    const serve = (keyFile: string) => new ServedHistory(wall, { file: path('hashed.json'), keyFile: path(keyFile) });
    const run = { namespace: 'jobs', name: '', queue: 'prod', app: 'rolling', members: 3 };
    expect(serve('key').runTimes.size).toBe((await shown('hashed.json')).keys.length);
    expect(serve('key').runTimes.forecast({ ...run, app: 'etl-daily-#' }).runs).toBeGreaterThan(0);
    expect(() => serve('other')).toThrow(/its names are hashed \w{8}.*import it again with the historyKeyFile/);
  });

  test('show prints a table of what is known', async () => {
    await imported('table.json', path('logs'));
    const { out } = await muster('history', 'show', path('table.json'));
    expect(out).toMatch(/│ of +│ namespace +│ members +│ runs +│ median +│ p90 +│ error +│/);
    expect(out).toMatch(/│ app etl-daily-# +│ jobs +│ 2-3 +│ 2 +│ 42m +│ 42m +│ x 1.00 +│/);
    expect(out).toMatch(/as of 20\d\d-/);
  });
});

describe('mistakes', () => {
  const cases: readonly (readonly [string, () => string, readonly string[], RegExp])[] = [
    ['no such file', () => 'nothing', [], /nothing: ENOENT.*\[MUSTER_FILE_UNREADABLE\]/],
    [
      'another file',
      () => (writeFileSync(path('text'), 'some text'), 'text'),
      [],
      /text:1: expected an event log of Spark, .* got "some text"\. See docs\/run-times\.md/,
    ],
    [
      'a broken line',
      () => (writeFileSync(path('broken'), eventLog('a', 1).replace('"JobSucceeded"', '"Job')), 'broken'),
      [],
      /broken:7: .*JSON.*\[MUSTER_PAST_RUNS_INVALID\]/,
    ],
    [
      'a wrong value',
      () => (writeFileSync(path('value'), eventLog('a', 1).replace('"User":"ann"', '"User":7')), 'value'),
      [],
      /value:4: ApplicationStart\.User: expected a string, got 7/,
    ],
    [
      'a wrong value of the History Server',
      () => (
        writeFileSync(path('hs'), JSON.stringify([{ name: 'a', attempts: [attempt(1, { endTimeEpoch: 'x' })] }])),
        'hs'
      ),
      ['-n', 'x'],
      /hs: \[0\]\.attempts\[0\]\.endTimeEpoch: expected an integer, got "x"/,
    ],
    ['no namespace', () => 'server.json', [], /server\.json: it does not say in which namespace.*--namespace NAME/],
    [
      'a codec',
      () => (writeFileSync(path('log.lz4'), ''), 'log.lz4'),
      [],
      /log\.lz4: muster cannot unpack lz4; give what the History Server says instead: curl /,
    ],
  ];

  test.each(cases)('%s', async (_what, file, flags, message) => {
    const { code, err, out } = await muster('history', 'import', path(file()), ...flags);
    expect(err).toMatch(message);
    expect(code).not.toBe(0);
    expect(out).toBe('');
  });

  test('zstd is read where Node.js can, else the error says what to do', async () => {
    writeFileSync(path('log.zstd'), '');
    const { err, code } = await muster('history', 'import', path('log.zstd'));
    expect(code).not.toBe(0);
    if ('createZstdDecompress' in zlib) expect(err).toMatch(/log\.zstd/);
    else expect(err).toMatch(/log\.zstd: Node\.js v\S+ cannot unpack zstd; use 22\.15 or later, or unpack it: zstd -d/);
  });

  test('show says what is wrong with a file', async () => {
    writeFileSync(path('v9.json'), '{"version":9}');
    const { err, code } = await muster('history', 'show', path('v9.json'));
    expect(err).toMatch(/v9\.json: version 9: this muster knows version 1 alone\..*\[MUSTER_HISTORY_INVALID\]/);
    expect(code).toBe(1);
  });
});

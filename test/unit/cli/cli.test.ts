import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { JobRecord } from '../../../src/replay/job-record.ts';
import type { ReplayResult } from '../../../src/replay/result.ts';
import { builtCli, written } from '../../support/cli.ts';

const ITP = 'bench/traces/msft-itp/cluster03.csv.gz';
const { folder, start, muster } = builtCli();

const small = ['replay', ITP, '--nodes', 'preset:S', '--load', '20', '--max-jobs', '60', '--speed', '50'];
const path = (name: string) => join(folder, name);
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
/** The lines of a log, as pino writes them. */
const logged = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('a replay prints the table, and writes the result and the report', async () => {
  const two = ['--policy', 'kube-default', '--policy', 'scheduler-config/policies/spark.yaml'];
  const files = ['--json', path('a.json'), '--report', path('a.html')];
  const { code, out } = await muster(...small, ...two, ...files);
  expect(code).toBe(0);
  expect(out).toMatch(/^jobs done +\d+ of 60 +56 of 60$/m);
  const result = JSON.parse(readFileSync(path('a.json'), 'utf8')) as ReplayResult;
  expect(result.policies.map(({ policy, outcomes }) => [policy, outcomes.jobs])).toEqual([
    ['kube-default', 60],
    ['spark', 60],
  ]);
  expect(result.policies[1]).toMatchObject({ idle: { partial: 0 }, overcommits: 0 });
  expect(result.changes).toContain('submissions 50 times denser');
  expect(readFileSync(path('a.html'), 'utf8')).toMatch(/^<!doctype html>/);
});

test('the same replay twice gives the same JSON, wall-clock figures aside; another seed another', async () => {
  const run = async (seed: string) => {
    // The command line is part of the result.
    const args = ['--policy', 'muster', '--seed', seed, '--node-failures', '5', '--json', '-'];
    return { ...(JSON.parse((await muster(...small, ...args)).out) as ReplayResult), latency: undefined };
  };
  const [one, again, other] = [await run('3'), await run('3'), await run('4')];
  expect(JSON.stringify(again)).toBe(JSON.stringify(one));
  expect(JSON.stringify({ ...other, seed: 3, command: one.command })).not.toBe(JSON.stringify(one));
});

test.each([['--json'], ['--report']])(
  '%s into a folder or a folder that is missing fails before the replay',
  async (flag) => {
    for (const file of [path('.'), path('missing/a.json')]) {
      const { code, out, err } = await muster(...small, flag, file);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain('[MUSTER_FILE_UNREADABLE]');
      expect(err).not.toContain('jobs done');
    }
  },
);

test('a share or an error of forecasts alone asks for estimates, and the result says so; what is learned is not told', async () => {
  const run = async (...args: string[]) => {
    const { out } = await muster(...small, '--policy', 'fifo-gang', '--json', '-', ...args);
    return (JSON.parse(out) as ReplayResult).options.filter((text) => text.startsWith('forecasts'));
  };
  expect(await run()).toEqual([]);
  expect(await run('--forecasts', 'oracle')).toHaveLength(1);
  expect(await run('--forecast-known', '0.6')).toEqual([expect.stringMatching(/declared: of 60 % .* deviation 0.3 /)]);
  expect(await run('--forecast-error', '0.7')).toEqual([expect.stringMatching(/declared: of 100 % .* deviation 0.7 /)]);
});

test("the work model is the trace's own unless --work says otherwise", async () => {
  const run = async (...args: string[]) => {
    const { out, code } = await muster(...small, '--policy', 'fifo-gang', '--json', '-', ...args);
    expect(code).toBe(0);
    return JSON.parse(out) as ReplayResult;
  };
  const own = await run();
  expect(own.work).toEqual({
    model: 'gang',
    minRegisteredRatio: 0.8,
    maxRegisteredWaitMs: 30_000,
    serialFraction: 0.05,
  });
  const spark = await run('--work', 'spark', '--min-registered-ratio', '.5', '--max-registered-wait', '9');
  expect(spark.work).toMatchObject({ model: 'spark', minRegisteredRatio: 0.5, maxRegisteredWaitMs: 9000 });
  expect(spark.policies[0]?.waitMs.mean).toBeLessThan(own.policies[0]?.waitMs.mean ?? 0);
});

test('interrupted, a replay writes what there is, says so and ends with 130', async () => {
  const args = [
    'replay',
    'preset:L',
    '--nodes',
    'preset:S',
    '--policy',
    'muster',
    '--json',
    path('part.json'),
    '--jobs',
    path('part.ndjson'),
  ];
  const started = start(args);
  await written(started, /jobs ended/, 'err');
  started.child.kill('SIGINT');
  const { code, out } = await started.ended;
  expect(code).toBe(130);
  expect(out).toContain('STOPPED EARLY');
  const result = JSON.parse(readFileSync(path('part.json'), 'utf8')) as ReplayResult;
  expect(result.complete).toBe(false);
  const rows = readFileSync(path('part.ndjson'), 'utf8').trim().split('\n');
  const open = rows.map((line) => JSON.parse(line) as JobRecord).filter(({ isCompletionOpen }) => isCompletionOpen);
  expect(open.length).toBeGreaterThan(0);
});

test('generate writes a trace and nodes that replay reads', async () => {
  const made = await muster(
    'generate',
    'S',
    '--days',
    '0.02',
    '--seed',
    '9',
    '-o',
    path('s.ndjson.gz'),
    '--nodes',
    path('n.json'),
  );
  expect(made.code).toBe(0);
  const lines = gunzipSync(readFileSync(path('s.ndjson.gz')))
    .toString()
    .trim()
    .split('\n');
  expect(lines.length).toBeGreaterThan(10);
  const { code, out } = await muster('replay', path('s.ndjson.gz'), '--nodes', path('n.json'), '--policy', 'muster');
  expect(code).toBe(0);
  expect(out).toContain(`(muster): ${lines.length} jobs`);
});

test('a reader that has seen enough is no error', async () => {
  const started = start(['generate', 'M']);
  await written(started, /\n/);
  started.child.stdout!.destroy();
  expect(await started.ended).toMatchObject({ code: 0, err: '' });
});

test('check tells of every file, good and bad', async () => {
  writeFileSync(path('bad.yaml'), 'policies:\n  - name: a\n    strategy: tetris\n');
  const { code, out, err } = await muster(
    'check',
    path('bad.yaml'),
    'scheduler-config/policies/spark.yaml',
    'none.yaml',
  );
  expect(code).toBe(1);
  expect(out).toContain('scheduler-config/policies/spark.yaml: ok');
  expect(err).toContain('bad.yaml');
  expect(err).toContain('none.yaml');
});

test.each([
  ['no command', [], 2, 'Usage: muster'],
  ['an unknown command', ['sail'], 2, 'sail'],
  ['an unknown flag', ['check', '--fast', 'a.yaml'], 2, '--fast'],
  ['a replay without nodes', ['replay', ITP], 2, '--nodes'],
  ['a speed of 0', [...small, '--speed', '0'], 2, 'a number above 0'],
  ['a negative seed', [...small, '--seed', '-1'], 2, 'Expected an integer of at least 0'],
  ['a seed of text', [...small, '--seed', 'x'], 2, 'Expected an integer of at least 0'],
  ['a work model that is none', [...small, '--work', 'mpi'], 2, 'spark, gang'],
  ['a share above 1', [...small, '--serial-fraction', '2'], 2, 'a number from 0 to 1'],
  ['an infinite load', [...small, '--load', 'Infinity'], 2, 'a number above 0'],
  ['an unknown profile', ['generate', 'XXL'], 2, 'Unknown profile "XXL"; expected one of S, M'],
  ['an unknown format', [...small, '--format', 'xml'], 1, 'Unknown trace format "xml"'],
  ['an unknown preset', [...small, '--policy', 'best'], 1, 'presets: kube-default'],
  ['a trace that is not there', ['replay', 'none.csv', '--nodes', 'preset:S'], 1, 'none.csv'],
  ['a part of a trace without jobs', [...small, '--from-hours', '9e9'], 2, 'contains no jobs'],
  ['a place that cannot be written', [...small, '--json', '/none/a.json'], 1, '/none/a.json'],
  ['nothing to serve', ['serve'], 2, '--nodes'],
  ['two clusters to serve', ['serve', '--demo', '--pods', 'a.json'], 2, '--demo'],
  ['a port that is none', ['serve', '--demo', '--port', '99999'], 2, '--port: "99999"'],
  ['an error of no estimates', [...small, '--forecasts', 'oracle', '--forecast-error', '1'], 2, '--forecasts oracle'],
])('%s ends with a clear line and a code', async (_, args, code, part) => {
  const ended = await muster(...args);
  expect(ended.err).toContain(part);
  expect(ended.err).not.toMatch(/^\s+at /m);
  expect(ended).toMatchObject({ code, out: '' });
});

test('docs/replay.md names every option of the commands that replay', async () => {
  const doc = readFileSync('docs/replay.md', 'utf8');
  for (const command of ['replay', 'sweep', 'size', 'merge', 'why']) {
    const { out } = await muster(command, '--help');
    const options = [...out.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, name = '']) => name);
    expect(options.length).toBeGreaterThan(1);
    for (const name of options) if (name !== '--help') expect(doc, `${command} ${name}`).toContain(`\`${name}`);
  }
});

test('--verbose says where an error comes from', async () => {
  expect((await muster('generate', 'XXL', '--verbose')).err).toMatch(/^\s+at /m);
});

test.each(['--version', '-V'])('%s prints the version of package.json', async (flag) => {
  expect(await muster(flag)).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('the bundle has the parts of the client library that are used, not all of it', () => {
  // Every command reads the bundle before it does anything; all of the library is 5 MB.
  const bundle = readFileSync(join(folder, 'cli.js'), 'utf8');
  expect(bundle).toContain('new PortForward(');
  expect(bundle).not.toContain('StorageV1ApiRequestFactory');
});

test('serve --demo answers on a busy cluster, and ends when told to', async () => {
  const started = start(['serve', '--demo', '--port', '0']);
  const [, url] = await written(started, /"url":"(http:\/\/127\.0\.0\.1:\d+)"/);
  expect(await (await fetch(`${url}/readyz`)).text()).toBe('ok\n');
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^muster_nodes 72$/m);
  started.child.kill('SIGTERM');
  const { code, out } = await started.ended;
  expect(code).toBe(0);
  expect(logged(out)).toContainEqual(expect.objectContaining({ msg: 'muster serves', version }));
  expect(logged(out)).not.toContainEqual(expect.objectContaining({ level: 50 }));
});

test('serve --live tells its version before it has read the cluster', async () => {
  const clusters = [{ name: 'gone', cluster: { server: 'http://127.0.0.1:1' } }];
  const contexts = [{ name: 'gone', context: { cluster: 'gone', user: 'nobody' } }];
  const users = [{ name: 'nobody', user: {} }];
  const config = { apiVersion: 'v1', kind: 'Config', 'current-context': 'gone', clusters, contexts, users };
  writeFileSync(path('kubeconfig'), JSON.stringify(config));
  const started = start(['serve', '--live', '--kubeconfig', path('kubeconfig'), '--port', '0']);
  const [line] = await written(started, /^.*muster listens.*\n/m);
  started.child.kill('SIGKILL');
  expect(JSON.parse(line)).toMatchObject({ version, apiServer: 'http://127.0.0.1:1' });
});

test('a port that is taken is an error for serve', async () => {
  const taken = await listening();
  const { code, err } = await muster('serve', '--demo', '--port', String(taken.port));
  taken.close();
  expect(code).not.toBe(0);
  expect(err).toContain(`Cannot listen on 127.0.0.1:${taken.port}`);
  expect(err).toContain('Is a muster running already? Stop it, or choose another port.');
});

test('the demo compares policies on a real trace, then serves, on a free port where the usual is taken', async () => {
  const taken = await listening();
  const env = { MUSTER_PORT: String(taken.port), MUSTER_LOG_LEVEL: 'silent' };
  const started = start(['demo', '--report', path('demo.html')], env);
  const [, url] = await written(started, /(http:\S+)\/ +the console/);
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
  started.child.kill('SIGTERM');
  expect((await started.ended).code).toBe(0);
  taken.close();
  const { out } = started.text;
  expect(/^(unfinished: )?deadlocked[^\n]*/m.exec(out)?.[0]).toMatch(/ 0 +\d+ ! +0 +0$/);
  expect(out).toMatch(/^0 in all: [^]*overcommits/m);
  const asSpark = /as Spark applications[^]*$/.exec(out)?.[0] ?? '';
  expect(asSpark).toMatch(/kube-default: jobs done \d+ of 400, deadlocked \d+( !)?, wait mean .*, completion mean \S+/);
  expect(asSpark).toMatch(/muster: jobs done 400 of 400, deadlocked 0, /);
  expect(readFileSync(path('demo.html'), 'utf8')).toContain('fifo-gang');
});

/** A port that somebody else has. */
async function listening(): Promise<{ port: number; close: () => void }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => void server.close() };
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import type { JobRecord } from '../../../src/replay/job-record.ts';
import type { ReplayResult } from '../../../src/replay/result.ts';
import { builtCli } from '../../support/cli.ts';

const ITP = 'bench/traces/msft-itp/cluster03.csv.gz';
const { folder, start, muster } = builtCli();
const path = (name: string) => join(folder, name);
const JOBS = 40;
const TOO_MANY = ['replay', ITP, '--nodes', 'preset:S', '--load', '20', '--max-jobs', String(JOBS), '--speed', '50'];
const two = [...TOO_MANY, '--policy', 'kube-default', '--policy', 'scheduler-config/policies/spark.yaml'];
const recordsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JobRecord);

let records: readonly JobRecord[];
beforeAll(async () => {
  const { code, err } = await muster(...two, '--jobs', path('a.ndjson'));
  expect(code, err).toBe(0);
  records = recordsOf(readFileSync(path('a.ndjson'), 'utf8'));
});

test('--jobs has one row per job and policy', () => {
  expect(records).toHaveLength(2 * JOBS);
  expect(new Set(records.map(({ policy, id }) => `${policy} ${id}`)).size).toBe(2 * JOBS);
  expect(new Set(records.map(({ policy }) => policy))).toEqual(new Set(['kube-default', 'spark']));
});

test('CSV, packed, tells why as NDJSON does', async () => {
  expect((await muster(...two, '--jobs', path('a.csv.gz'))).code).toBe(0);
  const lines = gunzipSync(readFileSync(path('a.csv.gz')))
    .toString()
    .trim()
    .split('\n');
  expect(lines).toHaveLength(1 + 2 * JOBS);
  const id = records.find(({ outcome }) => outcome === 'done')?.id ?? '';
  const why = async (file: string) => (await muster('why', id, path(file))).out;
  expect(await why('a.csv.gz')).toBe(await why('a.ndjson'));
  expect(await why('a.ndjson')).toContain(`Job ${id}: `);
});

test.each(['--json', '--jobs', '--report'])(
  '%s - leaves standard output to the program that reads it',
  async (flag) => {
    const { code, out, err } = await muster(...two, flag, '-');
    expect(code).toBe(0);
    if (flag === '--jobs') expect(recordsOf(out)).toHaveLength(2 * JOBS);
    else if (flag === '--report') expect(out).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
    else
      expect((JSON.parse(out) as ReplayResult).policies.map(({ policy }) => policy)).toEqual(['kube-default', 'spark']);
    expect(err).toMatch(/^jobs done /m);
  },
);

test('each policy is summed up when it is done, and --json - is the same as --json', async () => {
  const { out, err } = await muster(...two, '--json', '-');
  const summaries = [...err.matchAll(/^(\S+): (.*) jobs done, mean wait (.*), p95 .* \(took/gm)];
  expect(summaries.map(([, policy]) => policy)).toEqual(['kube-default', 'spark']);
  await muster(...two, '--json', path('b.json'));
  const [piped, written] = [out, readFileSync(path('b.json'), 'utf8')].map((text) => ({
    ...(JSON.parse(text) as ReplayResult),
    latency: 0,
    command: 0,
  }));
  expect(piped).toEqual(written);
});

test('why tells the phases under one policy, and compares several', async () => {
  const waiting = records.find(({ outcome, policy }) => outcome === 'deadlocked' && policy === 'kube-default');
  const id = waiting?.id ?? '';
  const one = await muster('why', id, path('a.ndjson'), '--policy', 'kube-default');
  expect(one.out).toContain('it held room without working');
  expect(one.out).toMatch(/for \S+.* its leader held room, and a worker that it needs was refused: no node fits$/m);
  const both = await muster('why', id, path('a.ndjson'));
  expect(both.out).toMatch(/^outcome +deadlocked +\S+$/m);
  expect(both.code).toBe(0);
});

test('why reads standard input', async () => {
  const { out, code } = await start(['why', 'cluster03-1', '-'], {}, readFileSync(path('a.ndjson'))).ended;
  expect(code).toBe(0);
  expect(out).toContain('Job cluster03-1: ');
});

test('a job that is not there: the nearest', async () => {
  const { code, out } = await muster('why', 'cluster3-17', path('a.ndjson'));
  expect(code).toBe(1);
  expect(out).toMatch(/^There is no job cluster3-17 in .*; the nearest are cluster03-17, /);
});

test('the reader of --jobs - may stop early', async () => {
  const started = start([...two, '--jobs', '-']);
  started.child.stdout?.destroy();
  expect((await started.ended).code).toBe(0);
});

test.each([
  ['another ending', [...two, '--jobs', path('a.txt')], 2, '--jobs: expected a name that ends in .csv or .ndjson'],
  ['two to standard output', [...two, '--jobs', '-', '--json', '-'], 2, 'Only one of --json and --jobs'],
  ['the report and another', [...two, '--report', '-', '--jobs', '-'], 2, 'Only one of --jobs and --report'],
  ['no such folder', [...two, '--jobs', '/none/a.csv'], 1, '/none/a.csv'],
  ['no such grouping', [...two, '--by', 'colour'], 2, 'queue, namespace'],
  ['no such policy', ['why', 'cluster03-1', path('a.ndjson'), '--policy', 'best'], 2, 'kube-default, spark, not best'],
  ['no such file', ['why', 'a', path('none.csv')], 1, 'none.csv'],
])('%s ends with a clear line and a code', async (_, args, code, part) => {
  const ended = await muster(...args);
  expect(ended.err).toContain(part);
  expect(ended).toMatchObject({ code, out: '' });
});

test.each([
  ['a broken line', '{"policy":1', 'broken: job 1: '],
  ['another object', '{"policy":"a"}', 'broken: job 1: id: '],
  ['another table', 'a,b\n1,2\n', 'broken: job 1: policy: '],
  ['a broken second line', (line: string) => `${line}\n{`, 'broken: job 2: '],
])('why refuses %s', async (_, content, part) => {
  writeFileSync(path('broken'), typeof content === 'string' ? content : content(JSON.stringify(records[0])));
  const { code, err } = await muster('why', 'a', path('broken'));
  expect(code).toBe(1);
  expect(err).toContain(part);
  expect(err).toContain('MUSTER_RESULT_INVALID');
});
